"""An engine with many calls: none costs another anything, and each gives its ports back."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from pathlib import Path

import pytest

from media.codec import Codec
from media.rtp import NoPortLeft, RtpEngine
from tests.media.rtp.telephone import EVENT, HOST, Notes, Telephone, engine
from tests.scenarios import run, until


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
