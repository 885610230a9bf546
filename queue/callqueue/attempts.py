"""The rows of reaching somebody: when to try, the attempt as it begins, what its end means. Nothing here rings.

An outbound call waits (WAITING, until `not_before`) or is being tried (CALLING, until `lease_until`). Beginning an
attempt commits the attempt and its call before anything rings. Locks are taken in the order call, outbound call,
ticket, so that a hang-up and a job never wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

import outbox
from callqueue.calling_hours import next_allowed
from callqueue.compare_and_set import changed
from callqueue.locks import take_turns
from database import locked
from models import (
    BrowserPhone,
    Call,
    CallStatus,
    Channel,
    Direction,
    Gateway,
    Job,
    OutboundAttempt,
    OutboundCall,
    OutboundStatus,
)
from settings import Settings

DIAL_JOB: Final = "outbound.dial"
DIALLING_FOR: Final = timedelta(seconds=75)  # longer than a dialer takes to answer or to fail
NO_WORD_FOR: Final = timedelta(seconds=60)  # after it has rung out, for the carrier's last word to come
UNBEGUN_FOR: Final = timedelta(minutes=15)  # how long a carrier that is away is asked to begin the same attempt
LINE_BUSY_FOR: Final = timedelta(seconds=20)  # until we look again whether the customer's line is free
TRUNK_BUSY_FOR: Final = timedelta(seconds=5)  # until we look again whether the SIP trunk has caught up
TRUNK_AHEAD_S: Final = 20  # seconds' worth of calls that may wait for the SIP trunk: each is rung within its lease
NOBODY: Final = "no browser phone is open at this number, and no carrier is set up"


@dataclass(frozen=True, slots=True)
class Ring:
    """An attempt whose rows are written. `channel` None: there is no way to ring the number. `fresh` False: somebody
    may have dialled it before and died."""

    outbound_call_id: int
    channel: Channel | None
    call_id: str
    to_number: str
    started_at: datetime
    fresh: bool


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing to ring now; look again at `at`."""

    at: datetime


def job_key(outbound_call_id: int, attempt_number: int) -> str:
    return f"{DIAL_JOB}/{outbound_call_id}/{attempt_number}"


def schedule(session: Session, outbound: OutboundCall, now: datetime) -> Job:
    """The job that makes the next attempt when it is time. One per attempt, however often it is scheduled."""
    return outbox.add_job(
        session,
        DIAL_JOB,
        key=job_key(outbound.id, outbound.attempts + 1),
        now=now,
        run_at=max(outbound.not_before, now),
        outbound_call_id=outbound.id,
    )


def may_ring_from(session: Session, settings: Settings, number: str, moment: datetime, now: datetime) -> datetime:
    """`moment`, or the end of the quiet hours it falls in. Those are for telephones that wake people: whoever has a
    browser phone open is there to hear it."""
    if _browser_phone_open(session, number, now):
        return moment
    return next_allowed(moment, settings.callbacks.quiet_hours, ZoneInfo(settings.utility.time_zone))


def begin(
    session: Session, settings: Settings, outbound: OutboundCall, now: datetime, revision: str, *, carrier: bool
) -> Ring | Later:
    """Writes down the next attempt of a WAITING `outbound` (row locked, wanted), or says when to look again.

    `revision`: of the flows that the call will run. `carrier`: whether a telephone network can be asked to dial.
    """
    outbound.not_before = may_ring_from(session, settings, outbound.to_number, max(outbound.not_before, now), now)
    if outbound.not_before > now:
        return Later(outbound.not_before)
    take_turns(session, f"ring/{outbound.to_number}")
    if _line_is_busy(session, outbound, now):
        outbound.not_before = now + LINE_BUSY_FOR
        return Later(outbound.not_before)
    channel = _channel(session, outbound.to_number, now, carrier=carrier)
    if channel is Channel.SIP and _trunk_is_behind(session, settings):
        outbound.not_before = now + TRUNK_BUSY_FOR
        return Later(outbound.not_before)
    if not outbound.flow:
        flows = settings.callflows
        of_purpose = {"restoration": flows.restoration, "planned": flows.planned}
        outbound.flow = of_purpose.get(outbound.purpose, flows.closure)
    ring_timeout = timedelta(seconds=settings.callbacks.ring_timeout_s)
    call = Call(
        channel=channel or Channel.BROWSER,
        direction=Direction.OUTBOUND,
        from_number=_caller_id(settings, channel),
        to_number=outbound.to_number,
        language=outbound.language,
        status=CallStatus.QUEUED,
        flow=outbound.flow,
        flow_revision_id=revision,
        variables=dict(outbound.variables),
        started_at=now,
        expires_at=now + ring_timeout + UNBEGUN_FOR,
        customer_id=outbound.ticket.customer_id if outbound.ticket else None,
        outbound_call_id=outbound.id,
    )
    session.add(call)
    session.flush()
    outbound.attempts += 1
    outbound.status = OutboundStatus.CALLING
    outbound.lease_until = now + (DIALLING_FOR if channel is Channel.TWILIO else ring_timeout + NO_WORD_FOR)
    attempt = OutboundAttempt(
        outbound_call_id=outbound.id, number=outbound.attempts, channel=call.channel, call_id=call.id, started_at=now
    )
    session.add(attempt)
    session.flush()
    outbox.notify(session, "call", call.id)
    return Ring(outbound.id, channel, call.id, call.to_number, now, fresh=True)


def unbegun(session: Session, outbound: OutboundCall, now: datetime) -> Ring | Later | None:
    """The attempt of a CALLING `outbound` (row locked) that was written down and perhaps never dialled, made ours.

    `Later` while somebody else may still be dialling it; `None` when it is under way or over.
    """
    row = session.execute(
        sa.select(OutboundAttempt, Call)
        .join(Call, Call.id == OutboundAttempt.call_id)
        .where(OutboundAttempt.outbound_call_id == outbound.id, OutboundAttempt.number == outbound.attempts)
    ).one_or_none()
    if row is None:
        return None
    attempt, call = row
    if call.channel is not Channel.TWILIO or call.status is not CallStatus.QUEUED or call.provider_id is not None:
        return None
    if outbound.lease_until is not None and outbound.lease_until > now:
        return Later(outbound.lease_until)
    outbound.lease_until = now + DIALLING_FOR
    return Ring(outbound.id, call.channel, call.id, call.to_number, attempt.started_at, fresh=False)


def known_provider_ids(session: Session, number: str) -> frozenset[str]:
    """The network's ids of calls to `number` that are written down: none of them is the one that got lost."""
    statement = sa.select(Call.provider_id).where(Call.to_number == number, Call.provider_id.is_not(None))
    recent = statement.where(Call.direction == Direction.OUTBOUND).order_by(Call.id.desc()).limit(100)
    return frozenset(provider_id for provider_id in session.scalars(recent) if provider_id is not None)


def rings(session: Session, call_id: str, now: datetime, ring_timeout_s: float) -> None:
    """A process of ours rings this call from now on."""
    calling = sa.update(OutboundCall).where(
        OutboundCall.status == OutboundStatus.CALLING,
        OutboundCall.id == sa.select(Call.outbound_call_id).where(Call.id == call_id).scalar_subquery(),
    )
    changed(session, calling.values(lease_until=now + timedelta(seconds=ring_timeout_s) + NO_WORD_FOR))


def dialled(session: Session, ring: Ring, provider_id: str, now: datetime, ring_timeout_s: int) -> None:
    """The network has the call: it rings, and will be heard of by its status."""
    unnamed = sa.update(Call).where(Call.id == ring.call_id, Call.provider_id.is_(None))
    changed(session, unnamed.values(provider_id=provider_id))
    _lease(session, ring, now + timedelta(seconds=ring_timeout_s) + NO_WORD_FOR)


def put_off(session: Session, ring: Ring, until: datetime) -> None:
    """The network could not take it now: whoever comes after `until` may try the same attempt again."""
    _lease(session, ring, until)


def fail(
    session: Session, call_id: str, reason: str, now: datetime, *, before: CallStatus = CallStatus.QUEUED
) -> Call | None:
    """Ends a call that never rang, or that is `before`. `None` when it is over, or under way after all."""
    statement = (
        sa.update(Call)
        .where(Call.id == call_id, Call.status == before)
        .values(status=CallStatus.FAILED, ended_at=now, end_reason=reason[:80], expires_at=None)
    )
    if changed(session, statement) != 1:
        return None
    outbox.notify(session, "call", call_id)
    return session.get_one(Call, call_id, populate_existing=True)


def _lease(session: Session, ring: Ring, until: datetime) -> None:
    calling = sa.update(OutboundCall).where(
        OutboundCall.id == ring.outbound_call_id, OutboundCall.status == OutboundStatus.CALLING
    )
    changed(session, calling.values(lease_until=until))


def _line_is_busy(session: Session, outbound: OutboundCall, now: datetime) -> bool:
    """Another call-back to the number is under way, or its owner is on the line with us."""
    rung = sa.select(OutboundCall.id).where(
        OutboundCall.to_number == outbound.to_number,
        OutboundCall.status == OutboundStatus.CALLING,
        OutboundCall.id != outbound.id,
    )
    talking = sa.select(Call.id).where(
        Call.from_number == outbound.to_number,
        Call.direction == Direction.INBOUND,
        Call.status == CallStatus.IN_PROGRESS,
        Call.expires_at > now,
    )
    return any(session.scalar(statement.limit(1)) is not None for statement in (rung, talking))


def _channel(session: Session, number: str, now: datetime, *, carrier: bool) -> Channel | None:
    """A browser phone that is open is there to hear it; else our own trunk, else the carrier's network."""
    if _browser_phone_open(session, number, now):
        return Channel.BROWSER
    if _trunk_is_up(session, now):
        return Channel.SIP
    return Channel.TWILIO if carrier else None


def _caller_id(settings: Settings, channel: Channel | None) -> str:
    numbers = {
        Channel.TWILIO: settings.twilio.number,
        Channel.SIP: settings.sip.trunk.caller_id if settings.sip.trunk else None,
    }
    return (channel and numbers.get(channel)) or settings.utility.hotline_number


def _trunk_is_up(session: Session, now: datetime) -> bool:
    """A SIP process is alive and says that it can ring telephones."""
    dials = sa.select(Gateway.name).where(Gateway.dials.is_(True), Gateway.expires_at > now)
    return session.scalar(dials.limit(1)) is not None


def _trunk_is_behind(session: Session, settings: Settings) -> bool:
    """More calls wait for the trunk than it takes in a while (`sip.trunk.calls_per_second`)."""
    per_second = settings.sip.trunk.calls_per_second if settings.sip.trunk else 1.0
    waiting = (
        sa.select(sa.func.count())
        .select_from(OutboundAttempt)
        .where(OutboundAttempt.channel == Channel.SIP, OutboundAttempt.status == CallStatus.QUEUED)
    )
    return (session.scalar(waiting) or 0) >= max(1.0, per_second * TRUNK_AHEAD_S)


def _browser_phone_open(session: Session, number: str, now: datetime) -> bool:
    open_phone = sa.select(BrowserPhone.id).where(BrowserPhone.number == number, BrowserPhone.expires_at > now)
    return session.scalar(open_phone.limit(1)) is not None


def find_locked(session: Session, outbound_call_id: int) -> OutboundCall | None:
    statement = sa.select(OutboundCall).where(OutboundCall.id == outbound_call_id)
    return session.scalar(locked(session, statement).execution_options(populate_existing=True))
