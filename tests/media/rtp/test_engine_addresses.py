"""From whom the engine takes sound, and where it sends its own."""

from __future__ import annotations

import os

from media.codec import Codec
from tests.media.rtp.telephone import EVENT, Telephone, call, talking
from tests.scenarios import run, until


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
        async with talking() as (stream, notes, telephone):
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
            # One that is a packet by chance has been believed, as the first to speak: another has to go on speaking.
            await until(lambda: telephone.say(stream.local, b"\x10" * 160) or b"\x10" * 160 in notes.mulaw)
            assert stream.close().strange >= 3

    run(scenario())


def test_after_a_re_invitation_sound_goes_to_and_is_taken_from_the_new_address() -> None:
    async def scenario() -> None:
        async with talking() as (stream, notes, _):
            other = Telephone()
            stream.connect(other.address, Codec.PCMA, EVENT)
            await other.hears(2)
            assert other.packets[-1].payload_type == 8
            for _ in range(3):
                other.say(stream.local, b"\x14" * 160, source=77)
            await until(lambda: b"\x14" in notes.mulaw)
            other.close()

    run(scenario())
