"""Messages of a phone's socket: Twilio's Media Streams protocol, and a few events of our own for the browser phone.

In, Twilio's: connected, start, media, dtmf, mark, stop. In, ours: `register` (this socket only waits to be rung),
`reject` (of an incoming call), `speech_text` (words typed instead of spoken). `start.customParameters` may name the
incoming `call` to answer (`answer`) or the token of a call to come back to (`resume`).

Out, Twilio's: media, mark, clear. Out, ours: `call` (the call is up; its token), `registered`, `incoming`,
`ring_stopped`, `caption`, `notice`, `error`, `ended`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from ivr.keypad import KEYS
from speech.audio import FRAME_BYTES

MAX_MEDIA_BYTES = 50 * FRAME_BYTES  # one second in one message
MAX_WORDS = 500  # characters


class BadMessage(Exception):
    """What came in is no message of the protocol. `code` is for programs, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Connected:
    pass


@dataclass(frozen=True, slots=True)
class Start:
    stream: str
    answer: str | None = None
    resume: str | None = None
    call_sid: str = ""  # Twilio's


@dataclass(frozen=True, slots=True)
class Media:
    mulaw: bytes


@dataclass(frozen=True, slots=True)
class Key:
    key: str


@dataclass(frozen=True, slots=True)
class Marked:
    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    pass


@dataclass(frozen=True, slots=True)
class Words:
    text: str


@dataclass(frozen=True, slots=True)
class Register:
    pass


@dataclass(frozen=True, slots=True)
class Reject:
    call: str


Message = Connected | Start | Media | Key | Marked | Stop | Words | Register | Reject


def loaded(raw: str | bytes) -> Mapping[str, Any]:
    """The JSON object of a message, whatever it means. Raises BadMessage."""
    if isinstance(raw, bytes):
        raise BadMessage("binary", "messages are JSON text, this one is binary")
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadMessage("not_json", "the message is not JSON") from None
    if not isinstance(data, dict):
        raise BadMessage("not_an_object", "the message is not a JSON object")
    return data


def parse(raw: str | bytes) -> Message:
    """Raises BadMessage."""
    data = loaded(raw)
    match data.get("event"):
        case "connected":
            return Connected()
        case "start":
            return _start(part(data, "start"), data)
        case "media":
            return Media(sound(data))
        case "dtmf":
            key = text(part(data, "dtmf"), "digit", 8)
            if key not in KEYS:
                raise BadMessage("bad_key", f"{key!r} is not a key of a telephone")
            return Key(key)
        case "mark":
            return Marked(text(part(data, "mark"), "name", 64))
        case "stop":
            return Stop()
        case "speech_text":
            words = text(data, "text", MAX_WORDS).strip()
            if not words:
                raise BadMessage("bad_field", "there are no words in it")
            return Words(words)
        case "register":
            return Register()
        case "reject":
            return Reject(text(data, "call", 64))
        case str() as event:
            raise BadMessage("unknown_event", f"there is no event {event[:40]!r}")
        case _:
            raise BadMessage("no_event", "the message names no event")


def _start(start: Mapping[str, Any], data: Mapping[str, Any]) -> Start:
    form = start.get("mediaFormat")
    if isinstance(form, dict) and (
        form.get("encoding", "audio/x-mulaw") != "audio/x-mulaw" or form.get("sampleRate", 8000) not in (8000, "8000")
    ):
        raise BadMessage("bad_format", "sound must be audio/x-mulaw with 8000 samples a second")
    wishes = start.get("customParameters") or {}
    if not isinstance(wishes, dict):
        raise BadMessage("bad_field", "customParameters is not an object")
    stream = start.get("streamSid") or data.get("streamSid") or "stream"
    if not isinstance(stream, str) or len(stream) > 64:
        raise BadMessage("bad_field", "streamSid is not a short text")
    call_sid = text(start, "callSid", 64) if start.get("callSid") else ""
    return Start(stream, _wish(wishes, "answer"), _wish(wishes, "resume"), call_sid)


def _wish(wishes: Mapping[str, Any], name: str) -> str | None:
    return text(wishes, name, 500) if wishes.get(name) else None


def part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    if not isinstance(value, dict):
        raise BadMessage("bad_field", f"'{name}' is missing or not an object")
    return value


def text(data: Mapping[str, Any], name: str, longest: int) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise BadMessage("bad_field", f"'{name}' is missing or not a text")
    if len(value) > longest:
        raise BadMessage("bad_field", f"'{name}' is longer than {longest} characters")
    return value


def sound(data: Mapping[str, Any]) -> bytes:
    """The mu-law of a message that carries sound."""
    payload = text(part(data, "media"), "payload", MAX_MEDIA_BYTES * 2)
    try:
        mulaw = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise BadMessage("bad_payload", "the payload is not base64") from None
    if len(mulaw) > MAX_MEDIA_BYTES:
        raise BadMessage("bad_payload", "the payload is longer than a second")
    return mulaw


# --- out


@dataclass(frozen=True, slots=True)
class Out:
    """A message ready to be sent."""

    event: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def encoded(self) -> str:
        return orjson.dumps({"event": self.event, **self.fields}).decode()


def media(stream: str, mulaw: bytes) -> Out:
    return Out("media", {"streamSid": stream, "media": {"payload": base64.b64encode(mulaw).decode()}})


def mark(stream: str, name: str) -> Out:
    return Out("mark", {"streamSid": stream, "mark": {"name": name}})


def clear(stream: str) -> Out:
    return Out("clear", {"streamSid": stream})


def caption(who: str, text: str, language: str, *, private: bool = False, partial: bool = False) -> Out:
    """`who`: hotline, caller or notice."""
    return Out("caption", {"who": who, "text": text, "language": language, "private": private, "partial": partial})


def error(code: str, text: str) -> Out:
    return Out("error", {"code": code, "message": text})
