"""The messages of `/agent` and `/leg` as they come in; `encoded` writes those that are passed on between processes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ivr.keypad import KEYS
from media import messages
from media.messages import BadMessage, Media, Out
from models import LegMode

MOST_TARGET = 80  # characters of where a call is transferred to


@dataclass(frozen=True, slots=True)
class Ready:
    by: str  # browser, sip


@dataclass(frozen=True, slots=True)
class Away:
    pass


@dataclass(frozen=True, slots=True)
class Answer:
    call: str


@dataclass(frozen=True, slots=True)
class Decline:
    call: str


@dataclass(frozen=True, slots=True)
class Join:
    call: str
    mode: LegMode


# --- what is done on a call: a leg takes these


@dataclass(frozen=True, slots=True)
class Mode:
    mode: LegMode


@dataclass(frozen=True, slots=True)
class Mute:
    on: bool


@dataclass(frozen=True, slots=True)
class Hold:
    on: bool


@dataclass(frozen=True, slots=True)
class PauseRecording:
    on: bool


@dataclass(frozen=True, slots=True)
class Press:
    digit: str


@dataclass(frozen=True, slots=True)
class Transfer:
    to: str
    stay: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    pass


Wish = Mode | Mute | Hold | PauseRecording | Press | Transfer | Leave
AgentMessage = Ready | Away | Answer | Decline | Join | Media | Wish


def parse(raw: str | bytes) -> AgentMessage:
    """Raises BadMessage."""
    data = messages.loaded(raw)
    match data.get("event"):
        case "media":
            return Media(messages.sound(data))
        case "ready":
            return Ready(_one_of(data, "by", ("browser", "sip"), "browser"))
        case "away":
            return Away()
        case "answer":
            return Answer(messages.text(data, "call", 64))
        case "decline":
            return Decline(messages.text(data, "call", 64))
        case "join":
            return Join(messages.text(data, "call", 64), _mode(data))
        case "mode":
            return Mode(_mode(data))
        case "mute":
            return Mute(_on(data))
        case "hold":
            return Hold(_on(data))
        case "pause_recording":
            return PauseRecording(_on(data))
        case "dtmf":
            return Press(_digit(data))
        case "transfer":
            stay = data.get("stay", False)
            if not isinstance(stay, bool):
                raise BadMessage("bad_field", "'stay' is not true or false")
            return Transfer(messages.text(data, "to", MOST_TARGET).strip(), stay)
        case "leave":
            return Leave()
        case str() as event:
            raise BadMessage("unknown_event", f"there is no event {event[:40]!r}")
        case _:
            raise BadMessage("no_event", "the message names no event")


def encoded(message: Media | Wish) -> str:
    """As `parse` reads it."""
    match message:
        case Media(mulaw):
            fields: dict[str, Any] = {"event": "media", "media": {"payload": base64.b64encode(mulaw).decode()}}
        case Mode(mode):
            fields = {"event": "mode", "mode": mode.value}
        case Mute(on):
            fields = {"event": "mute", "on": on}
        case Hold(on):
            fields = {"event": "hold", "on": on}
        case PauseRecording(on):
            fields = {"event": "pause_recording", "on": on}
        case Press(digit):
            fields = {"event": "dtmf", "dtmf": {"digit": digit}}
        case Transfer(to, stay):
            fields = {"event": "transfer", "to": to, "stay": stay}
        case Leave():
            fields = {"event": "leave"}
    return orjson.dumps(fields).decode()


def media(mulaw: bytes) -> Out:
    return Out("media", {"media": {"payload": base64.b64encode(mulaw).decode()}})


def _mode(data: Mapping[str, Any]) -> LegMode:
    return LegMode(_one_of(data, "mode", ("listen", "whisper", "barge"), None))


def _digit(data: Mapping[str, Any]) -> str:
    digit = messages.text(messages.part(data, "dtmf"), "digit", 8)
    if digit not in KEYS:
        raise BadMessage("bad_key", f"{digit!r} is not a key of a telephone")
    return digit


def _on(data: Mapping[str, Any]) -> bool:
    on = data.get("on")
    if not isinstance(on, bool):
        raise BadMessage("bad_field", "'on' is not true or false")
    return on


def _one_of(data: Mapping[str, Any], name: str, known: tuple[str, ...], default: str | None) -> str:
    value = data.get(name, default)
    if value not in known:
        raise BadMessage("bad_field", f"'{name}' is none of {', '.join(known)}")
    return str(value)
