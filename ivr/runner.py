"""One turn of a call: lock the row, resume the session, run its services, commit once, answer.

A turn that was answered before is answered again from its row, whatever the event says now: carriers retry, and the
first input is the one that counted. What follows a commit (jobs, notices) is the outbox's, see `outbox`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import outbox
from database import Database, Unit
from ivr import events, outputs, session
from ivr.calls import CallEnded, NewCall, NewRecording, NoSuchCall, StaleTurn, TurnAnswer, WrongInput
from ivr.events import CallStarted, Event, HungUp
from ivr.flow import FlowSet
from ivr.flow_store import FlowStore
from ivr.moment import Moment
from ivr.outputs import CallService, Output
from ivr.routing import MASK
from ivr.services import ServiceRegistry
from ivr.serving import Serving
from ivr.session import Limits, SessionError, State, Turn
from ivr.turn_statements import RINGS_OUT_AT, STORED, THIS_CALL, TURN_OF, TurnStatements
from models import (
    Call,
    CallStatus,
    Channel,
    Direction,
    Recording,
    RecordingStatus,
    new_id,
)  # fmt: skip
from settings import Settings

log = structlog.get_logger("turn")
_RINGS_OUT = timedelta(seconds=60)  # how long the last words of a finished flow may take to be said

CallEndedHook = Callable[[Session, Call, datetime], None]
Observer = Callable[[str, float, str], None]  # channel, seconds, "answered" | "replayed" | "fault"


def limits_of(settings: Settings) -> Limits:
    """What the engine is held to, in calls and in whatever runs flows like calls."""
    return Limits(settings.callflows.max_steps, settings.speech.reject_below, settings.speech.confirm_below)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Done:
    """A turn as computed: what is stored and what is answered."""

    outputs: tuple[Output, ...]
    state: State | None
    language: str
    private: bool


class Runner:
    """Synchronous and safe to share between threads; every public method is one transaction."""

    def __init__(
        self,
        database: Database,
        flows: FlowStore,
        services: ServiceRegistry,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = utc_now,
        on_outbound_ended: Sequence[CallEndedHook] = (),
        observe: Observer | None = None,
    ) -> None:
        self.database = database
        self.flows = flows
        self.services = services
        self.settings = settings
        self.clock = clock
        self._on_outbound_ended = on_outbound_ended
        self._observe = observe
        self._zone = ZoneInfo(settings.utility.time_zone)
        self._limits = limits_of(settings)
        self._longest_call = timedelta(minutes=settings.callflows.max_call_minutes)
        self._cut_off_after = timedelta(seconds=settings.callflows.cut_off_after_s)
        self._turn_services_s = settings.callflows.turn_services_s
        self._serving = Serving(database, services)
        self._sql = TurnStatements(database)

    # --- a call begins

    def begin(self, new: NewCall) -> TurnAnswer:
        """An inbound call. The same `provider_id` again is given the answer of its first turn again."""
        try:
            return self._begin(new)
        except IntegrityError:  # two processes were told of the same call at once, and the other one was first
            return self._begin(new)

    def _begin(self, new: NewCall) -> TurnAnswer:
        began = time.perf_counter()
        with self.database.unit() as db:
            known = self._sql.call_of.run(db.connection, {"channel": new.channel, "provider_id": new.provider_id})
            if known:
                return self._stored(db.connection, known[0]["id"], 0)
            now = self.clock()
            begun = self.flows.for_new_call(db.connection)
            call = {
                "id": new_id(), "channel": new.channel, "provider_id": new.provider_id, "direction": Direction.INBOUND,
                "from_number": new.from_number, "to_number": new.to_number,
                "language": new.language or self._language_of(db, new.from_number),
                "status": CallStatus.IN_PROGRESS, "flow": new.flow or self.settings.callflows.entry,
                "flow_revision_id": begun.flows.revision, "turn": 0, "variables": dict(new.variables),
                "started_at": now, "answered_at": now, "expires_at": now + self._cut_off_after, "storm": begun.storm,
                "gateway": new.gateway,
            }  # fmt: skip
            self._sql.new_call.run(db.connection, call)
            answer = self._begin_flow(db, call, new.variables, now, began)
            db.committed.notify("call", answer.call_id)
        self._observed(new.channel, began, answer)
        return answer

    def answered(
        self,
        call_id: str,
        *,
        provider_id: str | None = None,
        variables: Mapping[str, Any] | None = None,
        gateway: str | None = None,
    ) -> TurnAnswer:
        """An outbound call's row has been picked up: begins its flow. Twice: the answer of its first turn again."""
        began = time.perf_counter()
        with self.database.unit() as db:
            call = self._locked(db, call_id)
            if call["turn"] >= 0:
                return self._stored(db.connection, call_id, 0)
            if CallStatus(call["status"]).final:
                raise CallEnded(f"call {call_id} is over ({call['status']})")
            now = self.clock()
            given = {**call["variables"], **(variables or {})}
            values = {
                "status": CallStatus.IN_PROGRESS, "answered_at": now, "turn": 0, "variables": given,
                "expires_at": now + self._cut_off_after, "gateway": gateway,
            }  # fmt: skip
            if provider_id is not None:
                values["provider_id"] = provider_id
            db.connection.execute(THIS_CALL.values(values), {"call_id": call_id})
            answer = self._begin_flow(db, call | values, given, now, began)
            db.committed.notify("call", call_id)
        self._observed(call["channel"], began, answer)
        return answer

    # --- a call goes on

    def resume(self, call_id: str, turn: int, event: Event, *, recording: NewRecording | None = None) -> TurnAnswer:
        """`turn` is the number of the answer whose wait `event` ends. Raises NoSuchCall, StaleTurn, CallEnded,
        WrongInput."""
        began = time.perf_counter()
        with self.database.unit() as db:
            call = self._locked(db, call_id)
            if turn < call["turn"]:
                return self._stored(db.connection, call_id, turn + 1)
            if turn > call["turn"] or turn < 0:
                raise StaleTurn(f"call {call_id} has had {call['turn'] + 1} answers; turn {turn} is not among them")
            if call["state"] is None:
                raise CallEnded(f"call {call_id} is over")
            now = self.clock()
            if recording is not None:
                self._keep(db, call_id, recording, now)
            flows = self.flows.revision(call["flow_revision_id"])
            try:
                moment = self._moment(call, now)
                first = session.resume(flows, call["state"], event, self._limits, moment)
            except SessionError as error:
                raise WrongInput(str(error)) from error
            done = self._walk(db, call_id, flows, first, now, moment)
            answer = self._store(db, call_id, turn + 1, event, done, now, began)
        self._observed(call["channel"], began, answer)
        return answer

    def current(self, call_id: str) -> TurnAnswer:
        """The newest answer again, for a phone that lost its connection."""
        with self.database.reading() as session_:
            connection = session_.connection()
            turn = connection.execute(TURN_OF, {"call_id": call_id}).scalar()
            if turn is None:
                raise NoSuchCall(f"there is no call {call_id}")
            return self._stored(connection, call_id, turn)

    # --- a call ends

    def ended(self, call_id: str, status: CallStatus, reason: str) -> bool:
        """Hang-up, or a final status. The first one counts: a final state is never left. True when this was it."""
        with self.database.unit() as db:
            call = self._locked(db, call_id)
            if CallStatus(call["status"]).final:
                return False
            now = self.clock()
            turn = call["turn"]
            if call["state"] is not None:
                event = HungUp(reason)
                over = session.resume(self.flows.revision(call["flow_revision_id"]), call["state"], event, self._limits)
                turn += 1
                self._add_turn(db, call_id, turn, event, over.outputs, False, now, 0)
            final = {
                "status": status, "turn": turn, "state": sa.null(), "ended_at": now, "end_reason": reason[:80],
                "expires_at": None, "waiting_since": None, "away_since": None, "agent_id": None,
                "put_through_to": None,
            }  # fmt: skip
            db.connection.execute(THIS_CALL.values(final), {"call_id": call_id})
            if turn >= 0:  # it was answered: what the caller did is counted
                outbox.add_job(db.session, "calls.count", key=f"calls.count/{call_id}", now=now, call_id=call_id)
            if call["outbound_call_id"] is not None:
                row = db.session.get_one(Call, call_id)
                for hook in self._on_outbound_ended:
                    hook(db.session, row, now)
            db.committed.notify("call", call_id)
        log.info("call ended", call=call_id, status=status.value, reason=reason)
        return True

    # --- inside a turn

    def _begin_flow(
        self, db: Unit, call: Mapping[str, Any], variables: Mapping[str, Any], now: datetime, began: float
    ) -> TurnAnswer:
        event = CallStarted(
            call["from_number"], call["to_number"], Direction(call["direction"]).value, call["language"],
            self._today(now).isoformat(), {**variables, **self._recorded(call)},
        )  # fmt: skip
        flows = self.flows.revision(call["flow_revision_id"])
        moment = self._moment(call, now)
        try:
            first = session.start(flows, call["flow"], event, self._limits, moment)
        except SessionError as error:
            raise WrongInput(str(error)) from error
        done = self._walk(db, call["id"], flows, first, now, moment)
        return self._store(db, call["id"], 0, event, done, now, began)

    def _recorded(self, call: Mapping[str, Any]) -> dict[str, bool]:
        """Stands in the event that begins the call, so that a replay says the notice where it was said."""
        streams = set(self.settings.twilio.streams)
        ours = call["gateway"] is not None or (  # only sound that runs through a process of ours can be recorded by us
            call["channel"] == Channel.TWILIO and not streams.isdisjoint((call["from_number"], call["to_number"]))
        )
        return {"recorded": True} if ours and self.settings.recordings.calls else {}

    def _walk(self, db: Unit, call_id: str, flows: FlowSet, turn: Turn, now: datetime, moment: Moment) -> _Done:
        """Runs the services a turn asks for until it waits for the caller."""
        said: list[Output] = []
        private = turn.private
        turn_ends = time.monotonic() + self._turn_services_s
        services_left = self._limits.max_steps
        while isinstance(turn.outputs[-1], CallService) and turn.state is not None:
            said.extend(turn.outputs[:-1])
            wanted, today = turn.outputs[-1], self._today(now)
            result, called = self._serving.run(db, call_id, wanted, now, today, turn.language, turn_ends)
            said.append(called)
            services_left -= 1
            if services_left < 0:
                result = replace(result, outcome="error")
            turn = session.resume(flows, turn.state, result, self._limits, moment)
        said.extend(turn.outputs)
        return _Done(tuple(said), turn.state, turn.language, private)

    def _moment(self, call: Mapping[str, Any], now: datetime) -> Moment:
        """The storm switch was read with the call's row."""
        answered = call["answered_at"]
        too_long = answered is not None and now - answered >= self._longest_call
        return Moment(now.astimezone(self._zone), bool(call["storm"]), too_long)

    def _store(
        self, db: Unit, call_id: str, number: int, event: Event, done: _Done, now: datetime, began: float
    ) -> TurnAnswer:
        took_us = round((time.perf_counter() - began) * 1e6)
        self._add_turn(db, call_id, number, event, done.outputs, done.private, now, took_us)
        db.flush()  # what services changed in the call's row comes before what the turn does
        new = {"call_id": call_id, "new_turn": number, "new_state": done.state, "new_language": done.language}
        self._sql.goes_on.run(db.connection, new)
        if done.state is None:
            db.connection.execute(RINGS_OUT_AT, {"call_id": call_id, "at": now + _RINGS_OUT})
        return TurnAnswer(call_id, number, done.outputs, done.language)

    def _add_turn(
        self, db: Unit, call_id: str, number: int, event: Event, said: tuple[Output, ...], private: bool,
        now: datetime, took_us: int,
    ) -> None:  # fmt: skip
        data = events.to_json(event)
        if private:
            data |= {key: MASK for key in ("digits", "text") if key in data}
        row = {
            "call_id": call_id, "number": number, "event": data, "outputs": [outputs.to_json(o) for o in said],
            "at": now, "took_us": took_us,
        }  # fmt: skip
        self._sql.new_turn.run(db.connection, row)

    def _keep(self, db: Unit, call_id: str, new: NewRecording, now: datetime) -> None:
        stored = new.path is not None
        db.session.add(
            Recording(
                id=new.id, call_id=call_id, status=RecordingStatus.STORED if stored else RecordingStatus.REMOTE,
                provider_id=new.provider_id, remote_url=new.remote_url, path=new.path, seconds=new.seconds,
                transcript=new.transcript, created_at=now,
            )
        )  # fmt: skip
        if new.remote_url is not None and not stored:
            outbox.add_job(
                db.session, "recordings.fetch", key=f"recordings.fetch/{new.id}", now=now, recording_id=new.id
            )
        db.flush()

    def _stored(self, connection: sa.Connection, call_id: str, number: int) -> TurnAnswer:
        row = connection.execute(STORED, {"call_id": call_id, "number": number}).one_or_none()
        if row is None:
            raise NoSuchCall(f"call {call_id} has not been answered")
        said = tuple(outputs.from_json(o) for o in row.outputs)
        return TurnAnswer(call_id, number, said, row.language, replayed=True)

    def _locked(self, db: Unit, call_id: str) -> dict[str, Any]:
        found = self._sql.call.run(db.connection, {"call_id": call_id})
        if not found:
            raise NoSuchCall(f"there is no call {call_id}")
        return found[0]

    def _language_of(self, db: Unit, number: str) -> str:
        known = [row["language"] for row in self._sql.languages.run(db.connection, {"number": number})]
        return (
            known[0] if len(known) == 1 and known[0] in self.flows.languages else self.settings.utility.default_language
        )

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()

    def _observed(self, channel: str, began: float, answer: TurnAnswer) -> None:
        if self._observe is not None:
            kind = "fault" if any(isinstance(o, outputs.Fault) for o in answer.outputs) else "answered"
            self._observe(str(channel), time.perf_counter() - began, kind)
