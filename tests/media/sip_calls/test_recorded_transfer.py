"""A caller who is put through to another telephone: both voices are on the recording, and a supervisor hears both."""

from __future__ import annotations

import asyncio
import contextlib
import io
import wave
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from media.rtp import RtpStream
from media.sip.call import SipCall
from models import CallStatus, Recording, RecordingStatus, User
from recording_store import RecordingStore
from setting_sections import SipTrunk
from speech.audio import pcm_to_mulaw
from tests.media.phone_client import gateway
from tests.media.rooms.agent_client import agent, hears
from tests.media.sip_calls.house import SHORT, House, Speech, house, sip_settings
from tests.media.tones import level_of, tone_frames
from tests.telephones.network import Network, Quiet, caller, network

CALLER_HZ, DESK_HZ, SUN_HZ = 700.0, 1500.0, 2300.0
RECORDED = SHORT.replace("nodes:\n", "nodes:\n  notice: {say: recorded_notice, next: what}\n").replace(
    "prompts:\n", "prompts:\n  recorded_notice: {en: This call may be recorded., zh-CN: 通话会录音。}\n"
).replace("  hello: {say: hello, next: what}\n", "")  # fmt: skip


@contextlib.asynccontextmanager
async def sounding(stream: RtpStream | None, hertz: float) -> AsyncIterator[None]:
    """A tone as long as the block runs."""
    assert stream is not None
    frames = tone_frames(hertz, 50)

    async def sound() -> None:
        while True:
            for frame in frames:
                if stream.waiting_s < 0.1:
                    stream.play(frame)
                await asyncio.sleep(0.02)

    task = asyncio.create_task(sound())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def rings_in(heard: Quiet, hertz: float) -> None:
    """Until the last quarter of a second of what a telephone heard has this pitch."""
    async with asyncio.timeout(20):
        while level_of(hertz, bytes(heard.sound_bytes[-2000:])) < -25:
            await asyncio.sleep(0.05)


def picks_up_late(far: Network, call: SipCall) -> None:
    call.ring()
    asyncio.get_running_loop().call_later(1.2, far.pick_up, call)


def stored(hotline: House) -> Recording | None:
    with hotline.hotline.database.reading() as rows:
        wanted = sa.select(Recording).where(Recording.status == RecordingStatus.STORED)
        return rows.scalars(wanted).one_or_none()


def channels(hotline: House, row: Recording) -> tuple[bytes, bytes]:
    """mu-law of the caller, and of what the caller heard."""
    with RecordingStore.of(hotline.settings).open(row.path or "") as file:
        with wave.open(io.BytesIO(file.read_at(0, file.size))) as sound:
            frames = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").reshape(-1, 2)
    left, right = (pcm_to_mulaw(frames[:, side].tobytes()) for side in (0, 1))
    return left, right


def loudest(hertz: float, mulaw: bytes) -> bytes:
    """The half second in which this pitch is loudest."""
    pieces = (mulaw[at : at + 4000] for at in range(0, max(1, len(mulaw) - 4000), 1000))
    return max(pieces, key=lambda piece: level_of(hertz, piece))


def test_the_recording_holds_both_voices_each_on_its_side(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with network("pick up") as far:
            settings = sip_settings(home, trunk=SipTrunk(server=f"127.0.0.1:{far.endpoint.port}"))
            (home / "flows" / "main.yaml").write_text(RECORDED)
            async with house(settings, spoken_and_heard) as hotline, caller(hotline.port) as made:
                far.answers = [partial(picks_up_late, far)]
                call = await made.dial("95598")
                await hotline.to_say("Say outage or bill")
                assert made.heard.stream is not None
                made.heard.stream.press("4")
                await hotline.when(lambda: far.listening and far.listening[0].stream, "the talk")
                desk = far.listening[0]
                async with sounding(made.heard.stream, CALLER_HZ), sounding(desk.stream, DESK_HZ):
                    await rings_in(made.heard, DESK_HZ)
                    await rings_in(desk, CALLER_HZ)
                    await asyncio.sleep(1.0)  # a second of talk for the recording
                call.hang_up()
                await hotline.ended(CallStatus.COMPLETED)
                row = await hotline.when(lambda: stored(hotline), "the recording")
                left, right = channels(hotline, row)
                said, heard = loudest(CALLER_HZ, left), loudest(DESK_HZ, right)
                assert level_of(CALLER_HZ, said) > -25 > -40 > level_of(DESK_HZ, said)
                assert level_of(DESK_HZ, heard) > -25 > -40 > level_of(CALLER_HZ, heard)
                assert level_of(450.0, loudest(450.0, right)) > -30, "the ringing was heard too"

    asyncio.run(asyncio.wait_for(scenario(), 90))


def test_a_supervisor_hears_both_and_who_joins_in_is_heard_by_both(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with network("pick up") as far:
            settings = sip_settings(home, trunk=SipTrunk(server=f"127.0.0.1:{far.endpoint.port}"))
            async with (
                house(settings, spoken_and_heard) as hotline,
                gateway(hotline.service.parts),
                caller(hotline.port) as made,
            ):
                with hotline.hotline.database.reading() as rows:
                    user = rows.scalars(sa.select(User).where(User.username == "sun")).one()
                await made.dial("95598")
                await hotline.to_say("Say outage or bill")
                assert made.heard.stream is not None
                made.heard.stream.press("4")
                await hotline.when(lambda: far.listening and far.listening[0].stream, "the talk")
                desk = far.listening[0]
                async with (
                    sounding(made.heard.stream, CALLER_HZ),
                    sounding(desk.stream, DESK_HZ),
                    agent(settings, user) as sun,
                ):
                    await rings_in(made.heard, DESK_HZ)  # before somebody listens
                    await sun.send("join", call=hotline.calls()[0].id, mode="listen")
                    await sun.until("joined", mode="listen", within_s=30)
                    await hears(sun, DESK_HZ, 20)
                    await hears(sun, CALLER_HZ, 20)
                    await rings_in(made.heard, DESK_HZ)  # and while they do
                    await rings_in(desk, CALLER_HZ)
                    await sun.send("mode", mode="barge")
                    await sun.until("joined", mode="barge")

                    async def speak() -> None:
                        for frame in tone_frames(SUN_HZ, 50) * 20:
                            await sun.speak(frame, 0.02)

                    speaking = asyncio.create_task(speak())
                    await rings_in(made.heard, SUN_HZ)
                    await rings_in(desk, SUN_HZ)
                    speaking.cancel()
                    await asyncio.gather(speaking, return_exceptions=True)
                    await sun.send("leave")
                    await sun.until("left")
                    made.heard.sound_bytes.clear()
                    desk.sound_bytes.clear()
                    await rings_in(made.heard, DESK_HZ)  # and afterwards
                    await rings_in(desk, CALLER_HZ)

    asyncio.run(asyncio.wait_for(scenario(), 90))
