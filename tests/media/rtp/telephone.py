"""An engine over real sockets, and a telephone at the other end of the wire."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from media.codec import Codec
from media.rtp import RtpEngine, RtpStream
from media.rtp.packets import Packet, built, is_rtcp, parse
from media.rtp.telephone_events import press
from tests.ports import free_port
from tests.scenarios import until

HOST = "127.0.0.1"
EVENT = 101


class Notes:
    """A receiver that writes everything down."""

    def __init__(self) -> None:
        self.mulaw = b""
        self.keys = ""
        self.marks: list[str] = []
        self.silences: list[float] = []

    def sound(self, mulaw: bytes) -> None:
        self.mulaw += mulaw

    def key(self, digit: str) -> None:
        self.keys += digit

    def heard(self, mark: str) -> None:
        self.marks.append(mark)

    def silent(self, seconds: float) -> None:
        self.silences.append(seconds)


class Telephone:
    """The far end: a socket of its own, nothing of ours in it but the shape of packets."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)
        self.address: tuple[str, int] = self.socket.getsockname()
        self.packets: list[Packet] = []
        self._sequence, self._timestamp = 1000, 5000

    def say(self, to: tuple[str, int], payload: bytes, payload_type: int = 0, *, source: int = 9) -> None:
        self._sequence += 1
        self.socket.sendto(built(payload_type, self._sequence, self._timestamp, source, payload), to)
        self._timestamp += len(payload)

    def press(self, to: tuple[str, int], key: str) -> None:
        for payload in press(key):
            if payload is not None:
                self._sequence += 1
                self.socket.sendto(built(EVENT, self._sequence, self._timestamp, 9, payload), to)
        self._timestamp += 1600

    def take(self) -> None:
        while True:
            try:
                datagram = self.socket.recv(2048)
            except BlockingIOError:
                return
            if not is_rtcp(datagram):
                self.packets.append(parse(datagram))

    async def hears(self, packets: int) -> None:
        async with asyncio.timeout(10):
            while len(self.packets) < packets:
                self.take()
                await asyncio.sleep(0.005)

    def close(self) -> None:
        self.socket.close()


@asynccontextmanager
async def engine(ports: int = 40) -> AsyncIterator[RtpEngine]:
    first = free_port(ports)
    made = RtpEngine(HOST, first, first + ports - 1, asyncio.get_running_loop())
    made.start()
    try:
        yield made
    finally:
        made.close()


@asynccontextmanager
async def call(
    codec: Codec = Codec.PCMU, dtmf_type: int | None = EVENT
) -> AsyncIterator[tuple[RtpStream, Notes, Telephone]]:
    async with engine() as made:
        notes, telephone = Notes(), Telephone()
        stream = made.open(notes)
        stream.connect(telephone.address, codec, dtmf_type)
        try:
            yield stream, notes, telephone
        finally:
            stream.close()
            telephone.close()


@asynccontextmanager
async def talking() -> AsyncIterator[tuple[RtpStream, Notes, Telephone]]:
    """A call in which the telephone has been heard."""
    async with call() as (stream, notes, telephone):
        telephone.say(stream.local, b"\x10" * 160)
        await until(lambda: notes.mulaw)
        yield stream, notes, telephone


def sounding(telephone: Telephone) -> bytes:
    """What came to the telephone, without the silence."""
    return b"".join(packet.payload for packet in telephone.packets if packet.payload != b"\xff" * 160)


def events(telephone: Telephone) -> list[Packet]:
    return [packet for packet in telephone.packets if packet.payload_type == EVENT]
