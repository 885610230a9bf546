"""One call's mouth and ears: prompts out, keys and sound in, one turn after the other. No sockets, threads or clocks.

Whoever carries it calls a method for everything that happens, does the actions it answers in their order, and calls
`tick` no later than `deadline`. Times are monotonic seconds; sound on the line is mu-law, 8 kHz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ivr.keypad import KEYS
from ivr.outputs import Gather, Hangup, Output, Record, Say, Transfer
from media.actions import Action, BargeIn, MessageRecorded, Notice, Over, Render, TurnOver
from media.gathering import GatherWait
from media.leaving import LeaveWait
from media.playout import Playout
from media.recording import RecordWait
from media.waiting import EndpointerFactory
from speech.audio import FRAME_BYTES, beep, mulaw_to_pcm, pcm_to_mulaw

TYPE_AHEAD = 20
"""Keys kept while an answer is being made."""


class MediaSession:
    """`hears(language)`: whether a recogniser is there for it. `endpointers(end_silence_s)` makes one for a wait."""

    def __init__(self, *, hears: Callable[[str], bool], endpointers: EndpointerFactory) -> None:
        self._hears = hears
        self._endpointers = endpointers
        self._playout = Playout()
        self._wait: GatherWait | RecordWait | LeaveWait | None = None  # None: the answer is being made, or it is over
        self._turn = -1
        self._told_heard = False
        self._utterances = 0
        self._partial_frame = b""
        self._typed_ahead: list[str] = []
        self._leftover: tuple[str, float] | None = None  # a terminator to swallow, until when
        self._told_keypad_only: set[str] = set()

    # --- the answer of the flow

    def begin(self, turn: int, outputs: Sequence[Output], now: float) -> list[Action]:
        """Plays answer number `turn` and waits as its last output says. The same turn again starts it anew."""
        actions = self._playout.stop(now)
        last = outputs[-1]
        self._turn, self._told_heard = turn, False
        says = [output for output in outputs if isinstance(output, Say)]
        for index, say in enumerate(says):
            name = f"{turn}.{index}"
            self._playout.add(name, interruptible=say.barge_in and _may_interrupt(last), say=say)
            actions.append(Render(name, say))
        match last:
            case Gather():
                actions += self._begin_gather(last)
            case Record():
                self._wait = RecordWait(turn, last, endpointers=self._endpointers)
                self._add_tone(last)
            case Hangup() | Transfer():
                self._wait = LeaveWait(turn, last)
            case _:
                raise ValueError(f"an answer cannot end with {last.kind!r}")
        early, self._typed_ahead = self._typed_ahead, []
        actions += self._pumped(now)
        for key in early:  # those that follow one that ends this wait are typed ahead again
            actions += self.key(key, now)
        return actions

    def rendered(self, prompt: str, mulaw: bytes, now: float) -> list[Action]:
        self._playout.rendered(prompt, mulaw)
        return self._pumped(now)

    # --- what comes in

    def audio(self, mulaw: bytes, now: float) -> list[Action]:
        """Any number of bytes; cut into frames here."""
        mulaw = self._partial_frame + mulaw
        whole = len(mulaw) - len(mulaw) % FRAME_BYTES
        self._partial_frame = mulaw[whole:]
        actions: list[Action] = []
        for at in range(0, whole, FRAME_BYTES):
            if self._wait is None or not self._open:
                break
            actions += self._done(self._wait.frame(mulaw_to_pcm(mulaw[at : at + FRAME_BYTES]), now), now)
        return actions

    def key(self, key: str, now: float) -> list[Action]:
        """One of `KEYS`; anything else is a ValueError."""
        if key not in KEYS:
            raise ValueError(f"{key!r} is not a key of a telephone")
        leftover, self._leftover = self._leftover, None
        if leftover is not None and key == leftover[0] and now <= leftover[1]:
            return []
        if self._wait is None:
            if len(self._typed_ahead) < TYPE_AHEAD:
                self._typed_ahead.append(key)
            return []
        return self._done(self._wait.key(key, now), now) if self._open else []

    def words(self, text: str, now: float) -> list[Action]:
        """Typed in place of speech. Counts as well recognised."""
        return self._done(self._wait.words(text, now), now) if self._wait is not None and self._open else []

    def recognized(self, utterance: int, text: str, confidence: float, now: float) -> list[Action]:
        if self._wait is None:
            return []
        return self._done(self._wait.recognized(utterance, text, confidence), now)

    def mark(self, name: str, now: float) -> list[Action]:
        self._playout.marked(name)
        return self._pumped(now)

    def tick(self, now: float) -> list[Action]:
        actions = self._pumped(now)
        if self._wait is not None:
            actions += self._done(self._wait.tick(now), now)
        return actions

    def deadline(self) -> float | None:
        times = (self._playout.deadline(), self._wait.deadline() if self._wait is not None else None)
        return min((time for time in times if time is not None), default=None)

    def cut_short(self) -> MessageRecorded | None:
        """The caller is gone: what they had said of a message, if any. Nothing is played or heard any more."""
        wait, self._wait = self._wait, None
        return wait.cut_short() if isinstance(wait, RecordWait) else None

    # --- inside

    @property
    def _open(self) -> bool:
        """Input counts unless something still to be heard insists on being heard."""
        return self._playout.interruptible

    def _begin_gather(self, rules: Gather) -> list[Action]:
        hears = self._hears(rules.language)
        self._wait = GatherWait(
            self._turn, rules, hears=hears, first_utterance=self._utterances, endpointers=self._endpointers
        )
        if rules.speech is None or hears or rules.language in self._told_keypad_only:
            return []
        self._told_keypad_only.add(rules.language)
        return [Notice("keypad_only")]

    def _add_tone(self, rules: Record) -> None:
        if rules.beep:
            self._playout.add(f"{self._turn}.tone", interruptible=True, sound=pcm_to_mulaw(beep()))

    def _pumped(self, now: float) -> list[Action]:
        actions = self._playout.pump(now)
        if self._wait is not None and self._playout.idle and not self._told_heard:
            self._told_heard = True
            actions += self._done(self._wait.prompts_heard(now), now)
        return actions

    def _done(self, wanted: list[Action], now: float) -> list[Action]:
        """What a wait asked for, with what follows from it: prompts stopped, the wait left."""
        actions: list[Action] = []
        for action in wanted:
            if isinstance(action, BargeIn):
                actions += self._interrupted(now)
                continue
            actions.append(action)
            if isinstance(action, TurnOver | MessageRecorded | Over):
                self._leave(now)
        return actions

    def _interrupted(self, now: float) -> list[Action]:
        if self._playout.idle:
            return []
        actions = self._playout.stop(now)
        if isinstance(self._wait, RecordWait):
            self._add_tone(self._wait.rules)
        else:
            self._told_heard = True  # cut off is heard enough: the timeouts of the input run now
        return actions + self._pumped(now)

    def _leave(self, now: float) -> None:
        if isinstance(self._wait, GatherWait):
            self._utterances = self._wait.utterance + 1
            if self._wait.leftover:
                self._leftover = (self._wait.leftover, now + self._wait.leftover_s)
        self._wait = None


def _may_interrupt(last: Output) -> bool:
    return last.barge_in if isinstance(last, Gather) else isinstance(last, Record)
