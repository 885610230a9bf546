"""Addresses that Twilio is told to come back to. Every one names the call and the answer whose wait it ends."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

VOICE = "/twilio/voice"
TURN = "/twilio/turn"
STATUS = "/twilio/status"
PROMPTS = "/twilio/prompts"
STREAM_ENDED = "/twilio/stream-ended"
PUT_THROUGH_ENDED = "/twilio/put-through-ended"
WITHOUT_STREAM = "without_stream"


@dataclass(frozen=True, slots=True)
class Urls:
    """`base` is the public address of the web without a slash at its end, e.g. `https://ivr.example.org`.

    An empty base gives addresses on the host that Twilio has just asked, which is enough inside TwiML and not
    for a call that we begin.
    """

    base: str = ""
    without_stream: bool = False  # the call has left its stream for good: it goes on by webhook

    def voice(self, call_id: str | None, **more: str) -> str:
        """`call_id` None: an inbound call, which is known by its CallSid."""
        return self._url(VOICE, **({} if call_id is None else {"call": call_id}), **more)

    def turn(self, call_id: str, turn: int, **more: str) -> str:
        stays = {WITHOUT_STREAM: "1"} if self.without_stream else {}
        return self._url(TURN, call=call_id, turn=str(turn), **stays, **more)

    def put_through_ended(self, call_id: str, turn: int, **more: str) -> str:
        """A talk that an agent has put the caller through to, while the flow stood at answer `turn`, is over."""
        return self._url(PUT_THROUGH_ENDED, call=call_id, turn=str(turn), **more)

    def stream_ended(self, call_id: str, turn: int, broken: int, **more: str) -> str:
        """`broken`: how many streams of answer `turn` had broken when this one was begun with it."""
        return self._url(STREAM_ENDED, call=call_id, turn=str(turn), broken=str(broken), **more)

    def status(self, call_id: str, turn: int | None = None) -> str:
        return self._url(STATUS, call=call_id, **({} if turn is None else {"turn": str(turn)}))

    def prompt(self, language: str, prompt: str) -> str:
        return f"{self.base}{PROMPTS}/{quote(language, safe='')}/{quote(prompt, safe='')}.wav"

    def _url(self, path: str, **query: str) -> str:
        return f"{self.base}{path}?{urlencode(query)}"
