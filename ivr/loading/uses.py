"""Names a flow uses and where, to be checked when everything that can be named is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.expressions import Expression
from ivr.flow import AccountCheck, Escalation, Option
from ivr.prompts import Template
from ivr.values import Signature, ValueType
from ivr.yaml_source import Place


@dataclass(slots=True)
class Uses:
    prompts: list[tuple[str, Place]] = field(default_factory=list)
    nodes: list[tuple[str, Place]] = field(default_factory=list)
    variables: list[tuple[frozenset[str], Place]] = field(default_factory=list)
    written: list[tuple[str, ValueType | None, Place]] = field(default_factory=list)
    calendars: list[tuple[frozenset[str], Place]] = field(default_factory=list)
    intents: list[tuple[str, Place]] = field(default_factory=list)
    flow_calls: list[tuple[str, dict[str, Place], dict[str, tuple[str, Place]], Place]] = field(default_factory=list)

    def reads(self, read: Expression | Template, place: Place) -> None:
        self.variables.append((read.names, place))
        if read.calendars:
            self.calendars.append((read.calendars, place))


_NOWHERE = Escalation((), 3)
_ANY_ACCOUNT = AccountCheck()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node is read against: the hotline's languages and services, and the defaults of the shared file."""

    languages: tuple[str, ...]
    services: Mapping[str, Signature]
    no_input: Escalation = _NOWHERE
    no_match: Escalation = _NOWHERE
    help: Escalation = _NOWHERE
    invalid: Escalation = _NOWHERE
    first_input_s: float = 5.0
    inter_digit_s: float = 3.0
    account_check: AccountCheck = _ANY_ACCOUNT
    first: tuple[Option, ...] = ()  # globals that beat everything
    confirms_values: bool = False  # whether there is a prompt to ask back with
    confirms_options: bool = False
