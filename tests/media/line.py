"""A telephone line for tests of the media session: plays what it is sent in simulated real time, returns marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ivr.outputs import Output, Say, Segment
from media.actions import (
    Action,
    Audio,
    Clear,
    Feed,
    Finish,
    Forget,
    Listen,
    Mark,
    MessageRecorded,
    Notice,
    Over,
    PutThrough,
    Render,
    Spoken,
    TurnOver,
)
from media.session import MediaSession
from media.waiting import EndpointerFactory, Voiced
from speech.audio import FRAME_BYTES, tone
from speech.audio import pcm_to_mulaw as encoded

FRAME_S = 0.02
VOICE = encoded(tone((300.0,), 20))  # what the scripted endpointer takes for speech
QUIET = b"\xff" * FRAME_BYTES
MOMENT = encoded(tone((250.0,), 800))  # "one moment, please"


class LevelEndpointer:
    """Loud frames are speech: onset at the third, the end after `end_silence_s` of quiet ones."""

    def __init__(self, end_silence_s: float) -> None:
        self._quiet_wanted = round(end_silence_s / FRAME_S)
        self.reset()

    def reset(self) -> None:
        self._loud = self._quiet = 0
        self._speaking = False

    @property
    def quiet_s(self) -> float:
        return self._quiet * FRAME_S if self._speaking else 0.0

    def accept(self, frame: bytes, *, over_prompt: bool = False) -> Voiced:
        loud = any(frame)
        if not self._speaking:
            self._loud = self._loud + 1 if loud else 0
            if self._loud < 3:
                return Voiced.QUIET
            self._speaking, self._quiet = True, 0
            return Voiced.ONSET
        self._quiet = 0 if loud else self._quiet + 1
        if self._quiet < self._quiet_wanted:
            return Voiced.SPEECH
        self._speaking, self._loud = False, 0
        return Voiced.ENDED


def say(text: str = "Press one.", *, barge_in: bool = True) -> Say:
    return Say((Segment(text, "en"),), barge_in=barge_in)


@dataclass
class Line:
    """Drives a session in 20 ms steps. Prompts last `prompt_s`; `words` is what the recogniser will say.

    Without `renders` prompts are kept in `unrendered` until the test calls `render`.
    """

    prompt_s: float = 1.0
    hears: bool = True
    answers_marks: bool = True
    words: tuple[str, float] | None = ("report an outage", 0.9)
    one_moment_s: float | None = None
    renders: bool = True
    endpointers: EndpointerFactory = LevelEndpointer
    now: float = 100.0
    unrendered: list[Render] = field(default_factory=list)
    played: list[tuple[float, bytes]] = field(default_factory=list)
    cleared_at: list[float] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    utterances: dict[int, bytes] = field(default_factory=dict)
    forgotten: list[int] = field(default_factory=list)
    over: TurnOver | PutThrough | MessageRecorded | Over | None = None
    over_at: float = 0.0
    most_ahead_s: float = 0.0

    def __post_init__(self) -> None:
        self.session = MediaSession(
            hears=lambda language: self.hears, endpointers=self.endpointers, one_moment_s=self.one_moment_s
        )
        self._buffer: list[bytes | str] = []  # frames and names of marks, at the far end

    def begin(self, *outputs: Output, turn: int = 0) -> None:
        self.over = None
        self.do(self.session.begin(turn, outputs, self.now))

    def press(self, *keys: str, every_s: float = 0.1) -> None:
        for key in keys:
            self.do(self.session.key(key, self.now))
            self.wait(every_s)

    def speak(self, seconds: float, frame: bytes = VOICE) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.do(self.session.audio(frame, self.now))
            self.wait(FRAME_S)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.now += FRAME_S
            self._play_one_frame()
            self.do(self.session.tick(self.now))

    def until_over(self, within_s: float = 60.0) -> TurnOver | PutThrough | MessageRecorded | Over:
        """Goes from deadline to deadline: a session that asks for none would hang here."""
        end = self.now + within_s
        while self.over is None:
            assert self.session.deadline() is not None, "the session waits for nothing"
            assert self.now < end, "the turn does not end"
            self.wait(FRAME_S)
        return self.over

    def render(self, action: Render) -> None:
        sound = MOMENT if not action.needed else encoded(tone((500.0,), int(self.prompt_s * 1000)))
        self.do(self.session.rendered(action.prompt, sound, self.now))

    @property
    def heard_s(self) -> float:
        return len(self.played) * FRAME_S

    def do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Render():
                    if self.renders:
                        self.render(action)
                    else:
                        self.unrendered.append(action)
                case Audio():
                    self._buffer += [action.mulaw[at : at + FRAME_BYTES] for at in range(0, len(action.mulaw), 160)]
                    ahead = sum(isinstance(item, bytes) for item in self._buffer) * FRAME_S
                    self.most_ahead_s = max(self.most_ahead_s, ahead)
                case Mark():
                    self._buffer.append(action.name)
                    self._return_marks()
                case Clear():
                    self._buffer.clear()
                    self.cleared_at.append(self.now)
                case Spoken():
                    self.captions.append(action.say.text)
                case Notice():
                    self.notices.append(action.code)
                case Listen():
                    self.utterances[action.utterance] = b""
                case Feed():
                    self.utterances[action.utterance] += action.pcm
                case Forget():
                    self.forgotten.append(action.utterance)
                case Finish():
                    if self.words is not None:
                        self.do(self.session.recognized(action.utterance, *self.words, self.now))
                case TurnOver() | PutThrough() | MessageRecorded() | Over():
                    assert self.over is None, "a turn ended twice"
                    self.over, self.over_at = action, self.now
                case _:
                    raise AssertionError(f"an action of the inside came out: {action}")

    def _play_one_frame(self) -> None:
        self._return_marks()
        if self._buffer:
            frame = self._buffer.pop(0)
            assert isinstance(frame, bytes)
            self.played.append((self.now, frame))
        self._return_marks()

    def _return_marks(self) -> None:
        while self._buffer and isinstance(self._buffer[0], str):
            name = self._buffer.pop(0)
            assert isinstance(name, str)
            if self.answers_marks:
                self.do(self.session.mark(name, self.now))
