"""The sound of one call with somebody of the staff on it: everything to and from the caller goes through the room.

The room stands between a call and its line as a line of its own, so that prompts are heard by who listens as well. One
clock drives all rooms of a process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from ivr.routing import MASK
from media.line import Line, OtherTelephone
from media.messages import Out
from media.rooms.mixer import CALLER, SILENCE, TELEPHONE, Mixer, Place
from media.rooms.music import Music
from media.rooms.staff import Ear

log = structlog.get_logger("media")

TICK_S = 0.02
CUSHION_FRAMES = 2
"""Silence sent ahead when frames begin to come one by one: the far end's buffer is not run dry by a hold-up of ours."""
MOST_BEHIND_S = 0.5
"""A process that was held up longer does not make up for it: nobody wants to hear it faster."""


class Room:
    """`line`: the caller's own. Frames go to it continuously while `live`, else only when somebody is to be heard;
    never while `silent`: the line has something of its own to say, as when another telephone rings."""

    def __init__(self, line: Line, music: Music) -> None:
        self.mixer = Mixer(music)
        self.ears: dict[str, Ear] = {}
        self.silent = False
        self._line: Line | None = line
        self._other: OtherTelephone | None = None
        self._live = False

    # --- the caller

    @property
    def line(self) -> Line | None:
        """None while the caller's connection is lost."""
        return self._line

    @line.setter
    def line(self, line: Line | None) -> None:
        self._line = line
        self.mixer.forget(CALLER)
        self._cushion()

    @property
    def live(self) -> bool:
        return self._live

    @live.setter
    def live(self, live: bool) -> None:
        if live and not self._live:
            self._live = True
            self._cushion()
        self._live = live

    def put_through_to(self, other: OtherTelephone | None) -> None:
        """Another telephone is on the call, or no longer."""
        if self._other is not None:
            self.mixer.leave(TELEPHONE)
        self._other = other
        if other is not None:
            self.mixer.join(TELEPHONE, Place.TELEPHONE)

    def tell_staff(self, out: Out) -> None:
        for ear in self.ears.values():
            ear.tell(out)

    # --- the clock

    def tick(self) -> None:
        """20 ms later."""
        self._return_marks()
        heard = self.mixer.mix()
        to_caller = heard.pop(CALLER)
        if self._line is not None and not self.silent and (to_caller is not None or self._live):
            self._line.play(to_caller or SILENCE)
        self._return_marks()
        to_other = heard.pop(TELEPHONE, None)
        if self._other is not None:
            self._other.hears(to_other or SILENCE)
        for name, frame in heard.items():
            self.ears[name].play(frame or SILENCE)

    def flush(self) -> None:
        """The room goes and the call goes on: what it has not said yet is said on its own line."""
        for item in self.mixer.prompts.rest():
            if self._line is None:
                return
            if isinstance(item, str):
                self._line.mark(item)
            else:
                self._line.play(item)

    def _return_marks(self) -> None:
        for name in self.mixer.prompts.marks():
            if self._line is not None:
                self._line.mark(name)

    def _cushion(self) -> None:
        if self._live and self._line is not None:
            for _ in range(CUSHION_FRAMES):
                self._line.play(SILENCE)


class RoomLine:
    """A `media.line.Line`: a call's line by way of its room. `over` is told when the call hangs up."""

    def __init__(self, room: Room, line: Line, over: Callable[[str], None]) -> None:
        self._room = room
        self._line = line
        self._over = over

    def play(self, mulaw: bytes) -> None:
        self._room.mixer.prompts.push(mulaw)

    def mark(self, name: str) -> None:
        self._room.mixer.prompts.mark(name)

    def clear(self) -> None:
        self._room.mixer.prompts.clear()
        self._line.clear()

    def tell(self, out: Out) -> None:
        self._line.tell(out)
        if out.event == "caption":
            self._room.tell_staff(_unprivate(out))

    def hang_up(self, reason: str) -> None:
        self._over(reason)
        self._line.hang_up(reason)


def _unprivate(caption: Out) -> Out:
    return Out("caption", {**caption.fields, "text": MASK}) if caption.fields.get("private") else caption


class Ticker:
    """Drives the rooms of a process; sleeps while there are none. Made inside the running loop."""

    def __init__(self) -> None:
        self._rooms: dict[Room, Callable[[], None]] = {}
        self._running: asyncio.Task[None] | None = None

    @property
    def rooms(self) -> int:
        return len(self._rooms)

    def add(self, room: Room, broken: Callable[[], None]) -> None:
        """`broken`: the room has raised and is ticked no more."""
        self._rooms[room] = broken
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    def remove(self, room: Room) -> None:
        self._rooms.pop(room, None)

    async def close(self) -> None:
        self._rooms.clear()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._rooms:
            for room, broken in list(self._rooms.items()):
                try:
                    room.tick()
                except Exception:
                    log.exception("room_failed")
                    self.remove(room)
                    broken()
            due += TICK_S
            behind_s = loop.time() - due
            if behind_s > MOST_BEHIND_S:
                due = loop.time()
            await asyncio.sleep(max(0.0, -behind_s))
