"""What rooms cost: how many talks of caller and agent one core carries, mixing alone and with the messages' making.

.venv/bin/python bench/rooms.py            200 rooms, 10 s
.venv/bin/python bench/rooms.py 400 20     400 rooms, 20 s
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time

from media.messages import Out
from media.messages import media as to_phone
from media.rooms.messages import media as to_agent
from media.rooms.mixer import CALLER, Mixer, Place
from media.rooms.music import Music, hold_music
from media.rooms.room import TICK_S, Room, Ticker
from speech.audio import FRAME_BYTES, pcm_to_mulaw, tone

VOICE = pcm_to_mulaw(tone((500.0,), 20))


class Phone:
    """A caller's line that makes the message of every frame, as a browser's does, and notes how evenly they came."""

    def __init__(self, *, encodes: bool) -> None:
        self._encodes = encodes
        self.gaps: list[float] = []
        self._last = 0.0

    def play(self, mulaw: bytes) -> None:
        now = time.perf_counter()
        if self._last:
            self.gaps.append(now - self._last)
        self._last = now
        if self._encodes:
            to_phone("S", mulaw).encoded()

    def mark(self, name: str) -> None: ...
    def clear(self) -> None: ...
    def tell(self, out: Out) -> None: ...
    def hang_up(self, reason: str) -> None: ...


class Page:
    """An agent's, likewise."""

    def __init__(self, *, encodes: bool) -> None:
        self._encodes = encodes

    def play(self, mulaw: bytes) -> None:
        if self._encodes:
            to_agent(mulaw).encoded()

    def clear(self) -> None: ...
    def tell(self, out: Out) -> None: ...
    def left(self, reason: str) -> None: ...


def mixing() -> None:
    """A mixer alone, everybody talking."""
    music = Music(tone((500.0,), 200))
    for name, places in (
        ("caller and agent", [Place.TALK]),
        ("and a second agent", [Place.TALK, Place.TALK]),
        ("and two supervisors", [Place.TALK, Place.TALK, Place.WHISPER, Place.BARGE]),
    ):
        mixer = Mixer(music)
        names = [CALLER]
        for index, place in enumerate(places):
            mixer.join(f"p{index}", place)
            names.append(f"p{index}")
        began, ticks = time.perf_counter(), 5000
        for _ in range(ticks):
            for who in names:
                mixer.push(who, VOICE)
            mixer.mix()
        each_us = (time.perf_counter() - began) / ticks * 1e6
        print(f"{name:24} {each_us:6.1f} us a tick, {0.02 / each_us * 1e6:7.0f} rooms a core")


async def rooms(count: int, seconds: float, *, waiting: bool, encodes: bool) -> None:
    music, ticker = hold_music(None), Ticker()
    phones, made = [], []
    for _ in range(count):
        phone = Phone(encodes=encodes)
        room = Room(phone, music)
        if waiting:
            room.mixer.waiting = True
        else:
            room.mixer.join("agent", Place.TALK)
            room.ears["agent"] = Page(encodes=encodes)
        room.live = True
        ticker.add(room, _broken)
        phones.append(phone)
        made.append(room)
    talking = None if waiting else asyncio.create_task(_talk(made))
    began = time.process_time()
    await asyncio.sleep(seconds)
    share = (time.process_time() - began) / seconds
    await ticker.close()
    if talking is not None:
        talking.cancel()
    gaps = sorted(gap * 1000 for phone in phones for gap in phone.gaps[2:])
    print(
        f"{count} {'waiting' if waiting else 'talking'}, {'messages made' if encodes else 'sound alone':13} "
        f"{100 * share:5.1f} % of a core, frames every {statistics.fmean(gaps):.1f} ms, "
        f"p99 {gaps[len(gaps) * 99 // 100]:.1f} ms"
    )


async def _talk(made: list[Room]) -> None:
    """Everybody says something, in real time."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        for room in made:
            room.mixer.push(CALLER, VOICE)
            room.mixer.push("agent", VOICE)
        due += TICK_S
        await asyncio.sleep(max(0.0, due - loop.time()))


def _broken() -> None:
    raise SystemExit("a room has failed")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
    assert len(VOICE) == FRAME_BYTES
    mixing()
    for waiting in (True, False):
        for encodes in (False, True):
            asyncio.run(rooms(count, seconds, waiting=waiting, encodes=encodes))


if __name__ == "__main__":
    main()
