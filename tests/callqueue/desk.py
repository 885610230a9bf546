"""Everything a test of tickets and call-backs needs to act as caller, agent, carrier and clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from callqueue import jobs, outbound, tickets
from callqueue.context import JobContext
from callqueue.services import build_services
from database import Database
from ivr.channels.dialing import DialRequest, DialResult
from ivr.services import Outcome, ServiceContext, ServiceRegistry
from models import (
    Account,
    BrowserPhone,
    Call,
    CallStatus,
    Channel,
    Customer,
    CustomerPhone,
    Direction,
    FlowRevision,
    Job,
    OutboundAttempt,
    OutboundCall,
    Premise,
    Role,
    Ticket,
    TicketEvent,
    User,
    new_id,
)
from settings import Settings

EMMA, ANN = "+8613800571001", "+8613800571002"
ACCOUNT = "1000571014"  # Emma's
ADDRESS = "18 People's Road, Chengguan Town"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # in the utility's zone


@dataclass
class FakeDialer:
    """A telephone network that remembers. `answers` are given in turn, then every call is taken."""

    answers: list[DialResult] = field(default_factory=list)
    rung: list[DialRequest] = field(default_factory=list)
    begun: dict[str, str] = field(default_factory=dict)  # the network's id -> number
    asked: int = 0

    def dial(self, request: DialRequest) -> DialResult:
        if self.answers:
            return self.answers.pop(0)
        return DialResult(provider_id=self.ring(request))

    def ring(self, request: DialRequest) -> str:
        self.rung.append(request)
        provider_id = f"CA{len(self.begun):032x}"
        self.begun[provider_id] = request.to_number
        return provider_id

    def find(self, to_number: str, since: datetime, call_id: str, known: Collection[str] = ()) -> str | None:
        self.asked += 1
        return next((id_ for id_, number in self.begun.items() if number == to_number and id_ not in known), None)


@dataclass
class Desk:
    """Everything a test needs to act as caller, agent, carrier and clock. `settings` may be replaced."""

    database: Database
    settings: Settings
    now: datetime = NOON
    dialer: FakeDialer = field(default_factory=FakeDialer)

    @property
    def context(self) -> JobContext:
        return JobContext(self.database, self.settings, lambda: "r1", None, self.dialer, None, lambda: self.now)

    def set(self, section: str, **values: Any) -> None:
        changed = getattr(self.settings, section).model_copy(update=values)
        self.settings = self.settings.model_copy(update={section: changed})

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    # --- callers

    def call(self, number: str = EMMA, *, status: CallStatus = CallStatus.IN_PROGRESS, **values: Any) -> str:
        """An inbound call that is up; its id."""
        with self.database.transaction() as session:
            call = Call(
                channel=Channel.TEXT, direction=Direction.INBOUND, from_number=number, to_number="95598", language="en",
                status=status, flow="main", flow_revision_id="r1", variables={}, started_at=self.now, **values,
            )  # fmt: skip
            session.add(call)
            session.flush()
            return call.id

    def ask(self, call_id: str, name: str, /, language: str = "en", **inputs: Any) -> Outcome:
        """Runs a service on that call as the runner would: checked against its signature, in one transaction."""
        service = ServiceRegistry(build_services(self.settings))[name]
        assert set(service.inputs) - service.optional <= set(inputs) <= set(service.inputs)
        zone = ZoneInfo(self.settings.utility.time_zone)
        with self.database.transaction() as session:
            call = session.get_one(Call, call_id)
            today = self.now.astimezone(zone).date()
            outcome = service.run(ServiceContext(session, call, self.now, today, language), inputs)
        assert outcome.name in service.outcomes
        assert set(outcome.outputs) <= set(service.outputs)
        return outcome

    def report(self, number: str = EMMA, **inputs: Any) -> int:
        """A fault reported on a call of its own; the ticket's number."""
        call_id = self.call(number)
        wish = {"type": "fault", "subject": "No power", **inputs}
        outcome = self.ask(call_id, "tickets.open", **wish)
        self.hang_up(call_id)
        return int(outcome.outputs["ticket_number"])

    def hang_up(self, call_id: str, status: CallStatus = CallStatus.COMPLETED, reason: str = "caller") -> bool:
        """Ends a call's row as the runner does: once, with the hook in the same transaction."""
        with self.database.transaction() as session:
            call = session.get_one(Call, call_id)
            if call.status.final:
                return False
            call.status, call.ended_at, call.end_reason, call.expires_at = status, self.now, reason, None
            session.flush()
            outbound.OnCallEnded(self.settings)(session, call, self.now)
        return True

    def ended(self, call_id: str, status: CallStatus, reason: str) -> bool:
        return self.hang_up(call_id, status, reason)

    def pick_up(self, call_id: str) -> str:
        with self.database.transaction() as session:
            call = session.get_one(Call, call_id)
            assert call.status in {CallStatus.QUEUED, CallStatus.RINGING}
            call.status, call.answered_at = CallStatus.IN_PROGRESS, self.now
            call.expires_at = self.now + timedelta(minutes=self.settings.callflows.max_call_minutes)
        return call_id

    def phone(self, number: str = EMMA, minutes: float = 600) -> None:
        """Opens a browser phone."""
        with self.database.transaction() as session:
            session.add(BrowserPhone(number=number, gateway="g1", expires_at=self.now + timedelta(minutes=minutes)))

    # --- agents

    def user(self, username: str) -> User:
        with self.database.reading() as session:
            return session.scalars(sa.select(User).where(User.username == username)).one()

    def claim(self, ticket_id: int, username: str = "mei") -> Ticket:
        with self.database.transaction() as session:
            return tickets.claim(session, ticket_id, self.user(username), self.now)

    def close(self, ticket_id: int, text: str = "The fuse was replaced.", username: str = "mei") -> Ticket:
        with self.database.transaction() as session:
            return tickets.close(session, ticket_id, self.user(username), text, self.now)

    def closed_fault(self, number: str = EMMA, **inputs: Any) -> int:
        """A fault with its result written, so that the caller is to be called back."""
        ticket_id = self.report(number, **inputs)
        self.claim(ticket_id)
        self.close(ticket_id)
        return ticket_id

    # --- what the rows say

    def ticket(self, ticket_id: int) -> Ticket:
        with self.database.reading() as session:
            return session.get_one(Ticket, ticket_id)

    def history(self, ticket_id: int) -> list[str]:
        return [event.kind for event in self.events(ticket_id)]

    def events(self, ticket_id: int) -> list[TicketEvent]:
        with self.database.reading() as session:
            wanted = sa.select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.id)
            return list(session.scalars(wanted))

    def callback(self, ticket_id: int) -> OutboundCall:
        """The newest call-back of a ticket."""
        with self.database.reading() as session:
            wanted = sa.select(OutboundCall).where(OutboundCall.ticket_id == ticket_id).order_by(OutboundCall.id.desc())
            return session.scalars(wanted.limit(1)).one()

    def attempts(self, ticket_id: int) -> list[OutboundAttempt]:
        with self.database.reading() as session:
            wanted = sa.select(OutboundAttempt).join(OutboundCall).where(OutboundCall.ticket_id == ticket_id)
            return list(session.scalars(wanted.order_by(OutboundAttempt.id)))

    def ringing(self, ticket_id: int) -> str:
        """The id of the call that the newest attempt made."""
        return self.attempts(ticket_id)[-1].call_id

    def row(self, table: type[Any], id_: Any) -> Any:
        with self.database.reading() as session:
            return session.get_one(table, id_)

    def jobs(self) -> list[Job]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(Job).order_by(Job.id)))

    def work(self) -> int:
        """Runs every job that is due."""
        return jobs.run_due(self.context)

    def sweep(self) -> jobs.SweepReport:
        return jobs.run_sweep(self.context, runner_ended=self.ended)


def furnish(database: Database, settings: Settings) -> Desk:
    with database.transaction() as session:
        session.add(FlowRevision(id="r1", files={}, published_at=NOON))
        for username, name, role in (
            ("mei", "Mei Chen", Role.AGENT),
            ("tom", "Tom Baker", Role.AGENT),
            ("sun", "Li Sun", Role.SUPERVISOR),
        ):
            session.add(User(username=username, name=name, role=role, password_hash="-", session_salt=new_id()))
        emma = Customer(name="Emma Clarke", language="en", phones=[CustomerPhone(number=EMMA)])
        address = {"en": ADDRESS, "zh-CN": "城关镇人民路18号"}
        premise = Premise(address=address, service_point="SP-1")
        session.add(Account(number=ACCOUNT, customer=emma, premise=premise, pin_hash="-"))
    return Desk(database, settings)
