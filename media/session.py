"""One call's mouth and ears: prompts out, keys and sound in, one turn after the other. No sockets, threads or clocks.

Whoever carries it calls a method for everything that happens, does the actions it answers in their order, and calls
`tick` no later than `deadline`. Times are monotonic seconds; sound on the line is mu-law, 8 kHz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ivr.events import DialEnded
from ivr.keypad import KEYS
from ivr.outputs import Gather, Hangup, Output, Record, Say, Transfer
from media import texts
from media.actions import Action, BargeIn, MessageRecorded, Notice, Over, Render, Tell, TurnOver
from media.comfort import Comfort
from media.gathering import GatherWait
from media.intake import Intake
from media.leaving import LeaveWait
from media.playout import Playout
from media.recording import RecordWait
from media.waiting import EndpointerFactory
from speech.audio import beep, mulaw_to_pcm, pcm_to_mulaw

TYPE_AHEAD = 20
"""Keys kept while an answer is being made."""
_MOMENT = "moment"  # the name of its rendering, before the language


class MediaSession:
    """`hears(language)`: whether a recogniser is there for it. `endpointers(end_silence_s)` makes one for a wait.

    `own_say(code, language)`: how a text of `media.texts` is said. A caller who has heard nothing for `one_moment_s` is
    comforted (`media.comfort`); None: never.
    """

    def __init__(
        self,
        *,
        hears: Callable[[str], bool],
        endpointers: EndpointerFactory,
        own_say: Callable[[str, str], Say] = texts.say,
        one_moment_s: float | None = None,
    ) -> None:
        self._hears = hears
        self._endpointers = endpointers
        self._own_say = own_say
        self._comfort = Comfort(one_moment_s) if one_moment_s is not None else None
        self._playout = Playout()
        self._wait: GatherWait | RecordWait | LeaveWait | None = None  # None: the answer is being made, or it is over
        self._over = False
        self._left_at: float | None = None  # since when the answer is being made
        self._turn = -1
        self._language = ""
        self._begun_at = 0.0
        self._told_heard = False
        self._utterances = 0
        self._told = 0
        self._intake = Intake()
        self._typed_ahead: list[str] = []
        self._leftover: tuple[str, float] | None = None  # a terminator to swallow, until when
        self._told_keypad_only: set[str] = set()
        self._moments_asked: set[str] = set()

    # --- the answer of the flow

    def begin(self, turn: int, outputs: Sequence[Output], now: float) -> list[Action]:
        """Plays answer number `turn` and waits as its last output says, whatever was waited for until now.

        Nothing once the call is over.
        """
        if self._over:
            return []
        actions = self._playout.stop(now, filler=False)
        if isinstance(self._wait, GatherWait):  # it is interrupted: nobody wants the words any more
            actions += self._wait.given_up()
            self._utterances = self._wait.utterance
        last = outputs[-1]
        self._turn, self._told_heard, self._begun_at, self._left_at = turn, False, now, None
        says = [output for output in outputs if isinstance(output, Say)]
        for index, say in enumerate(says):
            actions.append(self._add_say(f"{turn}.{index}", say, interruptible=say.barge_in and _may_interrupt(last)))
        self._language = _language(says, last) or self._language
        actions += self._moment_wanted()
        match last:
            case Gather():
                actions += self._begin_gather(last)
            case Record():
                self._wait = RecordWait(turn, last, endpointers=self._endpointers, mouth=self._playout)
                self._add_tone(last)
            case Hangup() | Transfer():
                self._wait = LeaveWait(turn, last)
            case _:
                raise ValueError(f"an answer cannot end with {last.kind!r}")
        early, self._typed_ahead = self._typed_ahead, []
        actions += self._pumped(now)
        for key in early:  # those that follow one that ends this wait are typed ahead again
            actions += self._pressed(key, now)
        return self._comforted(actions, now)

    def rendered(self, prompt: str, mulaw: bytes, now: float) -> list[Action]:
        kind, _, language = prompt.partition(" ")
        if kind == _MOMENT and self._comfort is not None:
            self._comfort.know(language, self._own_say("one_moment", language), mulaw)
        else:
            self._playout.rendered(prompt, mulaw)
        return self._comforted(self._pumped(now), now)

    # --- what comes in

    def audio(self, mulaw: bytes, now: float) -> list[Action]:
        """Any number of bytes; cut into frames here. What comes faster than it can be spoken is left out."""
        actions: list[Action] = []
        for frame in self._intake.frames(mulaw, now):
            if self._wait is None or not self._open:
                break
            actions += self._done(self._wait.frame(mulaw_to_pcm(frame), now), now)
        return self._comforted(actions, now)

    def key(self, key: str, now: float) -> list[Action]:
        """One of `KEYS`; anything else is a ValueError."""
        if key not in KEYS:
            raise ValueError(f"{key!r} is not a key of a telephone")
        return self._comforted(self._pressed(key, now), now)

    def words(self, text: str, now: float) -> list[Action]:
        """Typed in place of speech. Counts as well recognised."""
        if self._wait is None or not self._open:
            return []
        return self._comforted(self._done(self._wait.words(text, now), now), now)

    def partly(self, utterance: int, text: str, heard_s: float, now: float) -> list[Action]:
        """What the recogniser makes of the first `heard_s` of an utterance that may go on."""
        if not isinstance(self._wait, GatherWait):
            return []
        return self._comforted(self._done(self._wait.partly(utterance, text, heard_s, now), now), now)

    def recognized(
        self, utterance: int, text: str, confidence: float, now: float, *, busy: bool = False
    ) -> list[Action]:
        """`busy`: there is no recogniser for it, and there will be none; see `media.hearing`."""
        if self._wait is None:
            return []
        if busy:
            wanted = self._wait.nobody_hears(utterance) if isinstance(self._wait, GatherWait) else []
        else:
            wanted = self._wait.recognized(utterance, text, confidence)
        return self._comforted(self._done(wanted, now), now)

    def dialled(self, turn: int, event: DialEnded, now: float) -> list[Action]:
        """The transfer of answer `turn` is over; one that is not waited for any more means nothing."""
        wanted = self._wait.dialled(turn, event) if isinstance(self._wait, LeaveWait) else []
        return self._comforted(self._done(wanted, now), now)

    def mark(self, name: str, now: float) -> list[Action]:
        self._playout.marked(name)
        return self._comforted(self._pumped(now), now)

    def tick(self, now: float) -> list[Action]:
        actions = self._pumped(now)
        if self._wait is not None:
            actions += self._done(self._wait.tick(now), now)
        return self._comforted(actions, now)

    def deadline(self) -> float | None:
        times = (
            self._playout.deadline(),
            self._wait.deadline() if self._wait is not None else None,
            self._comfort.deadline() if self._comfort is not None else None,
        )
        return None if self._over else min((time for time in times if time is not None), default=None)

    def cut_short(self) -> MessageRecorded | None:
        """The caller is gone: what they had said of a message, if any. Nothing is played or heard any more."""
        wait = self._wait
        self._end()
        return wait.cut_short() if isinstance(wait, RecordWait) else None

    # --- inside: what is heard

    def _add_say(self, name: str, say: Say, *, interruptible: bool) -> Render:
        self._playout.add(name, interruptible=interruptible, say=say)
        return Render(name, say)

    def _add_tone(self, rules: Record) -> None:
        if rules.beep:
            self._playout.add(f"{self._turn}.tone", interruptible=True, sound=pcm_to_mulaw(beep()))

    def _moment_wanted(self) -> list[Action]:
        """Made ahead: the voice may be what takes its time."""
        language = self._language
        if self._comfort is None or not language or language in self._moments_asked:
            return []
        self._moments_asked.add(language)
        return [Render(f"{_MOMENT} {language}", self._own_say("one_moment", language), needed=False)]

    def _pumped(self, now: float) -> list[Action]:
        if self._over:
            return []
        actions = self._playout.pump(now)
        if self._wait is not None and self._playout.idle and not self._told_heard:
            self._told_heard = True
            actions += self._done(self._wait.prompts_heard(now), now)
        return actions

    def _comforted(self, actions: list[Action], now: float) -> list[Action]:
        """`actions`, and what the caller hears while they wait for us."""
        if self._comfort is None or self._over:
            return actions
        since = self._owed_since()
        if since is None:
            if self._comfort.owed:
                self._comfort.no_more()
                self._playout.cut_filler()
                actions += self._pumped(now)
            return actions
        self._comfort.owe(since)
        due = self._comfort.due(self._language, now)
        if due is not None:
            self._playout.fill(*due)
            actions += self._pumped(now)
        return actions

    def _owed_since(self) -> float | None:
        """From when on it has been for us to make a sound; None: it is the caller's turn, or they hear one."""
        if self._wait is None:
            return self._left_at
        if isinstance(self._wait, GatherWait) and self._wait.decoding_since is not None:
            return self._wait.decoding_since
        starved = self._playout.starved_since
        return None if starved is None else max(starved, self._begun_at)

    # --- inside: what is waited for

    @property
    def _open(self) -> bool:
        """Input counts unless something still to be heard insists on being heard."""
        return self._playout.interruptible

    def _begin_gather(self, rules: Gather) -> list[Action]:
        hears = self._hears(rules.language)
        self._wait = GatherWait(
            self._turn,
            rules,
            hears=hears,
            first_utterance=self._utterances,
            endpointers=self._endpointers,
            mouth=self._playout,
        )
        if rules.speech is None or hears or rules.language in self._told_keypad_only:
            return []
        self._told_keypad_only.add(rules.language)
        return [Notice("keypad_only")]

    def _pressed(self, key: str, now: float) -> list[Action]:
        leftover, self._leftover = self._leftover, None
        if self._over or (leftover is not None and key == leftover[0] and now <= leftover[1]):
            return []
        if self._wait is None:
            if len(self._typed_ahead) < TYPE_AHEAD:
                self._typed_ahead.append(key)
            return []
        return self._done(self._wait.key(key, now), now) if self._open else []

    def _done(self, wanted: list[Action], now: float) -> list[Action]:
        """What a wait asked for, with what follows from it: prompts stopped or said, the wait left."""
        actions: list[Action] = []
        for action in wanted:
            match action:
                case BargeIn():
                    actions += self._interrupted(now)
                case Tell():
                    actions += self._tell(action.code, now)
                case TurnOver() | MessageRecorded():
                    actions.append(action)
                    self._leave(now)
                case Over():
                    actions.append(action)
                    self._end()
                case _:
                    actions.append(action)
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

    def _tell(self, code: str, now: float) -> list[Action]:
        """Within the wait: its time begins when this has been heard."""
        self._told += 1
        self._told_heard, self._begun_at = False, now
        name = f"{self._turn}.told.{self._told}"
        return [self._add_say(name, self._own_say(code, self._language), interruptible=True)]

    def _leave(self, now: float) -> None:
        self._left_at = now
        if isinstance(self._wait, GatherWait):
            self._utterances = self._wait.utterance + 1
            self._left_at = self._wait.decoding_since or now
            if self._wait.leftover:
                self._leftover = (self._wait.leftover, now + self._wait.leftover_s)
        self._wait = None

    def _end(self) -> None:
        self._wait, self._left_at, self._over = None, None, True


def _may_interrupt(last: Output) -> bool:
    return last.barge_in if isinstance(last, Gather) else isinstance(last, Record)


def _language(says: Sequence[Say], last: Output) -> str:
    """In which the caller is spoken to."""
    if isinstance(last, Gather):
        return last.language
    spoken = [segment.language for say in says for segment in say.segments]
    return spoken[-1] if spoken else ""
