"""Types of the values that flows hold."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Protocol


class ValueType(enum.StrEnum):
    """Types of flow variables. JSON forms: text, digits and phone are str; date is ISO; money is integer cents."""

    TEXT = "text"
    DIGITS = "digits"
    PHONE = "phone"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    YES_NO = "yes_no"


EMPTY: Mapping[ValueType, Any] = {
    ValueType.TEXT: "",
    ValueType.DIGITS: "",
    ValueType.PHONE: "",
    ValueType.NUMBER: 0,
    ValueType.MONEY: 0,
    ValueType.DATE: "",
    ValueType.YES_NO: False,
}


class Signature(Protocol):
    """What the loader must know of a service to check a flow against it; `services.Service` is one."""

    @property
    def outcomes(self) -> frozenset[str]: ...
    @property
    def inputs(self) -> Mapping[str, ValueType]: ...
    @property
    def outputs(self) -> Mapping[str, ValueType]: ...
    @property
    def optional(self) -> frozenset[str]: ...
    @property
    def private(self) -> frozenset[str]: ...


def coerce(type_: ValueType, value: Any) -> Any:
    """A literal in a flow file is text; this makes of it what `type_` holds. Raises ValueError where it cannot."""
    if type_ in (ValueType.NUMBER, ValueType.MONEY):
        return int(value) if isinstance(value, str) else value
    if type_ is ValueType.YES_NO:
        if isinstance(value, str):
            if value not in ("true", "false", ""):
                raise ValueError(f"'{value}' is not true or false")
            return value == "true"
        return bool(value)
    return value if isinstance(value, str) else str(value)
