"""Calls that run over Media Streams: which of them do, and the TwiML that hands one over to our own ears and voice.

`<Connect><Stream>` blocks until the stream ends: because we close it (the call is over, or is to be put through to
another number), or because it broke. Then Twilio asks the `action`, which goes on by webhook where it must.
https://www.twilio.com/docs/voice/twiml/stream
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.calls import TurnAnswer
from ivr.channels import tokens
from ivr.channels.twilio.twiml import document, redirect, tag
from ivr.channels.twilio.urls import Urls
from ivr.flow import AGENTS
from ivr.outputs import Transfer
from settings import Settings

PURPOSE = "stream"
TOKEN_S = 60
"""How long the address of a stream is good for. Twilio opens it at once."""
MOST_STREAMS = 2
"""So many may break at one answer before the call goes on by webhook: nobody should hear a third silence."""
HANDED_OVER = "twilio"
"""In a call's row in place of the media process that carried it: that has closed the stream for Twilio to go on."""


@dataclass(frozen=True, slots=True)
class StreamClaims:
    """What the address of a stream says, and nobody else can make it say."""

    call_id: str
    sid: str  # Twilio's CallSid

    @classmethod
    def read(cls, settings: Settings, token: str) -> StreamClaims:
        """Raises TokenError."""
        claims = tokens.check(settings, PURPOSE, token, max_age_s=TOKEN_S)
        return cls(str(claims.get("call", "")), str(claims.get("sid", "")))


def streams(settings: Settings, form: Mapping[str, str]) -> bool:
    """Whether the call that this webhook is about runs over a stream: by the number of ours that it came in at, or
    was begun from."""
    outbound = form.get("Direction", "").startswith("outbound")
    return form.get("From" if outbound else "To", "") in settings.twilio.streams


def to_agents(turn: TurnAnswer) -> bool:
    """Whether the caller waits for an agent from now on. Agents talk through the media gateway, whatever number the
    call came in at."""
    last = turn.outputs[-1] if turn.outputs else None
    return isinstance(last, Transfer) and last.to == AGENTS


def connect(settings: Settings, urls: Urls, turn: TurnAnswer, sid: str, broken: int = 0) -> str:
    """The document that joins the call to the media gateway. `broken`: streams of this answer that broke before."""
    base = (settings.media.public_url or "").rstrip("/")
    # A stream that is begun again has another address, even in the same second; a carrier's retry is given the same.
    which = f"{turn.turn}.{broken}"
    address = f"{base}/twilio/{tokens.issue(settings, PURPOSE, call=turn.call_id, sid=sid, which=which)}"
    ended = urls.stream_ended(turn.call_id, turn.turn, broken)
    stream = tag("Stream", {"url": address}, tag("Parameter", {"name": "call", "value": turn.call_id}))
    # The redirect is for a stream that Twilio never began: it then goes on with the next verb, and asks no action.
    return document(tag("Connect", {"action": ended, "method": "POST"}, stream) + redirect(ended))
