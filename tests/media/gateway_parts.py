"""What gateway tests script: a flow with every kind of wait, a voice that hums, ears that hear what they are told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from media.parts import GatewayParts
from speech.audio import tone
from tests.media.line import LevelEndpointer

__all__ = ["FLOW", "LevelEndpointer", "ScriptedEars", "ScriptedVoice"]

FLOW = """
flow: main
vars: {pin: {type: digits, private: true}, recording: text, said: text, account: digits}
prompts:
  hello: {en: Hello., zh-CN: 您好。}
  what: {en: "Say outage or bill, or press 1 to 6.", zh-CN: 请按1到6。}
  ask_pin: {en: Your PIN?, zh-CN: 密码?}
  your_pin: {en: "It was {pin:digits}.", zh-CN: "是{pin:digits}。"}
  speak: {en: After the tone., zh-CN: 请在提示音后讲话。}
  thanks: {en: "Thank you.", zh-CN: 谢谢。}
  danger: {en: Keep away!, zh-CN: 请远离!}
nodes:
  hello: {say: hello, next: what}
  what:
    menu: what
    first_input_s: 20
    options:
      outage: {key: "1", phrases: {en: [report an outage], zh-CN: [停电]}, next: message}
      bill: {key: "2", phrases: {en: [my bill], zh-CN: [电费]}, next: pin}
      bye: {key: "3", next: bye}
      through: {key: "4", next: through}
      danger: {key: "5", next: danger}
      chinese: {key: "6", next: chinese}
  message: {record: speak, max_s: 20, end_silence_s: 1, into: recording, transcript_into: said, next: thanks}
  thanks: {say: thanks, next: what}
  pin: {ask: ask_pin, type: digits, min: 4, max: 6, private: true, into: pin, inter_digit_s: 1, next: your_pin}
  your_pin: {say: your_pin, next: what}
  bye: {hangup: goodbye}
  through: {transfer: speak, to: "+8613800000000", outcomes: {answered: bye, busy: bye, no-answer: bye, failed: what}}
  danger: {say: danger, barge_in: false, next: what}
  chinese: {set: {language: zh-CN}, next: what}
"""


def impatient(parts: GatewayParts, *, reconnect_s: float = 0.5) -> GatewayParts:
    """A gateway that soon gives up a call whose phone is lost."""
    media = parts.settings.media.model_copy(update={"reconnect_s": reconnect_s})
    return replace(parts, settings=parts.settings.model_copy(update={"media": media}))


@dataclass
class ScriptedVoice:
    """Hums for `seconds` whatever it is given. `fails` makes it raise."""

    seconds: float = 0.3
    fails: bool = False
    kept: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)

    def pcm(self, text: str, language: str) -> bytes:
        if self.fails:
            raise RuntimeError("the voice process died")
        self.kept.append(text)
        return tone((300.0,), int(self.seconds * 1000))

    def private_pcm(self, text: str, language: str) -> bytes:
        self.private.append(text)
        return tone((300.0,), int(self.seconds * 1000))


@dataclass(frozen=True)
class Heard:
    text: str
    confidence: float


@dataclass
class ScriptedEars:
    """One recogniser that hears `says`, and notes what it was given."""

    says: str = "report an outage"
    size: int = 1
    fails: bool = False
    fed: list[bytes] = field(default_factory=list)
    out: int = 0

    def acquire(self) -> ScriptedEars:
        self.out += 1
        assert self.out <= self.size
        return self

    def release(self, recognizer: object, *, broken: bool) -> None:
        self.out -= 1

    def start(self, phrases: tuple[str, ...], *, free: bool, repeat: bool) -> None:
        assert self.says in phrases

    def feed(self, pcm: bytes) -> str:
        if self.fails:
            raise RuntimeError("the decoder broke")
        self.fed.append(pcm)
        return self.says.split()[0]

    def finish(self) -> Heard:
        return Heard(self.says, 0.95)
