"""One call on one line: the media session joined to the line, to threads and to the runner.

Everything here happens on the event loop; rows, voices and recognisers are asked in threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from ivr.calls import CallEnded, TurnAnswer
from ivr.events import DialEnded, Recorded
from ivr.outputs import Gather, Hangup, Heard, Output, Record, Say, Segment, Transfer
from media import actions, messages
from media.call_tools import CallRoom, CallTools
from media.call_turns import CallTurns
from media.hearing import Hearing
from media.line import LastResortLine, Line, OtherTelephone
from media.taping import CallTape
from media.tasks import Tasks
from media.texts import text
from models import CallStatus

log = structlog.get_logger("media")
WAITS = (Gather, Record, Hangup, Transfer)
LAST_WORDS = -1
"""In place of the number of an answer: what is still rendered or marked of any answer is not taken for them."""


class LiveCall:
    """`over` is called once, when nothing more will come of this call on this line."""

    def __init__(self, tools: CallTools, call_id: str, line: Line, *, over: Callable[[], None]) -> None:
        self.call_id = call_id
        self.language = "en"
        self._tools = tools
        self._tape = tools.tapes.of(call_id)
        self.line: Line = self._tape.on(line)  # the call's own
        self._line: Line = self.line  # the same, or the way to it through a room
        self._room: CallRoom | None = None
        self._other: OtherTelephone | None = None
        self._tell_over = over
        self.over = False
        self._session = tools.new_session()
        self._hearings: dict[int, Hearing] = {}
        self._tasks = Tasks(self._failed)
        self._renderings: set[asyncio.Task[None]] = set()  # of those
        self._timer: asyncio.TimerHandle | None = None
        self._paused_at: float | None = None
        self._behind_s = 0.0  # how long the call has been on hold so far
        self._stopped = self._came = self._said_last = False
        self._log = log.bind(call=call_id)
        self._turns = CallTurns(tools.rows, call_id, tools.turn_tries)

    @property
    def tape(self) -> CallTape:
        return self._tape

    # --- the answers of the flow

    def begin(self, answer: TurnAnswer, *, again: bool = False) -> None:
        """Plays an answer of the runner: the next, or `again` the newest of a call that was come back to."""
        self.language = answer.language
        for output in () if again else answer.outputs:
            if isinstance(output, Heard) and output.text and output.by in ("speech", "keys"):
                self._line.tell(messages.caption("caller", output.text, answer.language))
        rendered: list[Output] = [output for output in answer.outputs if isinstance(output, (Say, *WAITS))]
        if not rendered or not isinstance(rendered[-1], WAITS):
            self._end(CallStatus.FAILED, "the flow has stopped without an end")
            return
        if not self._came:
            self._came = True
            self._tools.floor.came(self)
        if again:
            self._tools.tapes.come_back(self.call_id)
        rendered = self._tape.answering(rendered, self._heard_at())
        self._do(self._session.begin(answer.turn, rendered, self._now()))

    # --- from the line

    def sound(self, mulaw: bytes) -> None:
        """Any number of bytes."""
        self._tape.said_by_caller(mulaw, self._heard_at())
        if self._room is not None:
            self._room.caller_says(mulaw)
        elif self._other is not None:
            self._other.hears(mulaw)
        if not self._stopped:
            self._do(self._session.audio(mulaw, self._now()))

    def key(self, key: str) -> None:
        """One of `ivr.keypad.KEYS`; anything else is a ValueError."""
        if not self._stopped:
            private = self._tape.private
            self._do(self._session.key(key, self._now()))
            if self._room is not None:
                self._room.caller_presses(key, private=private)

    def heard(self, mark: str) -> None:
        """Everything sent before `mark` has been heard."""
        if not self._stopped:
            self._do(self._session.mark(mark, self._now()))

    def words(self, text: str) -> None:
        """Typed in place of speech."""
        if not self._stopped:
            self._do(self._session.words(text, self._now()))

    def pause(self, on: bool) -> None:
        """The far end has put us on hold, or is back: until then time stands still for the session, and nothing is
        played, timed out or taken for speech."""
        if on is (self._paused_at is not None) or self._stopped:
            return
        if on:
            self._paused_at = asyncio.get_running_loop().time()
            self._wake_at(None)
        else:
            assert self._paused_at is not None
            self._behind_s += asyncio.get_running_loop().time() - self._paused_at
            self._paused_at = None
            self._tick()

    def put_through_to(self, other: OtherTelephone | None) -> None:
        """By their line: the caller and `other` hear each other from now on. None: no longer."""
        self._other = other
        if self._room is not None:
            self._room.put_through_to(other)

    def other_says(self, mulaw: bytes) -> None:
        """What is said at the telephone that the caller was put through to, as it is said."""
        if self._room is not None:
            self._room.other_says(mulaw)
        elif self._other is not None:
            self.line.play(mulaw)

    def hung_up(self, reason: str = "caller hung up") -> None:
        """The far end has ended the call."""
        if not self._stopped:
            self._tasks.start(self._hung_up(reason))

    # --- from the room

    def enter(self, room: CallRoom, line: Line) -> None:
        """From now on the caller is heard by `room`, and hears by way of `line`."""
        self._room, self._line = room, line
        if self._other is not None:
            room.put_through_to(self._other)

    def leave_room(self) -> None:
        self._room, self._line = None, self.line

    def dialled(self, turn: int, event: DialEnded) -> None:
        """The transfer of answer `turn` is over."""
        if not self._stopped:
            self._do(self._session.dialled(turn, event, self._now()))

    def cannot_be_put_through(self, turn: int) -> None:
        self._notice("no_transfer")
        self.dialled(turn, DialEnded("failed"))

    def handed_over(self) -> None:
        """The carrier goes on with this call without us."""
        if not self._stopped:
            self._stop()
            self._tools.floor.over(self.call_id, "transferred")
            self._tools.tapes.left(self.call_id)
            self.over = True
            self._tell_over()

    # --- from whoever carries the call

    def say_last(self, code: str, reason: str) -> None:
        """Interrupts whatever is going on, says text `code` and hangs up. Reason "fault": the call has failed.

        An answer that is being made comes too late then.
        """
        if self._stopped or self._said_last:
            return
        self._said_last = True
        self.put_through_to(None)  # who talks hears it, and nothing else
        say = Say((Segment(text(code, self.language), self.language),), barge_in=False)
        last = (say, Hangup(reason))
        self._tape.answering(last, self._heard_at())
        self._do(self._session.begin(LAST_WORDS, last, self._now()))

    async def detach(self) -> actions.MessageRecorded | None:
        """The phone is lost. Finishes the turn being made, then stops; returns the message cut off, if there is one."""
        message = self._session.cut_short()
        self._stop()
        self._tools.floor.lost(self)
        await self._tasks.settled()
        return message

    async def left(self, message: actions.MessageRecorded | None, reason: str) -> None:
        """Ends a call whose phone does not come back; what was said of a message is kept first."""
        self._tools.floor.over(self.call_id, reason)
        self._tools.tapes.over(self.call_id)
        if message is not None:
            try:
                await self._turns.recorded(message)
            except Exception:  # noqa: BLE001 - the sound is on disk; the call must end all the same
                self._log.exception("message_cut_off_not_kept")
        try:
            await self._tools.rows.ended(self.call_id, CallStatus.COMPLETED, reason)
        except Exception:  # noqa: BLE001 - the sweep ends the row when its time is up
            self._log.exception("call_not_ended")

    # --- doing what the session asks

    def _do(self, wanted: list[actions.Action]) -> None:
        for action in wanted:
            self._do_one(action)
        self._wake_at(self._session.deadline())

    def _do_one(self, action: actions.Action) -> None:
        match action:
            case actions.Audio():
                self._line.play(action.mulaw)
            case actions.Mark():
                self._line.mark(action.name)
            case actions.Clear():
                self._line.clear()
            case actions.Render():
                rendering = self._tasks.start(self._render(action))
                self._renderings.add(rendering)
                rendering.add_done_callback(self._renderings.discard)
            case actions.Spoken():
                self._tape.saying(action.say, self._heard_at())
                self._caption_of(action.say)
            case actions.Notice():
                self._notice(action.code)
            case actions.Listen():
                self._listen(action)
            case actions.Feed():
                self._hearings[action.utterance].feed(action.pcm)
            case actions.Finish():
                self._hearings[action.utterance].finish()
            case actions.Forget():
                self._hearings.pop(action.utterance).forget()
            case actions.PutThrough():
                self._tools.floor.put_through(self, action.turn, action.wish)
            case actions.TurnOver():
                self._tape.answered(action.event, self.language, self._heard_at())
                self._tasks.start(self._next(self._turns.resumed(action.turn, action.event)))
            case actions.MessageRecorded():
                self._tape.answered(Recorded("", 0.0, action.transcript), self.language, self._heard_at())
                self._tasks.start(self._next(self._turns.recorded(action)))
            case actions.Over():
                failed = action.reason == "fault"
                self._end(CallStatus.FAILED if failed else CallStatus.COMPLETED, action.reason)

    def _listen(self, action: actions.Listen) -> None:
        self._tape.listening(self._heard_at())

        def partly(words: str) -> None:
            if not self._stopped:
                self._tape.partly(words, action.language, self._heard_at())
                private = self._tape.private
                self._line.tell(messages.caption("caller", words, action.language, partial=True, private=private))

        def so_far(words: str, heard_s: float) -> None:
            if not self._stopped:
                self._do(self._session.partly(action.utterance, words, heard_s, self._now()))

        def words(heard: str, confidence: float) -> None:
            self._hearings.pop(action.utterance, None)
            if not self._stopped:
                self._do(self._session.recognized(action.utterance, heard, confidence, self._now()))

        def busy() -> None:
            self._hearings.pop(action.utterance, None)
            if not self._stopped:
                self._do(self._session.recognized(action.utterance, "", 0.0, self._now(), busy=True))

        self._hearings[action.utterance] = self._tools.ears[action.language].listen(
            action.speech, partly=partly, words=words, busy=busy, keys=action.keys, so_far=so_far
        )

    async def _render(self, action: actions.Render) -> None:
        sound, spoken = await self._tools.renderer.sound(action.say)
        if self._stopped:
            return
        if not (spoken or action.needed):
            return
        if not spoken:
            self._notice("no_voice")
        self._do(self._session.rendered(action.prompt, sound, self._now()))

    def _caption_of(self, say: Say) -> None:
        language = say.segments[0].language if say.segments else self.language
        self._line.tell(messages.caption("hotline", say.text, language, private=say.private))

    def _notice(self, code: str) -> None:
        self._line.tell(messages.caption("notice", text(code, self.language), self.language))

    # --- turns

    async def _next(self, turn: Awaitable[TurnAnswer]) -> None:
        try:
            answer = await turn
        except CallEnded:
            self._end(CallStatus.COMPLETED, "the call has been ended")
        except Exception:  # noqa: BLE001 - tried again and again by then; the caller hears an apology
            self._log.exception("turn_failed")
            self._apologise()
        else:
            if not (self._stopped or self._said_last):
                self.begin(answer)

    async def _hung_up(self, reason: str) -> None:
        if self._stopped:
            return
        message = self._session.cut_short()
        self._stop()
        self._tools.floor.over(self.call_id, reason)
        await self._tasks.settled()  # the turn being made: its row must not be overtaken
        await self.left(message, reason)
        self._over(reason)

    # --- the end

    def _apologise(self) -> None:
        self.say_last("apology" if self._last_resort is None else "apology_transfer", "fault")

    @property
    def _last_resort(self) -> LastResortLine | None:
        """By which a caller whose call has failed comes to a person all the same."""
        return self.line if self._tools.transfer_number and isinstance(self.line, LastResortLine) else None

    def _end(self, status: CallStatus, reason: str) -> None:
        if not self._stopped:
            self._stop()
            self._tasks.start(self._ended(status, reason))

    async def _ended(self, status: CallStatus, reason: str) -> None:
        if reason == "fault" and self._last_resort is not None:
            assert self._tools.transfer_number is not None
            await self._last_resort.put_through_at_last(self._tools.transfer_number)
        try:
            await self._tools.rows.ended(self.call_id, status, reason)
        except Exception:  # noqa: BLE001 - the sweep ends the row when its time is up
            self._log.exception("call_not_ended")
        self._over(reason)

    def _stop(self) -> None:
        """Nothing is sent or heard any more; turns being made are still finished."""
        self._stopped = True
        self._wake_at(None)
        for rendering in self._renderings:  # the end of the call does not wait for a voice, nor does the next caller
            rendering.cancel()
        for hearing in self._hearings.values():
            hearing.forget()
        self._hearings.clear()

    def _over(self, reason: str) -> None:
        self.over = True
        self._tell_over()
        self._tools.floor.over(self.call_id, reason)
        self._tools.tapes.over(self.call_id)
        self.line.hang_up(reason)

    # --- time and tasks

    def _now(self) -> float:
        """The session's time."""
        now = asyncio.get_running_loop().time() if self._paused_at is None else self._paused_at
        return now - self._behind_s

    def _heard_at(self) -> float:
        """The recording's time, which does not stand still while we are on hold."""
        return asyncio.get_running_loop().time()

    def _wake_at(self, deadline: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if deadline is not None and not self._stopped and self._paused_at is None:
            self._timer = asyncio.get_running_loop().call_at(deadline + self._behind_s, self._tick)

    def _tick(self) -> None:
        self._do(self._session.tick(self._now()))

    def _failed(self, error: BaseException) -> None:
        self._log.error("call_task_failed", exc_info=error)
        self._apologise()
