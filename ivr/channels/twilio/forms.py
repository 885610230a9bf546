"""Twilio's form fields -> what they mean. Everything that came in is checked here, once.

A turn is decided by what the caller did (a message, a transfer's end, keys, speech) before `CallStatus`: the field
says `completed` also when a message was left and then the phone put down, and the message counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from ivr.calls import NewRecording
from ivr.events import DialEnded, Digits, Event, NoInput, Recorded, Speech
from models import CallStatus, new_id

FORM = "application/x-www-form-urlencoded"
LONGEST_SPEECH = 4000  # characters; nobody says more in a minute
MOST_TURNS = 100_000
MOST_FIELDS = 200
_SID = {kind: re.compile(f"^{kind}[0-9a-f]{{32}}$") for kind in ("CA", "RE")}
_CALL_ID = re.compile("^[0-9a-f]{32}$")
_NUMBER = re.compile(r"^\+?[0-9]{2,15}$")
_KEYS = re.compile("^[0-9*#A-D]{1,64}$")
_COMMAND = re.compile("^[0-9*]$")
_DIALLED = {"completed": "answered", "answered": "answered", "busy": "busy", "no-answer": "no-answer"}
_ANSWERED_BY = {"human", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"}


class BadRequest(Exception):
    """Not Twilio's way of asking. The message says what is wrong and how to mend it, for whoever set it up."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Turn:
    """What the caller did. `event` None: nothing, because the call is over (`over` says how)."""

    event: Event | None
    recording: NewRecording | None
    over: CallStatus | None


class Webhook(Request):
    """A request of Twilio's. Its form is read once, and strictly."""

    @cached_property
    def form(self) -> MultiDict[str, str]:  # type: ignore[override]
        """Raises BadRequest for a form whose text is not UTF-8, which would come in with holes, or that has no end."""
        try:
            body = self.get_data().decode("utf-8")
            return MultiDict(parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
        except UnicodeDecodeError:
            raise BadRequest("the form is not in UTF-8; Twilio sends UTF-8") from None
        except ValueError:
            raise BadRequest(f"the form has more than {MOST_FIELDS} fields; a Twilio webhook has some twenty") from None


def required(form: Mapping[str, str], *names: str) -> None:
    missing = [name for name in names if not form.get(name)]
    if missing:
        raise BadRequest(
            f"the request lacks {', '.join(missing)}; a Twilio voice webhook carries these as form fields. "
            "Set the number's webhook to HTTP POST."
        )


def sid(form: Mapping[str, str], name: str, kind: str) -> str:
    value = form.get(name, "")
    if not _SID[kind].match(value):
        raise BadRequest(f"{name} must be {kind} and 32 hexadecimal digits, it is {value[:60]!r}")
    return value


def call_id(arguments: Mapping[str, str]) -> str:
    value = arguments.get("call", "")
    if not _CALL_ID.match(value):
        raise BadRequest(
            f"call= in the address must be the 32 hexadecimal digits of a call, it is {value[:60]!r}; "
            "only addresses that this hotline gave to Twilio come back here"
        )
    return value


def turn_number(arguments: Mapping[str, str]) -> int:
    value = arguments.get("turn", "")
    if not (value.isascii() and value.isdecimal() and len(value) <= 6 and int(value) <= MOST_TURNS):
        raise BadRequest(f"turn= in the address must be the number of an answer, it is {value[:60]!r}")
    return int(value)


def broken(arguments: Mapping[str, str]) -> int:
    value = arguments.get("broken", "")
    if not (value.isascii() and value.isdecimal() and len(value) == 1):
        raise BadRequest(f"broken= in the address must be a digit, it is {value[:60]!r}")
    return int(value)


def number(value: str) -> str:
    """E.164 or a short code; "anonymous" for a withheld number, a SIP address and the like."""
    return value if _NUMBER.match(value) else "anonymous"


def status(form: Mapping[str, str]) -> CallStatus:
    value = form.get("CallStatus", "")
    try:
        return CallStatus("queued" if value == "initiated" else value)
    except ValueError:
        known = ", ".join(status.value for status in CallStatus)
        raise BadRequest(f"CallStatus must be one of {known}, it is {value[:60]!r}") from None


def answered_by(form: Mapping[str, str]) -> str:
    """Twilio's words: human, machine_start, machine_end_..., fax; "unknown" for any other or none."""
    value = form.get("AnsweredBy", "")
    return value if value in _ANSWERED_BY else "unknown"


def turn(form: Mapping[str, str], more: Mapping[str, str]) -> Turn:
    """`more` are fields that an earlier try of the same turn left in the address, see `webhooks`."""
    over = None
    if form.get("CallStatus"):
        reported = status(form)
        over = reported if reported.final else None
    if form.get("RecordingUrl") or more.get("RecordingUrl"):
        source = form if form.get("RecordingUrl") else more
        recording = new_recording(source)
        command = form.get("Digits", "")  # the key that ended the message, when it was not the terminator
        if _COMMAND.match(command):
            return Turn(Digits(command), recording, over)
        return Turn(Recorded(recording.id, recording.seconds), recording, over)
    dialled = form.get("DialCallStatus") or more.get("DialCallStatus")
    if dialled:
        seconds = _seconds(form.get("DialCallDuration") or more.get("DialCallDuration") or "0", "DialCallDuration")
        return Turn(DialEnded(_DIALLED.get(dialled, "failed"), seconds), None, over)
    return Turn(_input(form, over), None, over)


def _input(form: Mapping[str, str], over: CallStatus | None) -> Event | None:
    keys = form.get("Digits", "")
    if keys and keys != "hangup":  # a key pressed makes what was said meanwhile count for nothing
        if not _KEYS.match(keys):
            raise BadRequest(f"Digits must be keys of a telephone, they are {keys[:60]!r}")
        return Digits(keys)
    said = form.get("SpeechResult", "").strip()
    if said:
        if len(said) > LONGEST_SPEECH:
            raise BadRequest(f"SpeechResult has more than {LONGEST_SPEECH} characters", 413)
        return Speech(said, _confidence(form.get("Confidence", "")))
    return None if over else NoInput()


def new_recording(form: Mapping[str, str]) -> NewRecording:
    url = form["RecordingUrl"]
    if not url.startswith(("https://", "http://")) or len(url) > 500:
        raise BadRequest(f"RecordingUrl must be an address, it is {url[:60]!r}")
    seconds = _seconds(form.get("RecordingDuration", "0"), "RecordingDuration")
    return NewRecording(new_id(), seconds, remote_url=url, provider_id=sid(form, "RecordingSid", "RE"))


def _confidence(value: str) -> float:
    """0 to 1. Some of Twilio's recognisers give none: then what was heard stands for itself."""
    try:
        confidence = float(value) if value else 1.0
    except ValueError:
        raise BadRequest(f"Confidence must be a number from 0 to 1, it is {value[:60]!r}") from None
    return 0.0 if math.isnan(confidence) else min(1.0, max(0.0, confidence))


def _seconds(value: str, name: str) -> float:
    if not (value.isascii() and value.isdecimal() and len(value) <= 7):
        raise BadRequest(f"{name} must be whole seconds, it is {value[:60]!r}")
    return float(value)
