"""A call over real sockets: what a telephone at the other end of the wire hears and is heard."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress
from itertools import pairwise

import pytest

from media.codec import Codec
from media.rtp.packets import is_rtcp
from media.rtp.reports import Received, Sent, read, written
from speech.audio import audioop
from tests.media.rtp.telephone import EVENT, HOST, Notes, call, events, sounding, talking
from tests.scenarios import run, until


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


def test_nothing_is_told_of_a_call_that_is_closed() -> None:
    async def scenario() -> None:
        async with talking() as (stream, notes, _):
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
