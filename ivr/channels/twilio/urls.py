"""Addresses that Twilio is told to come back to. Every one names the call and the answer whose wait it ends."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

VOICE = "/twilio/voice"
TURN = "/twilio/turn"
STATUS = "/twilio/status"
PROMPTS = "/twilio/prompts"


@dataclass(frozen=True, slots=True)
class Urls:
    """`base` is the public address of the web without a slash at its end, e.g. `https://ivr.example.org`.

    An empty base gives addresses on the host that Twilio has just asked, which is enough inside TwiML and not
    for a call that we begin.
    """

    base: str = ""

    def voice(self, call_id: str | None, **more: str) -> str:
        """`call_id` None: an inbound call, which is known by its CallSid."""
        return self._url(VOICE, **({} if call_id is None else {"call": call_id}), **more)

    def turn(self, call_id: str, turn: int, **more: str) -> str:
        return self._url(TURN, call=call_id, turn=str(turn), **more)

    def status(self, call_id: str, turn: int | None = None) -> str:
        return self._url(STATUS, call=call_id, **({} if turn is None else {"turn": str(turn)}))

    def prompt(self, language: str, prompt: str) -> str:
        return f"{self.base}{PROMPTS}/{quote(language, safe='')}/{quote(prompt, safe='')}.wav"

    def _url(self, path: str, **query: str) -> str:
        return f"{self.base}{path}?{urlencode(query)}"
