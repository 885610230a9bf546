"""Services run within a turn, each within its time.

A service may take as long as its node says, and all of a turn together as long as `callflows.turn_services_s`. One that
is later ends as `late`: what it did is rolled back, and a query it waits for is interrupted. SQLite is interrupted
while it reads (to interrupt a write would undo the whole turn, and a write does not wait, as the turn holds the only
lock); PostgreSQL has a timeout for every statement. After the deadline no further statement of the service is begun.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from database import Database, Unit
from ivr.deadlines import Alarms
from ivr.events import ServiceResult
from ivr.outputs import CallService, ServiceCalled
from ivr.routing import MASK
from ivr.services import ServiceContext, ServiceRegistry
from ivr.values import coerce
from models import Call

log = structlog.get_logger("turn")
_ALARMS = Alarms()
_CLOCK = "hotline_service_clock"
_OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK")
_READS = ("SELECT", "WITH")


class ServiceLate(Exception):
    """The service's time is up: it may not begin another statement."""


class _Clock:
    """The time of the service that runs on a connection."""

    __slots__ = ("deadline", "reading")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.reading = False  # only then may SQLite be interrupted

    @property
    def late(self) -> bool:
        return time.monotonic() >= self.deadline


class Serving:
    def __init__(self, database: Database, services: ServiceRegistry) -> None:
        self._services = services
        self._sqlite = database.is_sqlite
        if not sa.event.contains(database.engine, "before_cursor_execute", _before_statement):
            sa.event.listen(database.engine, "before_cursor_execute", _before_statement)

    def run(
        self, db: Unit, call_id: str, wanted: CallService, now: datetime, today: date, language: str, turn_ends: float
    ) -> tuple[ServiceResult, ServiceCalled]:
        """`turn_ends` (of `time.monotonic()`): when the time of all services of this turn is up.

        A service that raises, or is late, costs its own effects only, and its flow is told `error` or `late`.
        """
        service = self._services[wanted.service]
        began = time.monotonic()
        deadline = min(turn_ends, began + wanted.budget_s)
        outcome, results = "late", {}
        if began < deadline:
            try:
                inputs = {name: coerce(service.inputs[name], value) for name, value in wanted.inputs.items()}
                rows = db.session
                call = rows.get_one(Call, call_id)
                with self._in_time(rows, deadline) as clock, rows.begin_nested():
                    answer = service.run(ServiceContext(rows, call, now, today, language, deadline), inputs)
                    rows.flush()
                    if clock.late:
                        raise ServiceLate
                outcome, results = answer.name, dict(answer.outputs)
            except Exception as error:
                if time.monotonic() < deadline:
                    outcome = "error"
                    log.exception("service failed", service=service.name, call=call_id)
                elif not isinstance(error, ServiceLate | sa.exc.DBAPIError):
                    log.exception("service failed late", service=service.name, call=call_id)
        took_s = time.monotonic() - began
        if outcome == "late":
            log.warning(
                "service late", service=service.name, call=call_id, took_s=round(took_s, 3), budget_s=wanted.budget_s
            )
        called = ServiceCalled(
            service.name, outcome, _masked(wanted.inputs, service.private), _masked(results, service.private),
            round(took_s * 1e6),
        )  # fmt: skip
        return ServiceResult(service.name, outcome, results), called

    @contextmanager
    def _in_time(self, rows: Session, deadline: float) -> Iterator[_Clock]:
        connection = rows.connection()
        clock = connection.info[_CLOCK] = _Clock(deadline)
        try:
            with self._interrupted(connection, clock):
                yield clock
        finally:
            del connection.info[_CLOCK]

    def _interrupted(self, connection: sa.Connection, clock: _Clock) -> AbstractContextManager[None]:
        if self._sqlite:
            driver = cast(sqlite3.Connection, connection.connection.driver_connection)
            return _ALARMS.at(clock.deadline, _striking(driver, clock))
        if connection.dialect.name == "postgresql":
            return _statement_timeout(connection, clock)
        return nullcontext()


def _striking(driver: sqlite3.Connection, clock: _Clock) -> Callable[[], None]:
    def strike() -> None:
        if clock.reading:
            driver.interrupt()

    return strike


@contextmanager
def _statement_timeout(connection: sa.Connection, clock: _Clock) -> Iterator[None]:
    left_ms = max(1, math.ceil((clock.deadline - time.monotonic()) * 1000))
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {left_ms}")
    yield
    connection.exec_driver_sql("SET LOCAL statement_timeout = DEFAULT")


def _before_statement(
    connection: sa.Connection, _cursor: object, statement: str, _parameters: object, _context: object, _many: bool
) -> None:
    """Of every statement that SQLAlchemy runs; only those of a service have a clock."""
    clock: _Clock | None = connection.info.get(_CLOCK)
    if clock is None or statement.startswith((*_OF_TRANSACTIONS, "SET LOCAL")):
        return
    if clock.late:
        raise ServiceLate
    clock.reading = statement.lstrip()[:6].upper().startswith(_READS) and " RETURNING " not in statement


def _masked(values: Mapping[str, Any], private: frozenset[str]) -> dict[str, Any]:
    return {name: MASK if name in private else value for name, value in values.items()}
