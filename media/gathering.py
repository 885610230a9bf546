"""The wait for keys or speech: which of them counts, when it is complete, and when it has been silence.

VoiceXML's rules: the first-input timeout starts when the last prompt has been heard; a first key replaces it by the
inter-digit one and drops whatever is being said; an utterance that has begun suspends it.
"""

from __future__ import annotations

from collections import deque

from ivr.events import Event, NoInput, Speech
from ivr.keypad import KeyEntry
from ivr.outputs import Gather
from media.actions import Action, BargeIn, Feed, Finish, Forget, Listen, TurnOver
from media.waiting import EndpointerFactory, Voiced

DECODE_PATIENCE_S = 6.0
"""Words that are not there so long after the utterance ended count as not understood."""
PREROLL_FRAMES = 15
"""An onset is known only some frames after it: so much earlier sound goes to the recogniser as well."""

STALLED_S = 1.0
"""Sound that stops coming in the middle of an utterance ends it: a phone may have gone mute."""


class GatherWait:
    """`hears`: whether there are ears for the language; without them only keys and typed words count."""

    def __init__(
        self, turn: int, rules: Gather, *, hears: bool, first_utterance: int, endpointers: EndpointerFactory
    ) -> None:
        self._turn = turn
        self._rules = rules
        self._entry = KeyEntry(rules.keys) if rules.keys else None
        self._endpointer = endpointers(rules.speech.end_silence_s) if rules.speech and hears else None
        self._before: deque[bytes] = deque(maxlen=PREROLL_FRAMES)
        self.utterance = first_utterance  # number of the one under way or of the next
        self._listening = False
        self._decoding = False
        self._silence_at: float | None = None
        self._entry_ends_at: float | None = None
        self._longest_until = 0.0
        self._utterance_ends_at: float | None = None
        self._words_due_at: float | None = None

    @property
    def leftover(self) -> str:
        """The terminator that may still follow an entry its length has ended; "" when none can."""
        return self._entry.rules.terminator if self._entry and self._entry.full else ""

    @property
    def leftover_s(self) -> float:
        return self._entry.rules.inter_digit_s if self._entry else 0.0

    def prompts_heard(self, now: float) -> list[Action]:
        if not (self._keyed or self._listening or self._decoding):
            self._silence_at = now + self._rules.first_input_s
        return []

    def key(self, key: str, now: float) -> list[Action]:
        if self._entry is None:
            return []
        actions: list[Action] = [BargeIn(), *self._drop_speech()]
        self._silence_at = None
        entered = self._entry.press(key)
        if entered is not None:
            return [*actions, self._over(entered)]
        self._entry_ends_at = now + self._entry.rules.inter_digit_s
        return actions

    def frame(self, frame: bytes, now: float) -> list[Action]:
        if self._endpointer is None or self._keyed or self._decoding:
            return []
        assert self._rules.speech is not None
        voiced = self._endpointer.accept(frame)
        if not self._listening:
            self._before.append(frame)
            if voiced is not Voiced.ONSET:
                return []
            self._listening = True
            self._silence_at = None
            self._longest_until = now + self._rules.speech.max_s
            self._utterance_ends_at = min(self._longest_until, now + STALLED_S)
            heard = b"".join(self._before)
            self._before.clear()
            return [
                BargeIn(),
                Listen(self.utterance, self._rules.speech, self._rules.language),
                Feed(self.utterance, heard),
            ]
        if voiced is Voiced.ENDED or now >= self._longest_until:
            return [Feed(self.utterance, frame), *self._finish(now)]
        self._utterance_ends_at = min(self._longest_until, now + STALLED_S)
        return [Feed(self.utterance, frame)]

    def words(self, text: str, now: float) -> list[Action]:
        if self._rules.speech is None or self._keyed:
            return []
        return [BargeIn(), *self._drop_speech(), self._over(Speech(text, 1.0))]

    def recognized(self, utterance: int, text: str, confidence: float) -> list[Action]:
        if utterance != self.utterance or not self._decoding:
            return []
        return [self._over(Speech(text, confidence))]

    def tick(self, now: float) -> list[Action]:
        if _past(self._entry_ends_at, now):
            assert self._entry is not None
            return [self._over(self._entry.timed_out())]
        if _past(self._utterance_ends_at, now):
            return self._finish(now)
        if _past(self._words_due_at, now):
            return [*self._drop_speech(), self._over(Speech("", 0.0))]
        if _past(self._silence_at, now):
            return [self._over(NoInput())]
        return []

    def deadline(self) -> float | None:
        times = (self._silence_at, self._entry_ends_at, self._utterance_ends_at, self._words_due_at)
        return min((time for time in times if time is not None), default=None)

    @property
    def _keyed(self) -> bool:
        return self._entry is not None and self._entry.begun

    def _finish(self, now: float) -> list[Action]:
        self._listening, self._decoding = False, True
        self._utterance_ends_at = None
        self._words_due_at = now + DECODE_PATIENCE_S
        return [Finish(self.utterance)]

    def _drop_speech(self) -> list[Action]:
        if not (self._listening or self._decoding):
            return []
        self._listening = self._decoding = False
        self._utterance_ends_at = self._words_due_at = None
        dropped = Forget(self.utterance)
        self.utterance += 1
        return [dropped]

    def _over(self, event: Event) -> TurnOver:
        return TurnOver(self._turn, event)


def _past(deadline: float | None, now: float) -> bool:
    return deadline is not None and now >= deadline
