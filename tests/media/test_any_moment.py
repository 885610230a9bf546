"""Whatever comes in whatever order: no exception, never stuck, prompts in order, nothing after the end."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.events import DialEnded
from ivr.outputs import Gather, Hangup, KeyInput, Output, Record, Say, SpeechInput, Transfer
from media.actions import (
    Action,
    Audio,
    BargeIn,
    Clear,
    Feed,
    Finish,
    Forget,
    Listen,
    Mark,
    MessageRecorded,
    Over,
    PutThrough,
    Render,
    Spoken,
    Tell,
    TurnOver,
)
from media.session import MediaSession
from speech.audio import pcm_to_mulaw, tone
from tests.media.line import QUIET, VOICE, LevelEndpointer, say

SOUND = pcm_to_mulaw(tone((500.0,), 300))
PHRASES = SpeechInput(("report an outage", "billing"), end_silence_s=0.4, max_s=4.0)
ANSWERS: list[tuple[Output, ...]] = [
    (Gather("en", KeyInput(4, 6, inter_digit_s=1.0), PHRASES, first_input_s=3.0),),
    (say("A."), say("B.", barge_in=False), Gather("en", KeyInput(), PHRASES, first_input_s=2.0)),
    (say("A."), say("B."), Gather("zh-CN", KeyInput(), PHRASES, first_input_s=2.0)),
    (say("A."), Gather("en", None, PHRASES, first_input_s=2.0)),
    (say("A."), Record(6.0, end_silence_s=1.0, commands=("7",))),
    (say("A."), Transfer("+8613800000000")),
    (say("A."), Hangup("flow")),
]
STEPS = st.one_of(
    st.sampled_from("0123456789*#"),
    st.sampled_from(["speak", "quiet", "burst", "odd bytes", "wait", "long wait", "tick", "render", "render last"]),
    st.sampled_from(["mark", "partly", "words", "understood", "not understood", "busy", "stale words", "typed"]),
    st.sampled_from(["answer", "dialled", "hang up"]),
)


@dataclass
class Carrier:
    """Does what a session asks as late, and as oddly, as it is told to; knows what is outstanding."""

    session: MediaSession = field(
        default_factory=lambda: MediaSession(
            hears=lambda language: language == "en", endpointers=LevelEndpointer, one_moment_s=1.5
        )
    )
    now: float = 50.0
    turn: int = 0
    to_render: list[Render] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    utterance: int | None = None
    listening: set[int] = field(default_factory=set)
    spoken: list[Say] = field(default_factory=list)
    said: list[Say] = field(default_factory=list)  # the prompts of the present answer
    answer_due: bool = True
    dialling: bool = False
    over: bool = False

    def answer(self, outputs: tuple[Output, ...]) -> None:
        self.answer_due = self.dialling = False
        self.to_render = [render for render in self.to_render if not render.needed]
        self.marks.clear()
        self.said = [output for output in outputs if isinstance(output, Say)]
        self.spoken.clear()
        self.do(self.session.begin(self.turn, outputs, self.now))

    def do(self, actions: list[Action]) -> None:
        assert not (self.over and actions), "nothing after the end"
        for action in actions:
            match action:
                case Render():
                    self.to_render.append(action)
                case Mark(name):
                    self.marks.append(name)
                case Clear():
                    self.marks.clear()
                case Spoken(said):
                    self.spoken.append(said)
                case Listen(utterance):
                    self.utterance = utterance
                    self.listening.add(utterance)
                case Feed(utterance) | Finish(utterance):
                    assert utterance in self.listening
                case Forget(utterance):
                    self.listening.remove(utterance)
                case TurnOver(turn) | MessageRecorded(turn):
                    assert turn == self.turn
                    assert not self.answer_due, "a turn ends once"
                    self.answer_due = True
                    self.turn += 1
                case PutThrough():
                    self.dialling = True
                case Over():
                    self.over = True
                case BargeIn() | Tell():
                    raise AssertionError("an action of the inside")
                case Audio(mulaw):
                    assert mulaw
        own = [said for said in self.spoken if said in self.said]
        assert own == self.said[: len(own)], "prompts are heard in their order"
        waits = self.answer_due or self.dialling or any(render.needed for render in self.to_render)
        assert self.over or waits or self.session.deadline() is not None, "it waits for nothing"

    def wait(self, seconds: float) -> None:
        """Ticks as late as it may, at each deadline."""
        end = self.now + seconds
        while (due := self.session.deadline()) is not None and due <= end:
            before = self.now
            self.now = max(self.now, due)
            self.do(self.session.tick(self.now))
            if self.now == before and self.session.deadline() == due:
                raise AssertionError("a deadline that does not pass")
        self.now = end

    def step(self, step: str, outputs: tuple[Output, ...]) -> None:
        session = self.session
        match step:
            case "speak" | "quiet" | "burst":
                for _ in range(1 if step == "burst" else 12):
                    self.do(session.audio({"speak": VOICE, "quiet": QUIET}.get(step, VOICE * 25), self.now))
                    self.wait(0.02)
            case "odd bytes":
                self.do(session.audio(b"\x00" * 333, self.now))
            case "wait" | "long wait":
                self.wait(0.5 if step == "wait" else 3.1)
            case "tick":
                self.do(session.tick(self.now))
            case "render" | "render last":
                if self.to_render:
                    render = self.to_render.pop(0 if step == "render" else -1)
                    self.do(session.rendered(render.prompt, SOUND, self.now))
            case "mark":
                self.do(session.mark(self.marks.pop(0) if self.marks else "9.9", self.now))
            case "partly" if self.utterance is not None:
                self.do(session.partly(self.utterance, "billing", 99.0, self.now))
            case "words" | "typed":
                self.do(session.words("anything", self.now))
            case "understood" | "not understood" | "busy" if self.utterance is not None:
                self.listening.discard(self.utterance)
                heard = ("billing", 0.9) if step == "understood" else ("", 0.0)
                self.do(session.recognized(self.utterance, *heard, self.now, busy=step == "busy"))
                self.utterance = None
            case "stale words":
                self.do(session.recognized(999, "billing", 0.9, self.now))
            case "answer" if self.answer_due and not self.over:
                self.answer(outputs)
            case "dialled":
                self.do(session.dialled(self.turn, DialEnded("busy"), self.now))
            case "hang up":
                session.cut_short()
                self.over = True
            case key if len(key) == 1:
                self.do(session.key(key, self.now))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(STEPS, st.sampled_from(ANSWERS)), max_size=60))
def test_whatever_comes_in_whatever_order(steps: list[tuple[str, tuple[Output, ...]]]) -> None:
    carrier = Carrier()
    carrier.answer(ANSWERS[1])
    for step, outputs in steps:
        carrier.step(step, outputs)
    if carrier.over:
        assert carrier.session.deadline() is None
        return
    # What is outstanding is done at last: the turn ends by itself, whatever was left of it.
    while carrier.to_render:
        carrier.step("render", ())
    carrier.wait(60.0)
    assert carrier.answer_due or carrier.dialling or carrier.over
