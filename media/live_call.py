"""One call on one phone: the media session joined to a socket, to threads and to the runner.

Everything here happens on the event loop; rows, voices and recognisers are asked in threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from ivr.calls import CallEnded, CallError, NewRecording, TurnAnswer
from ivr.events import Event, Recorded
from ivr.outputs import Gather, Hangup, Heard, Output, Record, Say, Segment, Transfer
from media import actions, messages
from media.hearing import EarPool, Hearing
from media.messages import Out
from media.rendering import Renderer
from media.session import MediaSession
from media.texts import text
from models import CallStatus

log = structlog.get_logger("media")
WAITS = (Gather, Record, Hangup, Transfer)


class CallRows(Protocol):
    """What a call does to its rows, each in a thread; see `media.rows`."""

    async def resume(self, call_id: str, turn: int, event: Event, recording: NewRecording | None) -> TurnAnswer: ...
    async def ended(self, call_id: str, status: CallStatus, reason: str) -> None: ...
    async def keep_message(self, pcm: bytes, transcript: str) -> NewRecording: ...


@dataclass(frozen=True, slots=True)
class CallTools:
    """Shared by the calls of one gateway."""

    rows: CallRows
    renderer: Renderer
    ears: dict[str, EarPool]
    new_session: Callable[[], MediaSession]
    turn_tries: tuple[float, ...]


class LiveCall:
    """`send` reaches the phone; `over` is called once, when nothing more will come of this call on this phone."""

    def __init__(
        self, tools: CallTools, call_id: str, stream: str, *, send: Callable[[Out], None], over: Callable[[str], None]
    ) -> None:
        self.call_id = call_id
        self.language = "en"
        self._tools = tools
        self._stream = stream
        self._send = send
        self._tell_over = over
        self.over = False
        self._session = tools.new_session()
        self._hearings: dict[int, Hearing] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self._log = log.bind(call=call_id)

    # --- from the phone

    def begin(self, answer: TurnAnswer, *, again: bool = False) -> None:
        """Plays an answer of the runner: the next, or `again` the newest of a call that was come back to."""
        self.language = answer.language
        for output in () if again else answer.outputs:
            if isinstance(output, Heard) and output.text and output.by in ("speech", "keys"):
                self._send(messages.caption("caller", output.text, answer.language))
        rendered: list[Output] = [output for output in answer.outputs if isinstance(output, (Say, *WAITS))]
        if not rendered or not isinstance(rendered[-1], WAITS):
            self._end(CallStatus.FAILED, "the flow has stopped without an end")
            return
        self._do(self._session.begin(answer.turn, rendered, self._now()))

    def receive(self, message: messages.Message) -> None:
        """Anything a phone may send once its call is up. Raises BadMessage for what makes no sense then."""
        if self._stopped:
            return
        now = self._now()
        match message:
            case messages.Media():
                self._do(self._session.audio(message.mulaw, now))
            case messages.Key():
                self._do(self._session.key(message.key, now))
            case messages.Marked():
                self._do(self._session.mark(message.name, now))
            case messages.Words():
                self._do(self._session.words(message.text, now))
            case messages.Connected():
                pass
            case messages.Stop():
                self._start(self._hung_up("caller hung up"))
            case _:
                raise messages.BadMessage("out_of_place", "this socket already carries a call")

    def say_last(self, code: str, reason: str) -> None:
        """Interrupts whatever is going on, says text `code` and hangs up. Reason "fault": the call has failed."""
        if self._stopped:
            return
        say = Say((Segment(text(code, self.language), self.language),), barge_in=False)
        self._do(self._session.begin(0, (say, Hangup(reason)), self._now()))

    async def detach(self) -> actions.MessageRecorded | None:
        """The phone is lost. Finishes the turn being made, then stops; returns the message cut off, if there is one."""
        message = self._session.cut_short()
        self._stop()
        await self._settled()
        return message

    async def left(self, message: actions.MessageRecorded | None, reason: str) -> None:
        """Ends a call whose phone does not come back; what was said of a message is kept first."""
        if message is not None:
            try:
                await self._recorded(message)
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
                self._send(messages.media(self._stream, action.mulaw))
            case actions.Mark():
                self._send(messages.mark(self._stream, action.name))
            case actions.Clear():
                self._send(messages.clear(self._stream))
            case actions.Render():
                self._start(self._render(action))
            case actions.Spoken():
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
            case actions.TurnOver():
                self._start(self._next(self._resumed(action.turn, action.event, None)))
            case actions.MessageRecorded():
                self._start(self._next(self._recorded(action)))
            case actions.Over():
                failed = action.reason == "fault"
                self._end(CallStatus.FAILED if failed else CallStatus.COMPLETED, action.reason)

    def _listen(self, action: actions.Listen) -> None:
        def partly(words: str) -> None:
            if not self._stopped:
                self._send(messages.caption("caller", words, action.language, partial=True))

        def words(heard: str, confidence: float) -> None:
            self._hearings.pop(action.utterance, None)
            if not self._stopped:
                self._do(self._session.recognized(action.utterance, heard, confidence, self._now()))

        self._hearings[action.utterance] = self._tools.ears[action.language].listen(
            action.speech, partly=partly, words=words
        )

    async def _render(self, action: actions.Render) -> None:
        sound, spoken = await self._tools.renderer.sound(action.say)
        if self._stopped:
            return
        if not spoken:
            self._notice("no_voice")
        self._do(self._session.rendered(action.prompt, sound, self._now()))

    def _caption_of(self, say: Say) -> None:
        language = say.segments[0].language if say.segments else self.language
        self._send(messages.caption("hotline", say.text, language, private=say.private))

    def _notice(self, code: str) -> None:
        self._send(messages.caption("notice", text(code, self.language), self.language))

    # --- turns

    async def _next(self, turn: Awaitable[TurnAnswer]) -> None:
        try:
            answer = await turn
        except CallEnded:
            self._end(CallStatus.COMPLETED, "the call has been ended")
        except Exception:  # noqa: BLE001 - tried again and again by then; the caller hears an apology
            self._log.exception("turn_failed")
            self.say_last("apology", "fault")
        else:
            if not self._stopped:
                self.begin(answer)

    async def _resumed(self, turn: int, event: Event, recording: NewRecording | None) -> TurnAnswer:
        """Tried again when the database is away for a moment: a turn is answered once, however often it is asked."""
        for pause_s in self._tools.turn_tries:
            try:
                return await self._tools.rows.resume(self.call_id, turn, event, recording)
            except CallError:
                raise
            except Exception as error:  # noqa: BLE001 - any failure of a dependency
                self._log.warning("turn_tried_again", error=f"{type(error).__name__}: {error}"[:300], after_s=pause_s)
                await asyncio.sleep(pause_s)
        return await self._tools.rows.resume(self.call_id, turn, event, recording)

    async def _recorded(self, message: actions.MessageRecorded) -> TurnAnswer:
        recording = await self._tools.rows.keep_message(message.pcm, message.transcript)
        event = Recorded(recording.id, recording.seconds, recording.transcript)
        return await self._resumed(message.turn, event, recording)

    async def _hung_up(self, reason: str) -> None:
        if self._stopped:
            return
        message = self._session.cut_short()
        self._stop()
        await self._settled()  # the turn being made: its row must not be overtaken
        await self.left(message, reason)
        self._over(reason)

    # --- the end

    def _end(self, status: CallStatus, reason: str) -> None:
        if not self._stopped:
            self._stop()
            self._start(self._ended(status, reason))

    async def _ended(self, status: CallStatus, reason: str) -> None:
        try:
            await self._tools.rows.ended(self.call_id, status, reason)
        except Exception:  # noqa: BLE001 - the sweep ends the row when its time is up
            self._log.exception("call_not_ended")
        self._over(reason)

    def _stop(self) -> None:
        """Nothing is sent or heard any more; turns being made are still finished."""
        self._stopped = True
        self._wake_at(None)
        for hearing in self._hearings.values():
            hearing.forget()
        self._hearings.clear()

    def _over(self, reason: str) -> None:
        self.over = True
        self._tell_over(reason)

    # --- time and tasks

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _wake_at(self, deadline: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if deadline is not None and not self._stopped:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._do(self._session.tick(self._now()))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._log.error("call_task_failed", exc_info=task.exception())
            self.say_last("apology", "fault")

    async def _settled(self) -> None:
        pending = [task for task in self._tasks if task is not asyncio.current_task()]
        await asyncio.gather(*pending, return_exceptions=True)
