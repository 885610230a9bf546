"""A call from the terminal to a running hotline, over the same signed webhooks that Twilio would use."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import urlsplit

from ivr.channels.terminal import Terminal, Typed
from ivr.channels.twilio.simulation import Answer, SimulatedCall, Waiting

TIMEOUT_S = 15.0  # after which Twilio gives up


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A 3xx is shown for what it is: following it would lose the fields, as it does at Twilio."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def over_http(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """A `Transport` to a real server. Raises OSError when it cannot be reached, ValueError for another scheme."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(f"{url} is no address of a web server")
    request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310 - checked above
    try:
        with urllib.request.build_opener(_NoRedirects()).open(request, timeout=TIMEOUT_S) as reply:
            status, text, kind = reply.status, reply.read(), reply.headers.get_content_type()
    except urllib.error.HTTPError as error:
        with error:
            status, text, kind = error.code, error.read(), error.headers.get_content_type()
    except (http.client.HTTPException, ConnectionResetError) as error:  # it died while it answered
        raise ConnectionError(f"{url} broke off in the middle of its answer ({error})") from error
    return Answer(status, text.decode("utf-8", "replace"), kind)


def converse(call: SimulatedCall, waiting: Waiting, terminal: Terminal) -> None:
    """From the first document to the end of the call."""
    while True:
        for line in waiting.heard:
            terminal.show(line)
        if waiting.kind == "over":
            terminal.show("-- the call is over")
            return
        try:
            waiting = _act(call, waiting, terminal)
        except ValueError as error:
            terminal.show(f"! {error}")


def _act(call: SimulatedCall, waiting: Waiting, terminal: Terminal) -> Waiting:
    typed = terminal.ask(_prompt(waiting, terminal))
    if typed.kind == "hang_up":
        return call.hang_up()
    if waiting.kind == "connect":  # this terminal has no sound: the stream breaks until the call goes on by webhook
        return call.stream_ended()
    if waiting.kind == "dial":
        return call.dial_ended(typed.text if typed.kind == "words" else "no-answer", 30)
    if waiting.kind == "record":
        return _leave(call, typed)
    if typed.kind == "silence":
        return call.silence()
    return call.press(typed.text) if typed.kind == "keys" else call.speak(typed.text)


def _leave(call: SimulatedCall, typed: Typed) -> Waiting:
    """`12` leaves a message of 12 s; `12 bye` does and hangs up; words take about as long as it takes to say them."""
    seconds, _, rest = typed.text.partition(" ")
    if seconds.isdecimal():
        return call.leave(int(seconds), hang_up=rest.strip() == "bye")
    return call.leave(0 if typed.kind == "silence" else max(1, len(typed.text) // 4))


def _prompt(waiting: Waiting, terminal: Terminal) -> str:
    attributes = waiting.attributes
    if waiting.kind == "connect":
        terminal.show(f"-- a stream to {waiting.stream.rpartition('/')[0]}/..., which has no sound here")
        return "enter, and it breaks"
    if waiting.kind == "record":
        terminal.show(f"-- beep, at most {attributes.get('maxLength', '3600')} s: type a message, or its seconds")
        return "message"
    if waiting.kind == "dial":
        terminal.show(f"-- dialling {waiting.dialled}")
        return "completed, busy, no-answer or failed"
    takes = attributes.get("input", "dtmf")
    return f"{takes}, {attributes.get('timeout', '5')} s"
