"""The wait for a message: from the tone to a key, to silence or to the longest there may be."""

from __future__ import annotations

from ivr.events import Digits, NoInput
from ivr.outputs import Record
from media.actions import Action, BargeIn, MessageRecorded, TurnOver
from media.waiting import EndpointerFactory, Mouth, Voiced
from speech.audio import PCM_FRAME_BYTES, mulaw_to_pcm
from speech.echo import is_echo

FIRST_WORD_S = 6.0
"""Nobody has spoken so long after the tone: there is no message."""
KEPT_WHEN_QUIET_S = 1.0
"""A message ended by key is kept from this length on even when no voice was made out in it: some speak softly."""
STALLED_S = 1.0
"""Sound that has stopped coming altogether counts as silence, so much later."""

_FRAME_S = 0.02
_ONSET_BYTES = 15 * PCM_FRAME_BYTES


class RecordWait:
    """A message nobody spoke is `NoInput`, never an empty recording."""

    def __init__(self, turn: int, rules: Record, *, endpointers: EndpointerFactory, mouth: Mouth) -> None:
        self._turn = turn
        self.rules = rules
        self._mouth = mouth
        self._endpointer = endpointers(rules.end_silence_s)
        self._pcm = bytearray()
        self._voiced = False
        self._ends_at: float | None = None  # set once recording
        self._quiet_until: float | None = None  # nothing said, or nothing received, up to here ends it
        self.skipped = False  # a key has been pressed to come to the tone at once

    @property
    def recording(self) -> bool:
        return self._ends_at is not None

    def prompts_heard(self, now: float) -> list[Action]:
        """The tone has been heard as well."""
        if not self.recording:
            self._ends_at = now + self.rules.max_s
            self._quiet_until = now + max(FIRST_WORD_S, self.rules.end_silence_s)
        return []

    def key(self, key: str, now: float) -> list[Action]:
        if not self.recording:
            if key in self.rules.commands:
                return [BargeIn(), TurnOver(self._turn, Digits(key))]
            if self.skipped:
                return []
            self.skipped = True
            return [BargeIn()]
        if key in self.rules.commands:
            return [TurnOver(self._turn, Digits(key))]
        return [self._over(by_key=True)] if key == self.rules.terminator else []

    def frame(self, frame: bytes, now: float) -> list[Action]:
        if not self.recording:
            return []
        self._pcm += frame
        voiced = self._endpointer.accept(frame)
        if voiced is Voiced.ONSET:
            if self._hears_itself(now):
                self._endpointer.reset()
            else:
                self._voiced = True
        if self._voiced:
            self._quiet_until = now + self.rules.end_silence_s + STALLED_S
        if len(self._pcm) * _FRAME_S / PCM_FRAME_BYTES >= self.rules.max_s:
            return [self._over()]
        return [self._over()] if voiced is Voiced.ENDED else []

    def words(self, text: str, now: float) -> list[Action]:
        """Typed instead of spoken: the transcript of a message, with whatever sound there is."""
        if not self.recording:
            return []
        return [MessageRecorded(self._turn, bytes(self._pcm), transcript=text)]

    def recognized(self, utterance: int, text: str, confidence: float) -> list[Action]:
        return []

    def tick(self, now: float) -> list[Action]:
        for time in (self._ends_at, self._quiet_until):
            if time is not None and now >= time:
                return [self._over()]
        return []

    def deadline(self) -> float | None:
        return min((time for time in (self._ends_at, self._quiet_until) if time is not None), default=None)

    def cut_short(self) -> MessageRecorded | None:
        """The message so far of a caller who hangs up instead of pressing a key, as most do."""
        return MessageRecorded(self._turn, bytes(self._pcm)) if self._voiced else None

    def _hears_itself(self, now: float) -> bool:
        """The tone, or the last of the prompt, has come back from the far end."""
        played = self._mouth.lately(now)
        return bool(played) and is_echo(bytes(self._pcm[-_ONSET_BYTES:]), mulaw_to_pcm(played))

    def _over(self, *, by_key: bool = False) -> Action:
        seconds = len(self._pcm) * _FRAME_S / PCM_FRAME_BYTES
        if self._voiced or (by_key and seconds >= KEPT_WHEN_QUIET_S):
            return MessageRecorded(self._turn, bytes(self._pcm))
        return TurnOver(self._turn, NoInput())
