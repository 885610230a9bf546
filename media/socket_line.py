"""Sound over a WebSocket in Twilio's Media Streams messages: what browser phones and Twilio have in common."""

from __future__ import annotations

from media import messages
from media.sockets import PhoneSocket


class SocketLine:
    """The half of a `media.line.Line` that is about sound."""

    def __init__(self, socket: PhoneSocket, stream: str) -> None:
        self.socket = socket
        self._stream = stream

    def play(self, mulaw: bytes) -> None:
        self.socket.send(messages.media(self._stream, mulaw))

    def mark(self, name: str) -> None:
        self.socket.send(messages.mark(self._stream, name))

    def clear(self) -> None:
        self.socket.send(messages.clear(self._stream))
