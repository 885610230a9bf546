"""What a media session asks of whoever carries it: sound to send, words to render, ears to open, a turn over."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.events import Event
from ivr.outputs import Say, SpeechInput, Transfer


@dataclass(frozen=True, slots=True)
class Render:
    """Make `say` into sound and hand it to `MediaSession.rendered` under the name `prompt`.

    Not `needed`: it may never be played; nothing is handed over, and nobody told, when there is no voice for it.
    """

    prompt: str
    say: Say
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Audio:
    """mu-law, 8 kHz, at most a few frames of 20 ms: to be sent now."""

    mulaw: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """To be sent after the audio before it; comes back through `MediaSession.mark` once that has been heard."""

    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """The far end must drop at once what it has not played yet."""


@dataclass(frozen=True, slots=True)
class BargeIn:
    """Said by a wait to its session, never seen outside: input that counts has come, prompts stop."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Said by a wait to its session, never seen outside: text `code` is to be heard, then its time begins anew."""

    code: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt begins to be heard now: its caption is due."""

    say: Say


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the caller should be told in writing; `code` is a key of `media.texts`."""

    code: str


@dataclass(frozen=True, slots=True)
class Listen:
    """An utterance has begun: a recogniser for `speech` in `language` will be fed. `keys`: they would do as well."""

    utterance: int
    speech: SpeechInput
    language: str
    keys: bool = True


@dataclass(frozen=True, slots=True)
class Feed:
    """More of an utterance: PCM, 16 bit, 8 kHz."""

    utterance: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Finish:
    """The utterance is over; its words go to `MediaSession.recognized`."""

    utterance: int


@dataclass(frozen=True, slots=True)
class Forget:
    """Nobody wants the words of this utterance any more."""

    utterance: int


@dataclass(frozen=True, slots=True)
class TurnOver:
    """The wait of answer number `turn` has ended with `event`."""

    turn: int
    event: Event


@dataclass(frozen=True, slots=True)
class PutThrough:
    """The prompts before the transfer of answer `turn` have been heard: it is due. Ends in `MediaSession.dialled`."""

    turn: int
    wish: Transfer


@dataclass(frozen=True, slots=True)
class MessageRecorded:
    """The wait of answer `turn` has ended with a message: `pcm`, 16 bit, 8 kHz. `transcript` when it was typed."""

    turn: int
    pcm: bytes
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class Over:
    """The caller has heard the last word: hang up."""

    reason: str


Action = (
    Render
    | Audio
    | Mark
    | Clear
    | BargeIn
    | Tell
    | Spoken
    | Notice
    | Listen
    | Feed
    | Finish
    | Forget
    | TurnOver
    | PutThrough
    | MessageRecorded
    | Over
)
