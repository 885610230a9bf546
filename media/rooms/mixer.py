"""Who hears whom in a room, frame by frame. No clock, no socket: `mix` is called every 20 ms by whoever has one.

Sound is mu-law, 8 kHz. Where only one voice is to be heard it is passed on as it came; two or more are added as PCM,
which saturates and never wraps.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from media.rooms.buffers import JitterBuffer, PromptQueue
from media.rooms.music import Music
from models import LegMode
from speech.audio import FRAME_BYTES, audioop, mulaw_to_pcm, pcm_to_mulaw

SILENCE: Final = b"\xff" * FRAME_BYTES
HOTLINE: Final = "hotline"
CALLER: Final = "caller"
TELEPHONE: Final = "telephone"


class Place(enum.StrEnum):
    """How somebody is in a room. The staff's are those of `LegMode`."""

    CALLER = "caller"
    HOTLINE = "hotline"
    TELEPHONE = "telephone"  # another one that the caller was put through to
    TALK = "talk"
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"

    @classmethod
    def of(cls, mode: LegMode) -> Place:
        return cls(mode.value)


_SUPERVISOR = frozenset({Place.CALLER, Place.HOTLINE, Place.TELEPHONE, Place.TALK, Place.BARGE})
HEARS: Final[Mapping[Place, frozenset[Place]]] = {
    Place.CALLER: frozenset({Place.HOTLINE, Place.TELEPHONE, Place.TALK, Place.BARGE}),
    Place.HOTLINE: frozenset(),
    Place.TELEPHONE: frozenset({Place.CALLER, Place.HOTLINE, Place.TALK, Place.BARGE}),
    Place.TALK: frozenset({Place.CALLER, Place.HOTLINE, Place.TELEPHONE, Place.TALK, Place.WHISPER, Place.BARGE}),
    Place.LISTEN: _SUPERVISOR,
    Place.WHISPER: _SUPERVISOR,
    Place.BARGE: _SUPERVISOR,
}

_TALKS: Final = frozenset({Place.TELEPHONE, Place.TALK, Place.BARGE})  # with a caller, so that they do not wait


@dataclass(slots=True)
class _Voice:
    place: Place
    buffer: JitterBuffer = field(default_factory=JitterBuffer)
    muted: bool = False
    frame: bytes | None = None  # of this tick
    pcm: bytes | None = None  # the same, once somebody has needed it


class Mixer:
    """`held`: the caller hears music and is heard by nobody. `waiting`: the caller hears music while nobody talks."""

    def __init__(self, music: Music) -> None:
        self._music = music
        self._music_at = 0
        self._voices: dict[str, _Voice] = {CALLER: _Voice(Place.CALLER)}
        self.prompts = PromptQueue()
        self.held = False
        self.waiting = False

    def join(self, name: str, place: Place) -> None:
        if name in self._voices or name == HOTLINE:
            raise ValueError(f"{name!r} is in this room already")
        self._voices[name] = _Voice(place)

    def leave(self, name: str) -> None:
        self._voices.pop(name, None)

    def move(self, name: str, place: Place) -> None:
        self._voices[name].place = place

    def mute(self, name: str, on: bool) -> None:
        self._voices[name].muted = on

    def push(self, name: str, mulaw: bytes) -> None:
        """What `name` says. Somebody who has left is not heard."""
        voice = self._voices.get(name)
        if voice is not None:
            voice.buffer.push(mulaw)

    def forget(self, name: str) -> None:
        """What `name` has said and nobody has heard yet is dropped."""
        if name in self._voices:
            self._voices[name].buffer.clear()

    def mix(self) -> dict[str, bytes | None]:
        """The next 20 ms for everybody; None for a caller to whom there is nothing to be said."""
        for voice in self._voices.values():
            voice.frame, voice.pcm = voice.buffer.pop(), None
        prompt = self.prompts.pop()
        heard: dict[str, bytes | None] = {}
        for name, voice in self._voices.items():
            mixed = self._heard_by(name, voice, prompt)
            if voice.place is Place.CALLER:
                heard[name] = self._music_frame() if mixed is None and self._plays_music() else mixed
            else:
                heard[name] = mixed or SILENCE
        return heard

    def _heard_by(self, name: str, listener: _Voice, prompt: bytes | None) -> bytes | None:
        if listener.place is Place.CALLER and self.held:
            return prompt
        hears = HEARS[listener.place]
        audible = [
            voice
            for other, voice in self._voices.items()
            if voice.frame is not None
            and other != name
            and not voice.muted
            and voice.place in hears
            and not (self.held and voice.place is Place.CALLER)
        ]
        if not audible:
            return prompt
        if len(audible) == 1 and prompt is None:
            return audible[0].frame
        total = mulaw_to_pcm(prompt) if prompt is not None else _pcm(audible.pop())
        for voice in audible:
            total = audioop.add(total, _pcm(voice), 2)
        return pcm_to_mulaw(total)

    def _plays_music(self) -> bool:
        if self.held:
            return True
        return self.waiting and not any(voice.place in _TALKS for voice in self._voices.values())

    def _music_frame(self) -> bytes:
        self._music_at += 1
        return self._music.frame(self._music_at - 1)


def _pcm(voice: _Voice) -> bytes:
    if voice.pcm is None:
        assert voice.frame is not None
        voice.pcm = mulaw_to_pcm(voice.frame)
    return voice.pcm
