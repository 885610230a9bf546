"""Garbage, floods, streams cut anywhere, and callers who vanish: the endpoint answers the next call as ever."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.sip.config import EndpointConfig, Limits
from media.sip.connections import Connections
from media.sip.framing import BadStream, Cutter
from media.sip.grammar import BadValue, read_cseq, read_name_addr, read_params, read_uri, read_via
from media.sip.info import key_in
from media.sip.messages import Malformed, Request, Response, Source, answer, answer_unread, read
from media.sip.numbers import caller, number_of
from media.sip.offers import BadSdp, read_sdp, sdp_in
from media.sip.refusals import Refusals
from tests.media.sip.beginnings import dial, dialled, house_and_phone
from tests.media.sip.clock import FakeClock
from tests.media.sip.phone import SDP, House, Notes, Phone, scenario, until

HERE = EndpointConfig(port=0)
UDP = Source("UDP", "192.0.2.1", 5060)

INVITE = (
    "INVITE sip:95598@h SIP/2.0\r\nVia: SIP/2.0/TCP a:5060;branch=z9hG4bK1;rport\r\nFrom: <sip:a@b>;tag=1\r\n"
    "To: <sip:95598@h>\r\nCall-ID: x@y\r\nCSeq: 1 INVITE\r\nContact: <sip:a@b>\r\nContent-Type: application/sdp\r\n"
    f"Content-Length: {len(SDP)}\r\n\r\n{SDP}"
).encode()

fuzzed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
bits = st.sampled_from(
    [";", "=", '"', "<", ">", ",", "@", ":", "sip:", "tel:", "\\", " ", "\t", "a", "1", "[", "]", "%", "?"]
)
scraps = st.lists(bits | st.text(max_size=3), max_size=40).map("".join)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good INVITE of which a few places are not what they were."""
    data = bytearray(INVITE)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 12))] = draw(st.binary(max_size=12))
    return bytes(data)


@fuzzed
@given(st.binary(max_size=600) | damaged())
def test_whatever_comes_is_a_message_or_malformed(data: bytes) -> None:
    for source in (UDP, Source("TCP", "192.0.2.1", 5060)):
        try:
            message = read(data, source)
        except Malformed as fault:
            if fault.raw is not None:
                reply = answer_unread(fault.raw, source, fault.status, "Bad")
                assert reply is None or reply.count(b"\r\n\r\n") == 1
            continue
        assert isinstance(message, Request | Response)
        if isinstance(message, Request):
            caller(message, "CN", trusted=True)
            said = answer(message, 200, tag="us")
            assert said.count(b"\r\n\r\n") == 1
            assert said.startswith(b"SIP/2.0 200 OK\r\n")


@fuzzed
@given(scraps)
def test_values_are_read_or_refused(text: str) -> None:
    for reader in (read_uri, read_name_addr, read_via, read_cseq, read_params):
        try:
            reader(text)
        except BadValue:
            continue
    assert len(number_of(text, "CN")) <= 20


@fuzzed
@given(st.binary(max_size=400) | scraps.map(lambda text: (SDP + text).encode("utf-8", "replace")))
def test_sdp_is_read_or_refused(body: bytes) -> None:
    for reading in (read_sdp, lambda text: sdp_in("multipart/mixed;boundary=a", text)):
        with contextlib.suppress(BadSdp):
            reading(body)
    key_in("application/dtmf-relay", body)


@fuzzed
@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 4))
def test_a_stream_may_be_cut_anywhere(cuts: list[int], messages: int) -> None:
    stream = b"\r\n\r\n".join([INVITE] * messages)
    cutter = Cutter(65536)
    got = []
    for cut in [*cuts, len(stream)]:
        got += cutter.feed(stream[:cut])
        stream = stream[cut:]
    assert [message for message in got if message] == [INVITE] * messages
    assert cutter.holds == 0


@fuzzed
@given(st.lists(st.binary(max_size=80), max_size=20))
def test_a_stream_of_anything_ends_or_is_bounded(pieces: list[bytes]) -> None:
    cutter = Cutter(500)
    try:
        for piece in pieces:
            cutter.feed(piece)
            assert cutter.holds <= 600
    except BadStream:
        pass


@pytest.mark.parametrize("wrong", ['"Li Hua" <sip:a@b', "Li Hua <sip:a@b> nonsense", '"Li Hua', 'sip:a@b "Li Hua"'])
def test_what_is_said_of_an_address_that_cannot_be_read_is_not_whose_it_is(wrong: str) -> None:
    with pytest.raises(BadValue) as fault:
        read_name_addr(wrong)
    assert "Hua" not in str(fault.value)


def test_reading_takes_no_longer_than_the_message_is_long() -> None:
    """What made others hang: folded lines, quotes that never end, white space without end."""
    for inner in ("\r\n a" * 20000, '"\\' * 30000, " " * 60000, ";" * 60000, "<" * 60000, "a@" * 30000, ";a" * 30000):
        for name in ("From", "Via", "Contact", "X"):
            data = INVITE.replace(f"{name}: ".encode(), f"{name}: {inner}".encode(), 1)
            try:
                read(data[:65000], UDP)
            except Malformed:
                continue


@scenario
async def test_garbage_and_huge_datagrams_are_counted_and_forgotten() -> None:
    house, phone = await house_and_phone()
    chance = random.Random(4475)
    for size in (0, 1, 2, 100, 1500, 9000, 60000, 65000):
        for _ in range(5):
            phone.send(chance.randbytes(size))
    phone.send(INVITE.replace(b"CSeq: 1", b"CSeq: one") + b"x" * 50000)
    phone.send(b"INVITE " + b"A" * 64000)
    phone.send(b"\r\n\r\n")
    phone.send(b"\x00" * 100)
    caller_there = await Phone.open(house.port)
    await caller_there.call()
    assert house.calls[0].answered
    assert house.endpoint.refusals["a message that cannot be read"] >= 25


@scenario
async def test_half_open_connections_are_few_and_leave_room_for_the_next_caller() -> None:
    limits = Limits(tcp_connections=40, tcp_connections_per_address=1000, tcp_first_message_s=0.3)
    house = await House.open(replace(HERE, limits=limits))
    opened = [await asyncio.open_connection("127.0.0.1", house.port) for _ in range(300)]
    for _, writer in opened:
        writer.write(INVITE[:200])
    await until(lambda: house.endpoint.counts.connections <= 40)
    _, caller_there = dial(await House.open(), f"sip:95598@127.0.0.1:{house.port};transport=tcp")
    await until(lambda: ("answered",) in caller_there.heard)
    await until(lambda: house.endpoint.counts.connections == 1)  # the call's own stays
    await asyncio.sleep(0.5)
    assert house.endpoint.counts.connections == 1
    for _, writer in opened:
        writer.close()


class Wire(asyncio.Transport):
    """A TCP connection that nothing is sent over."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 5070), "sockname": ("192.0.2.2", 5060)})
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


@pytest.mark.parametrize(("said", "closed_s"), [(INVITE, 180), (INVITE[:200], 10), (b"", 10)])
def test_a_connection_that_has_said_something_may_be_silent_longer(said: bytes, closed_s: float) -> None:
    clock, wire = FakeClock(), Wire()
    connection = Connections(Limits(), clock, Refusals(clock), lambda _data, _connection: None).incoming()
    connection.connection_made(wire)
    connection.data_received(said)
    clock.go_to(closed_s - 1)
    assert not wire.closed
    clock.go_to(closed_s + 1)
    assert wire.closed


@scenario
async def test_one_address_gets_so_many_connections() -> None:
    house = await House.open(replace(HERE, limits=Limits(tcp_connections_per_address=5)))
    opened = [await asyncio.open_connection("127.0.0.1", house.port) for _ in range(20)]
    await until(lambda: house.endpoint.refusals["too many TCP connections from one address"] == 15)
    assert house.endpoint.counts.connections == 5
    for _, writer in opened:
        writer.close()
    await until(lambda: house.endpoint.counts.connections == 0)


@scenario
async def test_a_stream_that_makes_no_sense_is_closed() -> None:
    house = await House.open()
    for text in (
        b"x" * 70000,
        INVITE.replace(b"Content-Length: ", b"Content-Length: -"),
        INVITE.replace(b"Content-Length: ", b"l: 7\r\nContent-Length: "),
        b"INVITE sip:a SIP/2.0\r\nContent-Length: 99999999\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(text)
        assert await asyncio.wait_for(reader.read(), 15) == b""
        writer.close()
    assert house.endpoint.refusals["a TCP stream that cannot be cut into messages"] == 4


@scenario
async def test_a_ping_on_a_stream_is_answered() -> None:
    house = await House.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(b"\r\n\r\n")
    assert await asyncio.wait_for(reader.readexactly(2), 15) == b"\r\n"
    writer.close()


@scenario
async def test_a_connection_that_is_lost_in_a_call_is_opened_anew_for_the_goodbye() -> None:
    house, other = await House.open(), await House.open()
    _, notes = dial(other, f"sip:95598@127.0.0.1:{house.port};transport=tcp")
    await until(lambda: ("answered",) in notes.heard and ("answered",) in house.notes[0].heard)
    core = house.endpoint._core
    assert core is not None
    for connection in list(core.transport.connections._open.values()):
        connection.close()
    await until(lambda: house.endpoint.counts.connections == 0)
    house.calls[0].hang_up()
    await until(lambda: notes.over)
    await house.empty()


@scenario
async def test_calls_that_hang_up_at_random_moments_leave_nothing_behind() -> None:
    house, other = await House.open(replace(HERE, max_calls=500)), await House.open(replace(HERE, max_calls=500))
    chance = random.Random(11)
    heard: list[Notes] = []

    def take(call: object) -> None:
        act = chance.random()
        loop = asyncio.get_running_loop()
        one = house.calls[-1]
        if act < 0.1:
            one.reject(486)
        elif act < 0.3:
            one.ring()
            loop.call_later(chance.random() / 10, one.hang_up)
        else:
            loop.call_later(chance.random() / 20, one.accept, ("127.0.0.1", 4000))
            loop.call_later(chance.random() / 5, one.hang_up)

    house.take = take
    for number in range(300):
        transport = ";transport=tcp" if number % 3 == 0 else ""
        ring_timeout_s = chance.choice([0.01, 0.05, 10])
        call, notes = dial(other, f"sip:95598@127.0.0.1:{house.port}{transport}", ring_timeout_s)
        heard.append(notes)
        asyncio.get_running_loop().call_later(chance.random() / 4, call.hang_up)
        if number % 10 == 0:
            await asyncio.sleep(0.01)
    await until(lambda: all(notes.over for notes in heard))
    await until(lambda: all(notes.over for notes in house.notes))
    await house.empty()
    await other.empty()
    for notes in [*heard, *house.notes]:
        assert sum(event[0] in ("ended", "refused") for event in notes.heard) == 1


@scenario
async def test_calls_over_ipv6() -> None:
    house = await House.open(replace(HERE, host="::1"))
    other = await House.open(replace(HERE, host="::1"))
    for transport in ("", ";transport=tcp"):
        notes = Notes()
        call = other.endpoint.dial(
            f"sip:95598@[::1]:{house.port}{transport}",
            from_number="1",
            rtp=("::1", 4000),
            ring_timeout_s=10,
            listener=notes,
        )
        await until(lambda heard=notes.heard: ("answered",) in heard)  # type: ignore[misc]
        assert call.remote is not None
        assert call.remote.address == ("127.0.0.1", 4000)
        call.hang_up()
        await until(lambda one=notes: one.over)  # type: ignore[misc]


@scenario
async def test_a_caller_over_udp_who_is_silent_is_not_waited_for() -> None:
    house, _, _, notes = await dialled(ring_timeout_s=0.05)
    await until(lambda: notes.over)
    await house.empty()
