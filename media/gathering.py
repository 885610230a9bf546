"""The wait for keys or speech: which of them counts, when it is complete, and when it has been silence.

VoiceXML's rules: the first-input timeout starts when the last prompt has been heard; a first key replaces it by the
inter-digit one and drops whatever is being said; an utterance that has begun suspends it.
"""

from __future__ import annotations

from collections import deque

from ivr.events import Event, NoInput, Speech
from ivr.keypad import KeyEntry
from ivr.outputs import Gather
from media.actions import Action, BargeIn, Feed, Finish, Forget, Listen, Tell, TurnOver
from media.completing import Completeness
from media.waiting import EndpointerFactory, Mouth, Voiced
from speech.audio import PCM_FRAME_BYTES, mulaw_to_pcm
from speech.echo import is_echo

DECODE_PATIENCE_S = 6.0
"""Words that are not there so long after the utterance ended count as not understood."""
PREROLL_FRAMES = 25
"""An onset is known only some frames after it: so much earlier sound goes to the recogniser as well."""
ECHO_FRAMES = 15
"""So much of an onset is held against what was played: less is too like any other sound."""

STALLED_S = 1.0
"""Sound that stops coming in the middle of an utterance ends it: a phone may have gone mute."""
_CAUGHT_UP_S = 0.04
"""A recogniser that has heard so much of the silence has heard the last word."""


class GatherWait:
    """`hears`: whether there are ears for the language; without them only keys and typed words count."""

    def __init__(
        self,
        turn: int,
        rules: Gather,
        *,
        hears: bool,
        first_utterance: int,
        endpointers: EndpointerFactory,
        mouth: Mouth,
    ) -> None:
        self._turn = turn
        self._rules = rules
        self._mouth = mouth
        self._entry = KeyEntry(rules.keys) if rules.keys else None
        self._completeness = Completeness(rules) if rules.speech and hears else None
        self._endpointer = endpointers(self._completeness.longest_s) if self._completeness else None
        self._before: deque[bytes] = deque(maxlen=PREROLL_FRAMES)
        self.utterance = first_utterance  # number of the one under way or of the next
        self._listening = False
        self._unheard = False  # the caller is being told that nobody can listen now
        self.decoding_since: float | None = None  # when the caller stopped speaking, once their words are awaited
        self._fed_bytes = 0
        self._partial, self._partial_of_s = "", 0.0
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
        self._unheard = False
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
        if self._endpointer is None or self._keyed or self._decoding or self._unheard:
            return []
        voiced = self._endpointer.accept(frame, over_prompt=self._mouth.sounding(now))
        if not self._listening:
            self._before.append(frame)
            if voiced is not Voiced.ONSET:
                return []
            if self._hears_itself(now):
                self._endpointer.reset()
                return []
            return self._begin_utterance(now)
        self._fed_bytes += len(frame)
        fed: list[Action] = [Feed(self.utterance, frame)]
        if voiced is Voiced.ENDED or self._complete() or self._too_long(now):
            quiet_s = self._completeness.longest_s if voiced is Voiced.ENDED and self._completeness else self._quiet_s
            return [*fed, *self._finish(now, now - quiet_s)]
        self._utterance_ends_at = min(self._longest_until, now + STALLED_S)
        return fed

    def partly(self, utterance: int, text: str, heard_s: float, now: float) -> list[Action]:
        """What the recogniser makes of the first `heard_s` of the utterance: enough of it may end it at once."""
        if utterance != self.utterance or not self._listening:
            return []
        self._partial, self._partial_of_s = text, heard_s
        return self._finish(now, now - self._quiet_s) if self._complete() else []

    def words(self, text: str, now: float) -> list[Action]:
        if self._rules.speech is None or self._keyed:
            return []
        return [BargeIn(), *self._drop_speech(), self._over(Speech(text, 1.0))]

    def recognized(self, utterance: int, text: str, confidence: float) -> list[Action]:
        if utterance != self.utterance or not self._decoding:
            return []
        return [self._over(Speech(text, confidence))]

    def nobody_hears(self, utterance: int) -> list[Action]:
        """All recognisers are busy: the utterance is lost, the caller is asked for keys and has the time anew."""
        if utterance != self.utterance or not (self._listening or self._decoding):
            return []
        self._drop_speech()  # nobody has to be told to forget it
        self._unheard = True
        return [Tell("ears_busy")]

    def given_up(self) -> list[Action]:
        """Nothing is waited for here any more."""
        return self._drop_speech()

    def tick(self, now: float) -> list[Action]:
        if _past(self._entry_ends_at, now):
            assert self._entry is not None
            return [self._over(self._entry.timed_out())]
        if _past(self._utterance_ends_at, now):
            return self._finish(now, now - STALLED_S)
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

    @property
    def _decoding(self) -> bool:
        return self.decoding_since is not None

    @property
    def _fed_s(self) -> float:
        return self._fed_bytes / PCM_FRAME_BYTES * 0.02

    @property
    def _quiet_s(self) -> float:
        return self._endpointer.quiet_s if self._endpointer else 0.0

    def _hears_itself(self, now: float) -> bool:
        played = self._mouth.lately(now)
        return bool(played) and is_echo(b"".join(list(self._before)[-ECHO_FRAMES:]), mulaw_to_pcm(played))

    def _begin_utterance(self, now: float) -> list[Action]:
        assert self._rules.speech is not None
        self._listening = True
        self._silence_at = None
        self._partial, self._partial_of_s = "", 0.0
        self._longest_until = now + self._rules.speech.max_s
        self._utterance_ends_at = min(self._longest_until, now + STALLED_S)
        heard = b"".join(self._before)
        self._before.clear()
        self._fed_bytes = len(heard)
        return [
            BargeIn(),
            Listen(self.utterance, self._rules.speech, self._rules.language, keys=self._entry is not None),
            Feed(self.utterance, heard),
        ]

    def _complete(self) -> bool:
        """It has been quiet long enough for what was heard."""
        assert self._completeness is not None
        spoken_s = self._fed_s - self._quiet_s
        heard = self._partial if self._partial_of_s >= spoken_s + _CAUGHT_UP_S else ""
        return self._quiet_s >= self._completeness.silence_s(heard) - 1e-6

    def _too_long(self, now: float) -> bool:
        assert self._rules.speech is not None
        return now >= self._longest_until or self._fed_s >= self._rules.speech.max_s + PREROLL_FRAMES * 0.02

    def _finish(self, now: float, spoken_until: float) -> list[Action]:
        self._listening, self.decoding_since = False, spoken_until
        self._utterance_ends_at = None
        self._words_due_at = now + DECODE_PATIENCE_S
        return [Finish(self.utterance)]

    def _drop_speech(self) -> list[Action]:
        if not (self._listening or self._decoding):
            return []
        self._listening, self.decoding_since = False, None
        self._utterance_ends_at = self._words_due_at = None
        if self._endpointer is not None:
            self._endpointer.reset()
        dropped = Forget(self.utterance)
        self.utterance += 1
        return [dropped]

    def _over(self, event: Event) -> TurnOver:
        return TurnOver(self._turn, event)


def _past(deadline: float | None, now: float) -> bool:
    return deadline is not None and now >= deadline
