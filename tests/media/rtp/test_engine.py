"""The engine over real sockets: what a telephone at the other end of the wire hears and is heard."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from media.codec import Codec
from media.rtp import NoPortLeft, RtpEngine, RtpStream
from media.rtp.packets import Packet, built, is_rtcp, parse
from media.rtp.reports import Received, Sent, read, written
from media.rtp.telephone_events import press
from speech.audio import audioop
from tests.ports import free_port

HOST = "127.0.0.1"
EVENT = 101


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 40))


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
        self.reports: list[bytes] = []
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


async def until(condition: Any, within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)


def sounding(telephone: Telephone) -> bytes:
    return b"".join(packet.payload for packet in telephone.packets if packet.payload != b"\xff" * 160)


def test_what_is_played_is_heard_in_order_and_marks_come_back() -> None:
    async def scenario() -> None:
        async with call() as (stream, notes, telephone):
            prompt = bytes(range(200)) * 8
            stream.play(prompt[:800])
            stream.play(prompt[800:])
            stream.mark("first")
            stream.play(b"\x11" * 90)
            stream.mark("second")
            await until(lambda: notes.marks == ["first", "second"])
            await telephone.hears(14)
            assert sounding(telephone)[: len(prompt) + 90] == prompt + b"\x11" * 90
            numbers = [packet.sequence for packet in telephone.packets]
            assert numbers == [(numbers[0] + at) % 2**16 for at in range(len(numbers))]
            gaps = {(b.timestamp - a.timestamp) % 2**32 for a, b in pairwise(telephone.packets)}
            assert gaps == {160}

    run(scenario())


def test_a_far_end_that_is_told_nothing_still_gets_silence_so_that_the_way_stays_open() -> None:
    async def scenario() -> None:
        async with call(Codec.PCMA) as (_, _, telephone):
            await telephone.hears(10)
            assert {packet.payload for packet in telephone.packets} == {audioop.lin2alaw(bytes(320), 2)}
            assert {packet.payload_type for packet in telephone.packets} == {8}

    run(scenario())


def test_clearing_stops_the_sound_at_the_next_frame() -> None:
    async def scenario() -> None:
        async with call() as (stream, notes, telephone):
            stream.play(b"\x22" * 16000)
            stream.mark("never")
            await telephone.hears(3)
            stream.clear()
            stream.play(b"\x33" * 160)
            stream.mark("after")
            await until(lambda: "after" in notes.marks)
            telephone.take()
            heard = sounding(telephone)
            assert heard.count(b"\x22") < 160 * 40
            assert heard.endswith(b"\x33" * 160)
            assert "never" not in notes.marks

    run(scenario())


@pytest.mark.parametrize("codec", list(Codec))
def test_what_the_far_end_says_comes_in_as_mu_law(codec: Codec) -> None:
    async def scenario() -> None:
        async with call(codec) as (stream, notes, telephone):
            mulaw = bytes(range(0x80, 0xE0)) + bytes(64)
            payload = mulaw if codec is Codec.PCMU else audioop.lin2alaw(audioop.ulaw2lin(mulaw, 2), 2)
            telephone.say(stream.local, payload, codec.payload_type)
            await until(lambda: len(notes.mulaw) >= 160)
            heard, said = audioop.ulaw2lin(notes.mulaw[:160], 2), audioop.ulaw2lin(mulaw, 2)
            difference = audioop.rms(audioop.add(heard, audioop.mul(said, 2, -1), 2), 2)
            assert difference < 0.05 * audioop.rms(said, 2)

    run(scenario())


def test_keys_go_both_ways() -> None:
    async def scenario() -> None:
        async with call() as (stream, notes, telephone):
            for key in "1#9":
                telephone.press(stream.local, key)
            await until(lambda: notes.keys == "1#9")
            stream.press("42")
            await until(lambda: telephone.take() or len({p.timestamp for p in events(telephone)}) == 2)
            await until(lambda: telephone.take() or len(events(telephone)) == 16)
            assert [packet.payload[0] for packet in events(telephone)] == [4] * 8 + [2] * 8
            assert events(telephone)[0].marker

    run(scenario())


def events(telephone: Telephone) -> list[Packet]:
    return [packet for packet in telephone.packets if packet.payload_type == EVENT]


def test_where_no_events_were_agreed_keys_are_tones() -> None:
    async def scenario() -> None:
        async with call(dtmf_type=None) as (stream, notes, telephone):
            other_notes = Notes()
            stream.press("7")
            await telephone.hears(12)
            for packet in list(telephone.packets):
                telephone.say(stream.local, packet.payload)
            await until(lambda: notes.keys == "7")
            assert other_notes.keys == ""

    run(scenario())


def test_sound_goes_to_where_it_comes_from() -> None:
    async def scenario() -> None:
        async with call() as (stream, notes, _):
            behind_router = Telephone()
            try:
                behind_router.say(stream.local, b"\x10" * 160)
                await until(lambda: notes.mulaw)
                await behind_router.hears(3)
            finally:
                behind_router.close()

    run(scenario())


def test_a_stranger_cannot_speak_into_a_call() -> None:
    async def scenario() -> None:
        async with call() as (stream, notes, telephone):
            telephone.say(stream.local, b"\x10" * 160)
            await until(lambda: notes.mulaw)
            stranger = Telephone()
            for _ in range(5):
                stranger.say(stream.local, b"\x44" * 160, source=55)
            await until(lambda: telephone.say(stream.local, b"\x10" * 160) or stream.figures.strange >= 5)
            assert b"\x44" not in notes.mulaw
            stranger.close()

    run(scenario())


def test_garbage_costs_a_count() -> None:
    async def scenario() -> None:
        async with call() as (stream, notes, telephone):
            for garbage in (b"", b"x", bytes(2000), b"\x80" + bytes(11), os.urandom(300)):
                telephone.socket.sendto(garbage, stream.local)
            telephone.say(stream.local, b"\x10" * 160)
            await until(lambda: b"\x10" * 160 in notes.mulaw)
            assert stream.close().strange >= 3

    run(scenario())


@pytest.mark.parametrize("shared", [False, True])
def test_reports_go_out_and_come_in(monkeypatch: pytest.MonkeyPatch, shared: bool) -> None:
    """`shared`: at the port of the sound, where the far end sends its own there."""
    monkeypatch.setattr("media.rtp.reporting.INTERVAL_S", 0.2)

    async def scenario() -> None:
        async with call() as (stream, _, telephone):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as beside:
                beside.bind((HOST, 0))
                telephone.say(stream.local, b"\x10" * 160)
                theirs = written(Sent(9, 1, 160, 0), None, time.time())
                own = telephone.socket if shared else beside
                own.sendto(theirs, (HOST, stream.local[1] + (0 if shared else 1)))
                own.setblocking(False)
                reports: list[bytes] = []

                def report_came() -> bool:
                    with suppress(BlockingIOError):
                        while True:
                            datagram = own.recv(2048)
                            if is_rtcp(datagram):
                                reports.append(datagram)
                    return bool(reports) and read(reports[-1], 0).report_time is not None and reports[-1][1] == 200

                await until(lambda: report_came() and len(reports) >= 2)
                assert int.from_bytes(reports[-1][20:24], "big") > 1, "packets sent so far"
                ours = int.from_bytes(reports[-1][4:8], "big")
                stamp = read(reports[-1], 0).report_time or 0
                answer = written(Sent(9, 2, 320, 160), Received(ours, 0, 3, 7, 80, stamp, 0.0), time.time())
                own.sendto(answer, (HOST, stream.local[1] + (0 if shared else 1)))
                await until(lambda: stream.figures.lost_there == 3)
                assert stream.figures.jitter_there_ms == 10.0
                assert stream.figures.round_trip_ms is not None
                stream.close()
                reports.clear()
                await until(lambda: report_came() and read(reports[-1], 0).goodbye)

    run(scenario())


def test_on_hold_nothing_is_sent_and_nothing_told_and_then_everything_again() -> None:
    async def scenario() -> None:
        async with call() as (stream, notes, telephone):
            await telephone.hears(3)
            stream.connect(telephone.address, Codec.PCMU, EVENT, sends=False, receives=False)
            await asyncio.sleep(0.1)
            telephone.take()
            before = len(telephone.packets)
            stream.play(b"\x21" * 320)
            stream.mark("unheard")
            telephone.say(stream.local, b"\x10" * 160)
            telephone.press(stream.local, "4")
            await until(lambda: notes.marks == ["unheard"])
            telephone.take()
            assert len(telephone.packets) == before
            assert (notes.mulaw, notes.keys) == (b"", "")
            stream.connect(telephone.address, Codec.PCMU, EVENT)
            telephone.say(stream.local, b"\x12" * 160)
            await until(lambda: b"\x12" in notes.mulaw)
            await telephone.hears(before + 2)
            assert telephone.packets[before].marker

    run(scenario())


def test_after_a_re_invitation_sound_goes_to_and_is_taken_from_the_new_address() -> None:
    async def scenario() -> None:
        async with call() as (stream, notes, telephone):
            telephone.say(stream.local, b"\x10" * 160)
            await until(lambda: notes.mulaw)
            other = Telephone()
            stream.connect(other.address, Codec.PCMA, EVENT)
            await other.hears(2)
            assert other.packets[-1].payload_type == 8
            for _ in range(3):
                other.say(stream.local, b"\x14" * 160, source=77)
            await until(lambda: b"\x14" in notes.mulaw)
            other.close()

    run(scenario())


def test_a_flood_costs_its_call_alone_and_is_counted() -> None:
    async def scenario() -> None:
        async with engine() as made:
            notes, quiet = Notes(), Notes()
            flooder, other = Telephone(), Telephone()
            stream, peaceful = made.open(notes), made.open(quiet)
            stream.connect(flooder.address, Codec.PCMU, EVENT)
            peaceful.connect(other.address, Codec.PCMU, EVENT)

            def flood() -> bool:
                for _ in range(50):
                    flooder.say(stream.local, b"\x10" * 160)
                    flooder.socket.sendto(os.urandom(40), stream.local)
                    flooder.socket.sendto(os.urandom(40), peaceful.local)
                return stream.figures.excess > 500 and peaceful.figures.strange > 500

            await until(flood)
            other.say(peaceful.local, b"\x15" * 160)
            await until(lambda: other.say(peaceful.local, b"\x15" * 160) or b"\x15" * 160 in quiet.mulaw)
            await other.hears(5)
            assert stream.figures.strange > 0
            flooder.close()
            other.close()

    run(scenario())


def test_a_receiver_that_fails_costs_nobody_else_anything() -> None:
    class Failing(Notes):
        def sound(self, mulaw: bytes) -> None:
            super().sound(mulaw)
            raise RuntimeError("no ear")

    async def scenario() -> None:
        async with engine() as made:
            failing, notes, telephone = Failing(), Notes(), Telephone()
            streams = [made.open(failing), made.open(notes)]
            for stream in streams:
                stream.connect(telephone.address, Codec.PCMU, EVENT)
                telephone.say(stream.local, b"\x10" * 160)
            await until(lambda: failing.mulaw and notes.mulaw)
            assert failing.mulaw.count(b"\x10") == notes.mulaw.count(b"\x10") == 160
            telephone.close()

    run(scenario())


def test_a_loop_that_stands_still_finds_what_was_said_and_no_more_than_it_can_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("media.rtp.engine.MOST_UNTOLD", 20)

    async def scenario() -> None:
        async with engine() as made:
            notes, telephone = Notes(), Telephone()
            stream = made.open(notes)
            stream.connect(telephone.address, Codec.PCMU, EVENT)
            for _ in range(30):
                telephone.say(stream.local, b"\x10" * 160)
            telephone.press(stream.local, "8")
            deadline = time.monotonic() + 10
            while (stream.figures.received < 38 or made.untold < 8) and time.monotonic() < deadline:
                time.sleep(0.01)  # the loop stands still
            assert notes.mulaw == b""
            await until(lambda: notes.keys == "8")
            assert made.untold >= 8
            assert notes.mulaw[: 15 * 160] == b"\x10" * 15 * 160
            telephone.close()

    run(scenario())


def test_nothing_is_told_of_a_call_that_is_closed() -> None:
    async def scenario() -> None:
        async with call() as (stream, notes, telephone):
            telephone.say(stream.local, b"\x10" * 160)
            await until(lambda: notes.mulaw)
            stream.mark("late")
            time.sleep(0.05)  # it is on its way to the loop
            stream.close()
            before = len(notes.mulaw)
            await asyncio.sleep(0.1)
            assert (notes.marks, len(notes.mulaw)) == ([], before)

    run(scenario())


def test_who_sends_nothing_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.rtp.stream.SILENT_STEP_S", 0.1)

    async def scenario() -> None:
        async with call() as (_, notes, _telephone):
            await until(lambda: len(notes.silences) >= 2)

    run(scenario())


def test_a_thousand_calls_leave_nothing_behind() -> None:
    async def scenario() -> None:
        async with engine(ports=40) as made:
            descriptors = Path("/proc/self/fd")
            before = len(list(descriptors.iterdir()))
            for _ in range(100):
                streams = [made.open(Notes()) for _ in range(10)]
                for stream in streams:
                    stream.connect((HOST, 9), Codec.PCMU, EVENT)
                for stream in streams:
                    stream.close()
                await until(lambda: made.streams == 0)
            assert len(list(descriptors.iterdir())) <= before + 1

    run(scenario())


def test_when_all_ports_are_taken_that_is_said() -> None:
    async def scenario() -> None:
        async with engine(ports=4) as made:
            taken = [made.open(Notes()) for _ in range(2)]
            with pytest.raises(NoPortLeft, match=r"widen sip\.rtp_ports"):
                made.open(Notes())
            taken[0].close()
            await until(lambda: made.streams == 1)
            made.open(Notes())

    run(scenario())


def test_a_port_of_somebody_else_is_passed_over_and_a_host_that_is_not_ours_is_named() -> None:
    async def scenario() -> None:
        async with engine(ports=8) as made:
            first = made.open(Notes())
            number = first.local[1]
            first.close()
            await until(lambda: made.streams == 0)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
                somebody.bind((HOST, number + 1))
                taken = {made.open(Notes()).local[1] for _ in range(3)}
                assert number not in taken
                with pytest.raises(NoPortLeft):
                    made.open(Notes())
        elsewhere = RtpEngine("192.0.2.1", 20_000, 20_010, asyncio.get_running_loop())
        with pytest.raises(NoPortLeft, match="no address of this machine"):
            elsewhere.open(Notes())
        elsewhere.close()

    run(scenario())
