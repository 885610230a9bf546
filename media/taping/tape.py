"""What one call sounds like and what is said on it, told by the call as it happens. On the event loop; takes no time.

Times (`at`) are the event loop's. Sound of the last second is kept here, until `Tapes` takes it to the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ivr.events import Digits, Event, Recorded, Speech
from ivr.outputs import RECORDED_NOTICE, Gather, Output, Record, Say, Segment
from ivr.routing import MASK
from media.line import Line
from media.taping.spans import Spans
from media.taping.taped_line import TapedLine
from media.taping.tracks import SILENCE, HeardTrack, SpokenTrack
from models import Speaker
from speech.audio import RATE

SETTLED_S: Final = 1.0
"""How long after it came in sound may still find its place."""
MOST_BACKLOG_S: Final = 30.0
"""So much sound waits for a slow disk; what is older is dropped."""
MOST_BLOCK: Final = 10 * RATE
TAIL_S: Final = 0.5
"""The tone of the last key of a private entry goes on after the key has counted."""
ON_THE_WAY_S: Final = 0.1
"""What comes in when an agent pauses has been said this much before, and counts to what is left out."""
AFTER_PRIVATE_WORDS_S: Final = 0.3
MOST_LINES: Final = 500

Tell = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Block:
    """Sound for the file: both channels, as long as each other, from sample `start` on."""

    start: int
    left: bytes
    right: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.left)


@dataclass(frozen=True, slots=True)
class SaidLine:
    """A line of the transcript. `at`: when it began to be said."""

    at: float
    speaker: Speaker
    language: str
    text: str
    confidence: float | None
    private: bool


class CallTape:
    """`keeps`: whether calls are recorded at all; live lines are told all the same. `tell(call, line)` never waits."""

    def __init__(self, call_id: str, *, keeps: bool, tell: Tell) -> None:
        self.call_id = call_id
        self.begun_at: float | None = None  # loop time of sample 0
        self.pauses = Spans()
        self.gaps = Spans()
        self.lines: list[SaidLine] = []
        self.taken = 0  # samples handed out, or dropped
        self._keeps = keeps
        self._tell = tell
        self._left = SpokenTrack()
        self._right = HeardTrack()
        self._owed: Say | None = None  # the notice, until it has begun to be heard
        self._notice: Say | None = None  # with which the recording began
        self._sent_until = 0.0
        self._private_wait = self._held = self._private_words = False
        self._private_until = 0.0
        self._undecided_at: float | None = None  # the last wait is over, the next is not known yet
        self._pause_from: int | None = None
        self._utterance_at: float | None = None

    @property
    def private(self) -> bool:
        """What the caller says or keys now is for nobody else: it is asked for as such, or may be."""
        return self._private_wait or self._undecided_at is not None

    def on(self, line: Line) -> TapedLine:
        """`line`, telling this tape what is heard on it."""
        return TapedLine(line, self)

    # --- what the call goes through

    def answering(self, outputs: Sequence[Output], at: float) -> list[Output]:
        """An answer is going to be played; its last output is the wait. Returns what is to be played: a caller who has
        spoken before the notice began to be heard hears it now. What they have keyed ahead is part of the wait."""
        wait = outputs[-1]
        self._private_wait = isinstance(wait, Gather | Record) and wait.private
        undecided_at, self._undecided_at = self._undecided_at, None
        self._pausing(at if undecided_at is None or not self._private_wait else undecided_at)
        if not self._keeps or self.begun_at is not None:
            return list(outputs)
        notice = next((o for o in outputs if isinstance(o, Say) and _is_notice(o)), None)
        owed, self._owed = self._owed, notice or self._owed
        return [owed, *outputs] if owed is not None and notice is None else list(outputs)

    def saying(self, say: Say, at: float) -> None:
        """A prompt begins to be heard, as soon as what was sent before it has been."""
        heard_at = max(at, self._sent_until)
        if _is_notice(say):
            self._owed, self._notice = None, say
            self.begin(heard_at)
        self._private_words = say.private
        language = say.segments[0].language if say.segments else ""
        private = say.private or self._private_wait
        text = " ".join(_shown(segment, private) for segment in say.segments)
        self.line(Speaker.HOTLINE, text, language, private=say.private, at=heard_at)

    def said(self) -> None:
        """All of the prompt has been sent."""
        self._private_words = False

    def listening(self, at: float) -> None:
        """The caller begins to speak."""
        self._utterance_at = at

    def partly(self, words: str, language: str, at: float) -> None:
        """What was understood so far: shown, not kept."""
        private = self.private or self._held
        shown = MASK if private else words
        self._tell(self.call_id, _line(Speaker.CALLER, shown, language, partial=True, private=private))

    def answered(self, event: Event, language: str, at: float) -> None:
        """The wait is over: by words, by keys (in brackets), by a message."""
        began, self._utterance_at = self._utterance_at, None
        if self._undecided_at is None:
            self._undecided_at = at
        if self._private_wait:
            self._private_until = at + TAIL_S
        text, confidence = "", None
        match event:
            case Speech():
                text, confidence, at = event.text, event.confidence, at if began is None else began
            case Digits():
                text = f"[{event.digits}]" if event.digits else ""
            case Recorded():
                text = event.transcript
        if text:
            self.line(Speaker.CALLER, text, language, private=self._private_wait, confidence=confidence, at=at)

    def line(
        self, speaker: Speaker, text: str, language: str, *, at: float, private: bool = False,
        confidence: float | None = None,
    ) -> None:  # fmt: skip
        """Somebody has said `text`, beginning at `at`. Private words of callers and staff are masked here."""
        private = private or self._held
        if private and speaker is not Speaker.HOTLINE:
            text = MASK
        self._tell(self.call_id, _line(speaker, text, language, private=private))
        if self.begun_at is not None and len(self.lines) < MOST_LINES:
            self.lines.append(SaidLine(at, speaker, language, text, confidence, private))

    def begin(self, at: float) -> None:
        """The notice begins to be heard at `at`: from there on the call is recorded. Twice is once."""
        if self._keeps and self.begun_at is None:
            self.begun_at = at
            self._pausing(at)

    def go_on(self, begun_at: float, taken: int, pauses: Spans, gaps: Spans) -> None:
        """What another process has begun."""
        if self._keeps and self.begun_at is None:
            self.begun_at, self.taken, self.pauses, self.gaps = begun_at, taken, pauses, gaps
            self._pausing(begun_at + taken / RATE)

    def pause(self, on: bool, at: float) -> None:
        """Somebody of the staff keeps what is said now out of the recording, or no longer."""
        self._held = on
        if on and self.begun_at is not None:
            at = max(at - ON_THE_WAY_S, self.begun_at + self.taken / RATE)
        self._pausing(at)

    # --- sound

    def heard_by_caller(self, mulaw: bytes, at: float) -> None:
        """Sent at `at`, to be heard after all that was sent before."""
        start = max(at, self._sent_until)
        self._sent_until = start + len(mulaw) / RATE
        if self.begun_at is None:
            return
        first, last = self._right.add(mulaw, self._sample(at))
        if self._private_words:
            self.pauses.add(first, last + round(AFTER_PRIVATE_WORDS_S * RATE))

    def cleared(self, at: float) -> None:
        """What was sent and not heard yet is dropped, and a prompt of which nothing was heard was not said."""
        self._sent_until = min(self._sent_until, at)
        self.lines = [line for line in self.lines if line.speaker is not Speaker.HOTLINE or line.at <= at]
        self._private_words = False
        if self.begun_at is not None and at < self.begun_at and self._notice is not None:  # not a word of the notice
            self.begun_at, self._owed = None, self._notice
            self.pauses, self._pause_from = Spans(), None
            self._left, self._right = SpokenTrack(), HeardTrack()
        if self.begun_at is not None:
            self._right.cut(max(0, self._sample(at)))

    def said_by_caller(self, mulaw: bytes, at: float) -> None:
        """It had come in by `at`."""
        if self.begun_at is not None and at > self.begun_at:
            self._left.add(mulaw, self._sample(at))

    # --- on its way to the disk

    def take(self, at: float, *, all_of_it: bool = False) -> Block | None:
        """The next sound that has found its place, at most some seconds; None where there is none. `all_of_it`: the
        call is over. Silence between two sounds is left out: the file is filled up to where the next block begins.
        While it is not known whether the next wait is private, what is heard stays here."""
        if self.begun_at is None:
            return None
        until = self._sample(at if all_of_it else at - SETTLED_S)
        if self._undecided_at is not None:
            undecided = max(0, self._sample(self._undecided_at))
            if all_of_it:  # nobody will ever know what the caller has keyed for
                self.pauses.add(undecided, until)
            else:
                until = min(until, undecided)
        if self._pause_from is not None:
            self.pauses.add(self._pause_from, until)
        self.trim(at)
        self._left.settle(until)
        begins = [start for track in (self._left, self._right) if (start := track.begins()) is not None]
        start = max(self.taken, min(begins, default=until))
        end = min(until, start + MOST_BLOCK, max(self._left.end, self._right.end))
        if end <= start:
            return None
        left, right = (bytearray(track.take(start, end)) for track in (self._left, self._right))
        for first, last in self.pauses.within(start, end):
            left[first - start : last - start] = right[first - start : last - start] = SILENCE * (last - first)
        self.taken = end
        return Block(start, bytes(left), bytes(right))

    def trim(self, at: float) -> float:
        """Drops what has waited too long for the disk; the seconds dropped."""
        if self.begun_at is None:
            return 0.0
        kept_from = self._sample(at - MOST_BACKLOG_S)
        self._left.settle(kept_from)
        begins = [start for track in (self._left, self._right) if (start := track.begins()) is not None]
        oldest = max(self.taken, min(begins, default=kept_from))
        if oldest >= kept_from:
            return 0.0
        for track in (self._left, self._right):
            track.take(oldest, kept_from)
        self.gaps.add(oldest, kept_from)
        self.taken = kept_from
        return (kept_from - oldest) / RATE

    def gone_by(self, block: Block, at: float) -> bool:
        """Whether a block that could not be written has waited too long: then it is a gap."""
        if block.end >= self._sample(at - MOST_BACKLOG_S):
            return False
        self.gaps.add(block.start, block.end)
        return True

    def _sample(self, at: float) -> int:
        assert self.begun_at is not None
        return round((at - self.begun_at) * RATE)

    def _pausing(self, at: float) -> None:
        if self.begun_at is None:
            return
        if self._private_wait or self._held:
            if self._pause_from is None:
                self._pause_from = max(0, self._sample(at))
        elif self._pause_from is not None:
            self.pauses.add(self._pause_from, self._sample(max(at, self._private_until)))
            self._pause_from = None


def _is_notice(say: Say) -> bool:
    return any(segment.prompt == RECORDED_NOTICE for segment in say.segments)


def _shown(segment: Segment, private: bool) -> str:
    """Where something private is said or asked for, only what is the same for every caller is shown."""
    return MASK if private and segment.prompt is None else segment.text


def _line(
    speaker: Speaker, text: str, language: str, *, private: bool = False, partial: bool = False
) -> Mapping[str, Any]:
    return {"speaker": speaker.value, "text": text, "language": language, "private": private, "partial": partial}
