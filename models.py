"""Every table of the hotline, and nothing but tables: no Flask, no queries, no rules.

Conventions: times are UTC (`UtcDateTime` refuses naive ones), money is integer cents, phone numbers are E.164
(short codes aside), durations carry their unit in the name, ids of calls are time-ordered so that an index on
them grows at its end.
"""

from __future__ import annotations

import enum
import secrets
import time
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def new_id() -> str:
    """A 32-digit hexadecimal id: 12 digits of milliseconds, then 20 random ones. Sorts by time of making."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware UTC datetime in Python, a naive UTC one in the database (SQLite keeps no zone)."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime,
        dict[str, Any]: sa.JSON,
        list[Any]: sa.JSON,
    }


def _enum(kind: type[enum.StrEnum]) -> sa.Enum:
    """Stored as its value in a VARCHAR, so that a new member needs no database type change."""
    return sa.Enum(kind, native_enum=False, length=24, values_callable=lambda members: [m.value for m in members])


# ------------------------------------------------------------------------------------------ customers


class Customer(Base):
    """Who the utility serves. `language` is what we speak to them first."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    language: Mapped[str] = mapped_column(sa.String(16))
    customer_class: Mapped[str] = mapped_column(sa.String(24), default="residential")  # key, life_support, small, ...
    accounts: Mapped[list[Account]] = relationship(back_populates="customer")
    phones: Mapped[list[CustomerPhone]] = relationship(back_populates="customer")


class CustomerPhone(Base):
    """A number a customer calls from. A household may share one number, so it is not unique."""

    __tablename__ = "customer_phones"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(20), index=True)
    customer: Mapped[Customer] = relationship(back_populates="phones")


class Premise(Base):
    """Where power is delivered."""

    __tablename__ = "premises"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[dict[str, Any]]  # language -> address as it is read out
    service_point: Mapped[str] = mapped_column(sa.String(40), unique=True)
    life_support: Mapped[bool] = mapped_column(default=False, server_default=sa.false())  # somebody there depends on it
    accounts: Mapped[list[Account]] = relationship(back_populates="premise")


class Account(Base):
    """A contract: one customer, one premise, one bill. `balance_cents` is positive when the customer owes."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(20), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    premise_id: Mapped[int] = mapped_column(ForeignKey("premises.id"), index=True)
    balance_cents: Mapped[int] = mapped_column(default=0)
    pin_hash: Mapped[str] = mapped_column(sa.String(200))  # the query password, argon2
    failed_identity_checks: Mapped[int] = mapped_column(default=0)
    identity_locked_until: Mapped[datetime | None]
    cut_off_at: Mapped[datetime | None]  # the supply has been switched off for arrears since then
    customer: Mapped[Customer] = relationship(back_populates="accounts")
    premise: Mapped[Premise] = relationship(back_populates="accounts")
    bills: Mapped[list[Bill]] = relationship(back_populates="account")


class Bill(Base):
    __tablename__ = "bills"
    __table_args__ = (Index(None, "account_id", "issued_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    period: Mapped[date]  # first day of the month billed
    issued_on: Mapped[date]
    due_on: Mapped[date]
    usage_kwh: Mapped[int]
    amount_cents: Mapped[int]
    paid_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship(back_populates="bills")


# ------------------------------------------------------------------------------------------ calls


class FlowRevision(Base):
    """The text of every flow file as published together. A call keeps the revision it began with."""

    __tablename__ = "flow_revisions"

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # sha256 of the files
    files: Mapped[dict[str, Any]]  # path inside callflows/ -> YAML text
    published_at: Mapped[datetime]


class PublicationOrigin(enum.StrEnum):
    FOLDER = "folder"  # the configured folder: it had changed when a process started, or was published by command
    DRAFT = "draft"
    ELSEWHERE = "elsewhere"  # another folder, by command
    ROLLBACK = "rollback"


class FlowPublication(Base):
    """Which revision new calls begin with, from `at` on. Append-only; the newest is current, see `Standing`."""

    __tablename__ = "flow_publications"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[str] = mapped_column(ForeignKey("flow_revisions.id"), index=True)
    origin: Mapped[PublicationOrigin] = mapped_column(_enum(PublicationOrigin), index=True)
    author: Mapped[str] = mapped_column(sa.String(80))  # a username, an operating system's user, or "hotline"
    note: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime]
    revision: Mapped[FlowRevision] = relationship()


class DraftStatus(enum.StrEnum):
    OPEN = "open"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class FlowDraft(Base):
    """Flow files somebody is changing. It may have faults; only what has none is published."""

    __tablename__ = "flow_drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[DraftStatus] = mapped_column(_enum(DraftStatus), default=DraftStatus.OPEN, index=True)
    base_revision_id: Mapped[str | None] = mapped_column(ForeignKey("flow_revisions.id"))  # what it was begun from
    files: Mapped[dict[str, Any]]  # name -> text
    version: Mapped[int] = mapped_column(default=1)  # counts saves: two people who edit at once are told
    author: Mapped[str] = mapped_column(sa.String(80))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(sa.String(80))
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("flow_publications.id"))


class Standing(Base):
    """The one row (id 1) that a turn reads: what is published, and whether storm mode is on."""

    __tablename__ = "standing"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("flow_publications.id"))
    revision_id: Mapped[str | None] = mapped_column(ForeignKey("flow_revisions.id"))  # the publication's, so no join
    storm: Mapped[bool] = mapped_column(default=False)
    storm_change_id: Mapped[int | None] = mapped_column(ForeignKey("storm_changes.id"))


class StormChange(Base):
    """Who switched storm mode on or off, when and why. Append-only."""

    __tablename__ = "storm_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    storm: Mapped[bool]
    actor: Mapped[str] = mapped_column(sa.String(80))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime]


class Channel(enum.StrEnum):
    TEXT = "text"
    TWILIO = "twilio"  # by webhook or by media stream, also by both in turn
    BROWSER = "browser"
    SIP = "sip"


class Direction(enum.StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallStatus(enum.StrEnum):
    """Twilio's words for the life of a call; the last five are final and never left."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @property
    def final(self) -> bool:
        return self not in {CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS}


class Call(Base):
    """One call and where it stands. `turn` counts answers given: 0 once the call has been answered.

    `state` is the session as JSON, `None` until the flow has begun and after it has ended.
    """

    __tablename__ = "calls"
    __table_args__ = (
        Index("uq_calls_channel_provider_id", "channel", "provider_id", unique=True),
        Index(None, "from_number", "started_at"),
        Index(None, "status", "expires_at"),
        Index(None, "waiting_since"),
        Index(None, "gateway", "status"),
    )

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    channel: Mapped[Channel] = mapped_column(_enum(Channel))
    provider_id: Mapped[str | None] = mapped_column(sa.String(64))  # Twilio's CallSid; unique within a channel
    direction: Mapped[Direction] = mapped_column(_enum(Direction))
    from_number: Mapped[str] = mapped_column(sa.String(20))
    to_number: Mapped[str] = mapped_column(sa.String(20))
    language: Mapped[str] = mapped_column(sa.String(16))
    status: Mapped[CallStatus] = mapped_column(_enum(CallStatus))
    flow: Mapped[str] = mapped_column(sa.String(80))
    flow_revision_id: Mapped[str] = mapped_column(ForeignKey("flow_revisions.id"))
    turn: Mapped[int] = mapped_column(default=-1)
    state: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)  # given to the flow when it begins
    started_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # a call nobody ended is ended by the sweep after this
    end_reason: Mapped[str | None] = mapped_column(sa.String(80))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    counted_at: Mapped[datetime | None]  # its turns stand in FlowNodeCount and FlowEdgeCount since then
    gateway: Mapped[str | None] = mapped_column(sa.String(64))  # `Gateway.name` of the process its sound runs through
    # It waits for an agent, or talks with one, since then. Kept while they talk: a caller whose agent is lost comes
    # back to the head of the line, not to its end.
    waiting_since: Mapped[datetime | None]
    # A telephone that an agent has had the carrier put the caller through to, without us; until that talk is over.
    put_through_to: Mapped[str | None] = mapped_column(sa.String(80))
    away_since: Mapped[datetime | None]  # its telephone lost the connection while it waited, and may come back
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", use_alter=True))  # who talks with the caller
    # use_alter: tickets, outbound_calls and calls refer to each other, so one key is added when all three are there
    outbound_call_id: Mapped[int | None] = mapped_column(ForeignKey("outbound_calls.id", use_alter=True), index=True)
    turns: Mapped[list[CallTurn]] = relationship(back_populates="call", order_by="CallTurn.number")
    transcript: Mapped[list[TranscriptLine]] = relationship(order_by="TranscriptLine.at_ms")
    legs: Mapped[list[CallLeg]] = relationship(order_by="CallLeg.id")
    agent: Mapped[User | None] = relationship()
    recordings: Mapped[list[Recording]] = relationship(back_populates="call", order_by="Recording.id")


class CallTurn(Base):
    """What came in and what went out: retries are answered from it, the timeline is read off it.

    Nothing in it is changed; it goes as a whole when its time is over (recordings.keep_days).
    """

    __tablename__ = "call_turns"
    __table_args__ = (Index(None, "at"),)

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[dict[str, Any]]  # ivr.events as JSON
    outputs: Mapped[list[Any]]  # ivr.outputs as JSON, in order; service results stand among them
    at: Mapped[datetime]
    took_us: Mapped[int]
    call: Mapped[Call] = relationship(back_populates="turns")


class RecordingKind(enum.StrEnum):
    MESSAGE = "message"  # what a caller said after the tone
    CALL = "call"  # both sides of the call: the caller on the left channel, everybody else on the right


class RecordingStatus(enum.StrEnum):
    RUNNING = "running"  # the call is still going on
    REMOTE = "remote"  # still at the carrier, a job fetches it
    STORED = "stored"
    LOST = "lost"
    DELETED = "deleted"  # its time was over (recordings.keep_days)


class Recording(Base):
    __tablename__ = "recordings"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), index=True)
    kind: Mapped[RecordingKind] = mapped_column(
        _enum(RecordingKind), default=RecordingKind.MESSAGE, server_default=RecordingKind.MESSAGE.value
    )
    status: Mapped[RecordingStatus] = mapped_column(_enum(RecordingStatus))
    provider_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    remote_url: Mapped[str | None] = mapped_column(sa.String(500))
    path: Mapped[str | None] = mapped_column(sa.String(300))  # inside the home's recordings/ folder
    seconds: Mapped[float] = mapped_column(default=0.0)
    transcript: Mapped[str] = mapped_column(sa.Text, default="")
    pauses: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")  # [from_ms, to_ms] left out as private
    gaps: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")  # [from_ms, to_ms] that were lost
    created_at: Mapped[datetime] = mapped_column(index=True)  # for a call's: when its sound begins
    call: Mapped[Call] = relationship(back_populates="recordings")


class Speaker(enum.StrEnum):
    CALLER = "caller"
    HOTLINE = "hotline"
    AGENT = "agent"
    SUPERVISOR = "supervisor"


class TranscriptLine(Base):
    """What somebody said on a call, in the order it was heard. Private words are not in it: `text` is masked then."""

    __tablename__ = "transcript_lines"
    __table_args__ = (Index(None, "call_id", "at_ms"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"))
    at_ms: Mapped[int]  # since the call was answered
    speaker: Mapped[Speaker] = mapped_column(_enum(Speaker))
    language: Mapped[str] = mapped_column(sa.String(16))
    text: Mapped[str] = mapped_column(sa.Text)
    confidence: Mapped[float | None]
    private: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class LegMode(enum.StrEnum):
    """How somebody of the staff is on a call."""

    TALK = "talk"  # the agent
    LISTEN = "listen"  # a supervisor hears everybody, nobody hears them
    WHISPER = "whisper"  # heard by the agent alone
    BARGE = "barge"  # heard by everybody


class CallLeg(Base):
    """Somebody of the staff on a call, from joining to leaving. Append-only but for its end: also who listened in."""

    __tablename__ = "call_legs"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    mode: Mapped[LegMode] = mapped_column(_enum(LegMode))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(sa.String(80), default="")  # hung up, connection lost, transferred, ...
    user: Mapped[User] = relationship()


# ------------------------------------------------------------------------------------------ what callers do in flows


class FlowNodeCount(Base):
    """What callers did at a node of a flow on a day (of the utility's zone, when their calls began): see
    `ivr.figures.NodeFigures`. Calls are added when they are over, each once."""

    __tablename__ = "flow_node_counts"

    flow: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    revision_id: Mapped[str] = mapped_column(ForeignKey("flow_revisions.id"), primary_key=True)
    node: Mapped[str] = mapped_column(sa.String(160), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    direction: Mapped[Direction] = mapped_column(_enum(Direction), primary_key=True)
    entries: Mapped[int] = mapped_column(default=0)
    inputs: Mapped[int] = mapped_column(default=0)
    no_inputs: Mapped[int] = mapped_column(default=0)
    no_matches: Mapped[int] = mapped_column(default=0)
    helps: Mapped[int] = mapped_column(default=0)
    invalids: Mapped[int] = mapped_column(default=0)
    hang_ups: Mapped[int] = mapped_column(default=0)
    time_ms: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    confidence_sum: Mapped[float] = mapped_column(default=0.0)
    confidence_count: Mapped[int] = mapped_column(default=0)
    last_call_id: Mapped[str] = mapped_column(sa.String(32))  # an example; the call may be gone by now


class FlowEdgeCount(Base):
    """How often calls left a node by one way; `outcome` as `ivr.graph` names it."""

    __tablename__ = "flow_edge_counts"

    flow: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    revision_id: Mapped[str] = mapped_column(ForeignKey("flow_revisions.id"), primary_key=True)
    node: Mapped[str] = mapped_column(sa.String(160), primary_key=True)
    outcome: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    direction: Mapped[Direction] = mapped_column(_enum(Direction), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    last_call_id: Mapped[str] = mapped_column(sa.String(32))


class FlowUnheard(Base):
    """What callers said at a menu that fitted nothing there: a few texts a node and day, digits hidden."""

    __tablename__ = "flow_unheard"

    flow: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(sa.String(160), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    last_call_id: Mapped[str] = mapped_column(sa.String(32))


# ------------------------------------------------------------------------------------------ tickets


class Role(enum.StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class User(Base):
    """Somebody who signs in to the console."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    role: Mapped[Role] = mapped_column(_enum(Role))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    language: Mapped[str] = mapped_column(sa.String(16), default="en")
    theme: Mapped[str] = mapped_column(sa.String(8), default="auto")  # auto, light, dark
    shortcuts: Mapped[bool] = mapped_column(default=True)  # single-key shortcuts of the desk
    active: Mapped[bool] = mapped_column(default=True)
    session_salt: Mapped[str] = mapped_column(sa.String(32), default=new_id)  # a new one signs out everywhere
    sip_address: Mapped[str | None] = mapped_column(sa.String(120))  # of the telephone on the desk: sip:200@pbx.example


class TicketType(enum.StrEnum):
    FAULT = "fault"
    ENQUIRY = "enquiry"
    APPLICATION = "application"  # for a service: a connection, another name, a reconnection
    COMPLAINT = "complaint"
    TIP_OFF = "tip_off"
    SUGGESTION = "suggestion"
    OPINION = "opinion"
    PRAISE = "praise"


class TicketStage(enum.StrEnum):
    """accepted -> claimed -> calling_back -> closed, or reopened from a call-back."""

    OPEN = "open"  # nobody has it (also after "no, it is not fixed")
    CLAIMED = "claimed"
    CALLING_BACK = "calling_back"  # result written, the caller is being told and asked
    CLOSED = "closed"


class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_queue", "stage", "danger", "priority", "queued_at"),
        Index(None, "callback_number", "type", "stage"),
        Index(None, "assignee_id", "stage"),
        Index(None, "account_id", "type", "stage"),
        Index(None, "closed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[TicketType] = mapped_column(_enum(TicketType))
    stage: Mapped[TicketStage] = mapped_column(_enum(TicketStage), default=TicketStage.OPEN)
    danger: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=0)  # higher is sooner
    subject: Mapped[str] = mapped_column(sa.String(200))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what the flow learnt, name -> value
    language: Mapped[str] = mapped_column(sa.String(16))
    callback_number: Mapped[str] = mapped_column(sa.String(20))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    call_id: Mapped[str | None] = mapped_column(ForeignKey("calls.id"), index=True)
    dedupe_key: Mapped[str] = mapped_column(sa.String(120), unique=True)  # one ticket for one wish of one call
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    claimed_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(sa.Text, default="")  # what the caller is told, in their language
    reopened: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime]  # when it last came to wait for an agent
    closed_at: Mapped[datetime | None]
    events: Mapped[list[TicketEvent]] = relationship(back_populates="ticket", order_by="TicketEvent.id")
    customer: Mapped[Customer | None] = relationship()
    account: Mapped[Account | None] = relationship()
    call: Mapped[Call | None] = relationship()
    assignee: Mapped[User | None] = relationship()


class TicketEvent(Base):
    """The history of a ticket, append-only. Its highest id is the sequence number of live updates."""

    __tablename__ = "ticket_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    kind: Mapped[str] = mapped_column(
        sa.String(24)
    )  # opened, claimed, released, noted, result, called_back, reopened, ...
    actor: Mapped[str] = mapped_column(sa.String(80))  # a username, "caller" or "hotline"
    text: Mapped[str] = mapped_column(sa.Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    ticket: Mapped[Ticket] = relationship(back_populates="events")


class Draft(Base):
    """What an agent has begun to write on a ticket and not yet sent; it survives a reload and another computer."""

    __tablename__ = "drafts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    field: Mapped[str] = mapped_column(sa.String(16), primary_key=True)  # note, result
    text: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]


# ------------------------------------------------------------------------------------------ call-backs


class OutboundStatus(enum.StrEnum):
    WAITING = "waiting"  # for `not_before`
    CALLING = "calling"  # an attempt is under way, until `lease_until`
    DONE = "done"  # somebody answered and the flow ran to its end
    GIVEN_UP = "given_up"
    CANCELED = "canceled"


class OutboundCall(Base):
    """A wish to reach somebody: a purpose, a number, a flow. Each try is an `OutboundAttempt`."""

    __tablename__ = "outbound_calls"
    __table_args__ = (Index(None, "status", "not_before"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.String(24))  # closure, restoration
    flow: Mapped[str] = mapped_column(sa.String(80))
    to_number: Mapped[str] = mapped_column(sa.String(20), index=True)
    language: Mapped[str] = mapped_column(sa.String(16))
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    dedupe_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    status: Mapped[OutboundStatus] = mapped_column(_enum(OutboundStatus), default=OutboundStatus.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    tries: Mapped[list[OutboundAttempt]] = relationship(
        back_populates="outbound_call", order_by="OutboundAttempt.number"
    )
    ticket: Mapped[Ticket | None] = relationship()


class OutboundAttempt(Base):
    """One try to reach somebody. `call_id` is made before anything rings, so that a lost process cannot ring twice."""

    __tablename__ = "outbound_attempts"
    __table_args__ = (
        Index("uq_outbound_attempts_number", "outbound_call_id", "number", unique=True),
        Index("ix_outbound_attempts_ringing", "channel", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    outbound_call_id: Mapped[int] = mapped_column(ForeignKey("outbound_calls.id"))
    number: Mapped[int]
    channel: Mapped[Channel] = mapped_column(_enum(Channel))
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), unique=True)
    status: Mapped[CallStatus] = mapped_column(_enum(CallStatus), default=CallStatus.QUEUED)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outbound_call: Mapped[OutboundCall] = relationship(back_populates="tries")
    call: Mapped[Call] = relationship()


class BrowserPhone(Base):
    """A browser phone that is open and can be rung. Kept alive by its gateway; gone when `expires_at` is past."""

    __tablename__ = "browser_phones"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(sa.String(20), index=True)
    gateway: Mapped[str] = mapped_column(sa.String(64), index=True)
    expires_at: Mapped[datetime]


class Gateway(Base):
    """A running media process: where others reach it, kept alive by itself, gone when `expires_at` is past."""

    __tablename__ = "gateways"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))  # media, sip
    url: Mapped[str] = mapped_column(sa.String(200))  # ws://host:port, for the other processes of the hotline
    dials: Mapped[bool] = mapped_column(default=False)  # it can ring telephones: a SIP trunk is configured and up
    expires_at: Mapped[datetime]


class LineState(enum.StrEnum):
    READY = "ready"  # can be given a call
    TALKING = "talking"
    AWAY = "away"


class AgentLine(Base):
    """An agent at work whose sound is joined to the hotline: a page in the browser, or a SIP phone. Kept alive by the
    media process that holds it; gone when `expires_at` is past."""

    __tablename__ = "agent_lines"

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    gateway: Mapped[str] = mapped_column(sa.String(64), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))  # browser, sip
    state: Mapped[LineState] = mapped_column(_enum(LineState), default=LineState.READY)
    call_id: Mapped[str | None] = mapped_column(ForeignKey("calls.id"))
    since: Mapped[datetime]  # in this state
    expires_at: Mapped[datetime]
    user: Mapped[User] = relationship()


# ------------------------------------------------------------------------------------------ who saw what


class AuditEvent(Base):
    """Somebody of the staff saw or changed something that is not everybody's. Append-only."""

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "subject", "subject_id"), Index(None, "user_id", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(sa.String(40))  # recording.played, call.listened, ...
    subject: Mapped[str] = mapped_column(sa.String(24))  # recording, call, ...
    subject_id: Mapped[str] = mapped_column(sa.String(40))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


# ------------------------------------------------------------------------------------------ jobs


class JobStatus(enum.StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """Work that follows a commit, written in that same commit. Redis only says "now"; this row is the truth."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_due", "status", "run_at"), Index(None, "status", "lease_until"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)  # the same wish twice is one job
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[JobStatus] = mapped_column(_enum(JobStatus), default=JobStatus.WAITING)
    run_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Installation(Base):
    """Facts about this installation: when it was made, whether demo data was loaded, when a process last beat."""

    __tablename__ = "installation"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(400))
    at: Mapped[datetime]


# ----------------------------------------------------------------------------- outages as callers hear of them


class OutageKind(enum.StrEnum):
    FAULT = "fault"
    PLANNED = "planned"


class Outage(Base):
    """A power cut that is known, before it begins or while it lasts, as it is announced to who is affected.

    It runs from `starts_at` until `ended_at`; nobody knows how long while both ends are None.
    """

    __tablename__ = "outages"
    __table_args__ = (Index(None, "ended_at", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[OutageKind] = mapped_column(_enum(OutageKind))
    area: Mapped[dict[str, Any]]  # language -> the place as it is read out
    cause: Mapped[dict[str, Any]]  # language -> the cause as it is read out; empty while it is not known
    starts_at: Mapped[datetime]
    expected_end_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    premises: Mapped[list[Premise]] = relationship(secondary="outage_premises")


class OutagePremise(Base):
    """A premise that an outage leaves without power."""

    __tablename__ = "outage_premises"

    outage_id: Mapped[int] = mapped_column(ForeignKey("outages.id"), primary_key=True)
    premise_id: Mapped[int] = mapped_column(ForeignKey("premises.id"), primary_key=True, index=True)


class SurveyAnswer(Base):
    """How content a caller was when their ticket was closed: one answer a call."""

    __tablename__ = "survey_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), unique=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    satisfaction: Mapped[int]  # 1 content, 2 partly, 3 not
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    recording_id: Mapped[str | None] = mapped_column(sa.String(32))
    at: Mapped[datetime] = mapped_column(index=True)
