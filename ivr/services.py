"""Services: the only way from a flow to the rest of the house.

A service is a function with typed inputs, named outcomes and typed outputs. `app` registers those of the domain
packages; the loader checks flows against the signatures, the runner calls the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import inf
from typing import Any

from sqlalchemy.orm import Session

from ivr.values import ValueType
from models import Call


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """What a service may use: the turn's own transaction (never commit it), the call's row, the time.

    `now` is UTC, `today` the date in the utility's zone. `deadline`, on `time.monotonic()`, is when the caller has
    waited long enough: who waits for something else gives up then. The turn's own statements are interrupted anyway.
    """

    session: Session
    call: Call
    now: datetime
    today: date
    language: str
    deadline: float = inf


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    outputs: Mapping[str, Any] = field(default_factory=dict)


ServiceFunction = Callable[[ServiceContext, Mapping[str, Any]], Outcome]


@dataclass(frozen=True, slots=True)
class Service:
    """`inputs` and `outputs`: name -> type. An input in `optional` may be left out. `private` names inputs and
    outputs whose values are kept out of timelines and logs. `changes`: it writes, so that a caller cannot go back over
    it. Besides its `outcomes` a service ends as `error` when it raises and as `late` when its time is up."""

    name: str
    run: ServiceFunction
    outcomes: frozenset[str]
    inputs: Mapping[str, ValueType] = field(default_factory=dict)
    outputs: Mapping[str, ValueType] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    private: frozenset[str] = frozenset()
    about: str = ""
    changes: bool = False


class ServiceRegistry:
    def __init__(self, services: list[Service]) -> None:
        self._services: dict[str, Service] = {}
        for service in services:
            if service.name in self._services:
                raise ValueError(f"two services are named {service.name!r}")
            self._services[service.name] = service

    def __contains__(self, name: str) -> bool:
        return name in self._services

    def __getitem__(self, name: str) -> Service:
        return self._services[name]

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services.values())


__all__ = ["Outcome", "Service", "ServiceContext", "ServiceFunction", "ServiceRegistry", "ValueType"]
