"""Status callbacks kept in order. Twilio sends them in any order, twice, or not at all.

A status only moves forward: queued -> ringing -> in-progress -> one of the final ones, which is never left. That is
the order of SequenceNumber, and it holds also when a number is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

import outbox
from ivr.calls import CallError, NewRecording
from ivr.channels.twilio import forms
from ivr.channels.twilio.streams import HANDED_OVER
from ivr.events import Recorded
from ivr.outputs import Record
from ivr.runner import Runner
from models import Call, CallStatus, CallTurn, Channel, Recording, RecordingStatus

log = structlog.get_logger("twilio")
# A caller who hangs up after a message makes Twilio send the end of the call and the message at once, in any order.
MESSAGE_GRACE = timedelta(seconds=60)


_STANDING = sa.select(Call.id, Call.status, Call.turn, Call.state, CallTurn.outputs).outerjoin(
    CallTurn, (CallTurn.call_id == Call.id) & (CallTurn.number == Call.turn)
)


@dataclass(frozen=True, slots=True)
class HandedOver:
    by_agent_to: str | None  # the number that an agent has named; None: to where the flow says


class CallProgress:
    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._database = runner.database

    def call(self, call_id: str | None, sid: str, status: CallStatus) -> None:
        """Takes note of a call's status. A call we do not know is logged and forgotten."""
        with self._database.reading() as session:
            row = session.execute(_STANDING.where(_by(call_id, sid))).first()
        if row is None:
            log.info("status of a call that is not here", sid=sid, status=status.value)
        elif not status.final:
            self._under_way(row.id, sid, status)
        elif row.status.final:
            return
        elif row.state is not None and row.outputs is not None and row.outputs[-1]["kind"] == Record.kind:
            self._await_message(row.id, row.turn)
        else:
            self._runner.ended(row.id, status, "caller" if status is CallStatus.COMPLETED else status.value)

    def over(self, call_id: str) -> bool:
        """Whether the call has ended, or is not there."""
        with self._database.reading() as session:
            status = session.scalar(sa.select(Call.status).where(Call.id == call_id))
        return status is None or status.final

    def handed_over(self, call_id: str) -> HandedOver | None:
        """Where the media process that carried the call has closed its stream for Twilio to go on."""
        with self._database.reading() as session:
            handed = sa.select(Call.put_through_to).where(Call.id == call_id, Call.gateway == HANDED_OVER)
            row = session.execute(handed).one_or_none()
        return None if row is None else HandedOver(row.put_through_to)

    def put_through_over(self, call_id: str, *, answered: bool) -> None:
        """The talk is over, or nobody answered there: then the caller waits for an agent again, as long as before."""
        waits_no_more = {"waiting_since": None, "away_since": None} if answered else {}
        with self._database.transaction() as session:
            still = sa.and_(Call.gateway == HANDED_OVER, Call.put_through_to.is_not(None))
            _set(session, call_id, still, gateway=None, put_through_to=None, agent_id=None, **waits_no_more)
            outbox.notify(session, "call", call_id)

    def left_stream(self, call_id: str) -> None:
        """No media process has anything to do with the call any more: none of them may end it."""
        with self._database.transaction() as session:
            _set(session, call_id, Call.gateway.is_not(None), gateway=None)

    def recording(self, call_id: str | None, sid: str, turn: int | None, form: Mapping[str, str]) -> None:
        """The file of a message is ready, or there will be none. Usually the turn has told of it before."""
        recording_sid = forms.sid(form, "RecordingSid", "RE")
        found = self._find(call_id, sid)
        if found is None:
            log.info("recording of a call that is not here", sid=sid)
        elif form["RecordingStatus"] != "completed":
            self._lost(recording_sid)
        elif not self._known(recording_sid):
            forms.required(form, "RecordingUrl")
            new = forms.new_recording(form)
            try:
                if turn is not None:
                    self._runner.resume(found, turn, Recorded(new.id, new.seconds), recording=new)
            except CallError as error:
                log.info("recording without its turn", call=found, reason=str(error))
            self.keep(found, new)

    def _find(self, call_id: str | None, sid: str) -> str | None:
        with self._database.reading() as session:
            return session.scalar(sa.select(Call.id).where(_by(call_id, sid)))

    def _under_way(self, call_id: str, sid: str, status: CallStatus) -> None:
        """`in-progress` is the runner's to write: it comes with the first turn."""
        with self._database.transaction() as session:
            # Twilio's id may have been lost with the process that dialled.
            _set(session, call_id, Call.provider_id.is_(None), provider_id=sid)
            if status is CallStatus.RINGING and _set(session, call_id, Call.status == CallStatus.QUEUED, status=status):
                outbox.notify(session, "call", call_id)

    def _await_message(self, call_id: str, turn: int) -> None:
        """A call that ends while a message is left stays open a little longer; the sweep ends it if none comes."""
        with self._database.transaction() as session:
            _set(session, call_id, Call.turn == turn, expires_at=self._runner.clock() + MESSAGE_GRACE)

    def _known(self, recording_sid: str) -> bool:
        with self._database.reading() as session:
            return session.scalar(sa.select(Recording.id).where(Recording.provider_id == recording_sid)) is not None

    def keep(self, call_id: str, new: NewRecording) -> None:
        """A message whose turn went on without it: the voice is kept all the same. Does nothing when it is known."""
        if new.provider_id is None or self._known(new.provider_id):
            return
        now = self._runner.clock()
        with self._database.transaction() as session:
            session.add(
                Recording(
                    id=new.id,
                    call_id=call_id,
                    status=RecordingStatus.REMOTE,
                    provider_id=new.provider_id,
                    remote_url=new.remote_url,
                    seconds=new.seconds,
                    created_at=now,
                )
            )
            session.flush()
            outbox.add_job(session, "recordings.fetch", key=f"recordings.fetch/{new.id}", now=now, recording_id=new.id)
            outbox.notify(session, "call", call_id)

    def _lost(self, recording_sid: str) -> None:
        with self._database.transaction() as session:
            session.execute(
                sa.update(Recording)
                .where(Recording.provider_id == recording_sid, Recording.status == RecordingStatus.REMOTE)
                .values(status=RecordingStatus.LOST)
            )


def _by(call_id: str | None, sid: str) -> sa.ColumnElement[bool]:
    if call_id:
        return Call.id == call_id
    return (Call.channel == Channel.TWILIO) & (Call.provider_id == sid)


def _set(session: Session, call_id: str, still: sa.ColumnElement[bool], **values: object) -> bool:
    """Compare and set: True when `still` held and the call's row was changed."""
    changed = session.execute(
        sa.update(Call).where(Call.id == call_id, still).values(**values).execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]
