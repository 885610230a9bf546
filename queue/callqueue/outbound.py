"""Reaching customers: the job that makes one attempt, and what the end of a call means for the next.

An attempt ends in one way only: its call's row ends, and `attempt_ended` is told in the same transaction. Question
answered: done. Else tried again by policy, and when every attempt is used up the ticket goes back to the queue.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from callqueue import attempts, callbacks, history, live
from callqueue.attempts import Later, Ring
from callqueue.context import JobContext
from callqueue.transitions import load
from ivr.channels.dialing import DialError, DialRequest
from models import Call, CallStatus, Channel, OutboundAttempt, OutboundCall, OutboundStatus
from settings import Settings

log = structlog.get_logger("outbound")
_HOPELESS: Final = frozenset({DialError.BAD_NUMBER, DialError.REFUSED})
_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(seconds=10), timedelta(seconds=120)


def dial(context: JobContext, outbound_call_id: int) -> datetime | None:
    """The job `outbound.dial`. Run twice, or after a process that died at any point in it, it rings once.

    Answers when it wants to be run again. Raises DialerUnavailable when a lost attempt cannot be asked about.
    """
    step = _next_step(context, outbound_call_id)
    if isinstance(step, Later):
        return step.at
    if step is None:
        return None
    if step.channel is not Channel.TWILIO:  # a media process of ours rings it: it looks by itself as well
        live.nudge_phones(context.redis, step.to_number)
        return None
    return _ask_carrier(context, step)


def attempt_ended(session: Session, call: Call, now: datetime, settings: Settings, *, hopeless: bool = False) -> None:
    """An outbound call's row has reached its final status. Any other call, and a second time: nothing happens.

    `hopeless`: the same number will never be reached, so no further attempt is made.
    """
    if call.outbound_call_id is None:
        return
    outbound = attempts.find_locked(session, call.outbound_call_id)
    attempt = session.scalar(sa.select(OutboundAttempt).where(OutboundAttempt.call_id == call.id))
    if outbound is None or attempt is None or attempt.ended_at is not None:
        return
    reason = call.end_reason or ""
    attempt.status, attempt.reason, attempt.ended_at = call.status, reason, now
    if outbound.status is not OutboundStatus.CALLING:
        return
    outbound.lease_until = None
    if _settled(session, outbound, call):
        outbound.status, outbound.ended_at = OutboundStatus.DONE, now
        return
    if not _wanted(session, outbound):
        outbound.status, outbound.ended_at = OutboundStatus.CANCELED, now
        return
    if outbound.ticket_id is not None:
        history.record(
            session, outbound.ticket_id, history.NOT_REACHED, history.HOTLINE, now, reason,
            status=call.status.value, attempt=attempt.number, of=settings.callbacks.attempts, call_id=call.id,
        )  # fmt: skip
    if hopeless or outbound.attempts >= settings.callbacks.attempts:
        outbound.status, outbound.ended_at = OutboundStatus.GIVEN_UP, now
        callbacks.give_up(session, outbound, now, reason)
        return
    waits = settings.callbacks.retry_after_s or (60,)
    wait_s = waits[min(attempt.number, len(waits)) - 1]
    outbound.status = OutboundStatus.WAITING
    again_at = now + timedelta(seconds=wait_s)
    outbound.not_before = attempts.may_ring_from(session, settings, outbound.to_number, again_at, now)
    attempts.schedule(session, outbound, now)


class OnCallEnded:
    """The runner's hook: called in the transaction that ends a call's row."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, session: Session, call: Call, now: datetime) -> None:
        attempt_ended(session, call, now, self._settings)


def _next_step(context: JobContext, outbound_call_id: int) -> Ring | Later | None:
    """What to ring, with its rows committed."""
    settings, now = context.settings, context.clock()
    carrier = context.dialer is not None and settings.twilio.enabled
    with context.database.transaction() as session:
        outbound = attempts.find_locked(session, outbound_call_id)
        if outbound is None:
            return None
        if outbound.status is OutboundStatus.CALLING:
            return attempts.unbegun(session, outbound, now)
        if outbound.status is not OutboundStatus.WAITING:
            return None
        if not _wanted(session, outbound):
            outbound.status, outbound.ended_at = OutboundStatus.CANCELED, now
            return None
        step = attempts.begin(session, settings, outbound, now, context.revision(), carrier=carrier)
        if isinstance(step, Later):
            return step
        if outbound.ticket_id is not None:
            history.record(
                session, outbound.ticket_id, history.CALLING, history.HOTLINE, now,
                attempt=outbound.attempts, of=settings.callbacks.attempts,
                call_id=step.call_id,
            )  # fmt: skip
        if step.channel is not None:
            return step
        failed = attempts.fail(session, step.call_id, attempts.NOBODY, now)
        if failed is not None:
            attempt_ended(session, failed, now, settings)
        return None


def _ask_carrier(context: JobContext, ring: Ring) -> datetime | None:
    dialer, ring_timeout_s = context.dialer, context.settings.callbacks.ring_timeout_s
    assert dialer is not None
    if not ring.fresh:
        with context.database.reading() as session:
            known = attempts.known_provider_ids(session, ring.to_number)
        found = dialer.find(ring.to_number, ring.started_at, ring.call_id, known)
        if found is not None:
            log.info("a call whose dialling process died was found", call=ring.call_id)
            with context.database.transaction() as session:
                attempts.dialled(session, ring, found, context.clock(), ring_timeout_s)
            return None
    result = dialer.dial(DialRequest(ring.call_id, ring.to_number, ring_timeout_s))
    now = context.clock()
    with context.database.transaction() as session:
        if result.provider_id is not None:
            attempts.dialled(session, ring, result.provider_id, now, ring_timeout_s)
            return None
        if result.retryable:
            again = now + min(max(now - ring.started_at, _SHORTEST_WAIT), _LONGEST_WAIT)
            attempts.put_off(session, ring, again)
            return again
        failed = attempts.fail(session, ring.call_id, result.reason or str(result.error), now)
        if failed is not None:
            attempt_ended(session, failed, now, context.settings, hopeless=result.error in _HOPELESS)
    return None


def _wanted(session: Session, outbound: OutboundCall) -> bool:
    """Whether anybody still waits for this call-back."""
    if outbound.ticket_id is None:
        return True
    ticket = load(session, outbound.ticket_id)
    return callbacks.is_current(outbound, ticket)


def _settled(session: Session, outbound: OutboundCall, call: Call) -> bool:
    """Whether the question was answered; a call-back that asks none is done when it was heard to its end."""
    if outbound.ticket_id is None:
        return call.status is CallStatus.COMPLETED and call.answered_at is not None
    return callbacks.answer_given(session, outbound) is not None
