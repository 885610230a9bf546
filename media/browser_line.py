"""The line of a browser phone: Twilio's Media Streams messages over its socket, and those of our own for its screen."""

from __future__ import annotations

from media.messages import Out
from media.socket_line import SocketLine
from media.sockets import Close, PhoneSocket


class BrowserLine(SocketLine):
    """A `media.line.Line`."""

    def __init__(self, socket: PhoneSocket, stream: str, call_id: str) -> None:
        super().__init__(socket, stream)
        self._call_id = call_id

    def tell(self, out: Out) -> None:
        self.socket.send(out)

    def hang_up(self, reason: str) -> None:
        self.socket.send(Out("ended", {"call": self._call_id, "reason": reason}))
        self.socket.close(Close.OVER, reason)
