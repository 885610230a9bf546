"""The thread that sends and receives the sound of all calls by SIP: a frame every 20 ms for each, whatever else runs.

It never waits for anybody: sockets do not block, and what came in is handed to the loop in one piece a round.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import structlog

from media.rtp.far_end import Address
from media.rtp.ports import NoPortLeft, PortPair, Ports
from media.rtp.stream import Receiver, RtpStream

__all__ = ["NoPortLeft", "RtpEngine"]

log = structlog.get_logger("rtp")

TICK_S: Final = 0.02
ROUND_S: Final = 0.005  # what came in is looked at so often
BEHIND_S: Final = 0.2  # a machine that stood still that long is not caught up with frame by frame
BIGGEST_DATAGRAM: Final = 2048
MOST_A_ROUND: Final = 16  # datagrams of one socket; 3,200 a second
MOST_UNTOLD: Final = 100_000
"""Pieces of sound for a loop that does not take them: two seconds of 800 calls. Later ones are dropped meanwhile."""
TURNS_S: Final = 0.001
"""How long a busy loop may keep the thread from a tick that is due: 5 ms, Python's own, are heard as uneven sound."""
FAULT_EVERY_S: Final = 10.0  # a receiver that fails does so fifty times a second, and is told of so often
_MOST_EVENTS: Final = 8192

_Telling = tuple[Callable[[Any], None], Any]


class _Leg:
    """A stream and its sockets. Its trouble is not everybody's, and is told once."""

    __slots__ = ("_failed", "ports", "send", "send_report", "stream")

    def __init__(self, ports: PortPair, stream: RtpStream) -> None:
        self.ports = ports
        self.stream = stream
        self.send = ports.sound.sendto
        self.send_report = ports.reports.sendto
        self._failed = False

    def fails(self) -> bool:
        """Whether that is new."""
        new, self._failed = not self._failed, True
        return new


class RtpEngine:
    """Even ports from `first_port` to `last_port` of `host`; what comes in is told on `loop`."""

    def __init__(self, host: str, first_port: int, last_port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.untold = 0  # pieces of sound that were dropped because the loop did not take them
        self._host = host
        self._loop = loop
        self._ports = Ports(host, first_port, last_port)
        self._poll = select.epoll()
        self._by_descriptor: dict[int, tuple[_Leg, bool, Callable[[int], Any]]] = {}
        self._open: dict[int, _Leg] = {}  # by port
        self._leaving: deque[_Leg] = deque()
        self._told: deque[_Telling] = deque()
        self._handing_over = False
        self._faults = 0
        self._fault_told_at = -FAULT_EVERY_S
        self._work = threading.Event()  # there is a stream, or the end
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="rtp", daemon=True)

    @property
    def streams(self) -> int:
        """Those that have a port: one that has ended has it until the thread has let it go."""
        return self._ports.given

    def start(self) -> None:
        """Also lets threads of this process take turns sooner, and raises its limit of descriptors as far as it may."""
        self._ports.make_room()
        sys.setswitchinterval(min(TURNS_S, sys.getswitchinterval()))
        self._thread.start()

    def close(self) -> None:
        """Every stream ends. The thread is gone when this returns. Again does nothing."""
        if self._poll.closed:
            return
        for leg in list(self._open.values()):
            leg.stream.close()
        self._stopped = True
        self._work.set()
        if self._thread.is_alive():
            self._thread.join()
        self._let_go()
        self._poll.close()

    def open(self, receiver: Receiver) -> RtpStream:
        """A stream with a port of its own. Raises NoPortLeft."""
        if self._stopped:
            raise NoPortLeft("the sound of calls has been stopped")
        ports = self._ports.take()
        local = (self._host, ports.number)
        stream = RtpStream(local, receiver, self._deliver, lambda: self._leaving.append(leg))
        leg = _Leg(ports, stream)
        self._open[ports.number] = leg
        for one, is_sound in ((ports.sound, True), (ports.reports, False)):
            self._by_descriptor[one.fileno()] = (leg, is_sound, one.recvfrom)
            self._poll.register(one.fileno(), select.EPOLLIN)
        self._work.set()
        return stream

    # --- on the thread

    def _run(self) -> None:
        next_tick = time.monotonic()
        while not self._stopped:
            if not self._open:
                self._work.clear()
                if not self._open and not self._stopped:
                    self._work.wait()
                next_tick = time.monotonic()
            wait = min(ROUND_S, next_tick - time.monotonic())
            if wait > 0:
                time.sleep(wait)
            now = time.monotonic()
            is_tick = now >= next_tick
            try:
                legs = list(self._open.values()) if is_tick else []
                if is_tick:
                    if now - next_tick > BEHIND_S:
                        self._skip(legs, int((now - next_tick) / TICK_S))
                        next_tick += int((now - next_tick) / TICK_S) * TICK_S
                    next_tick += TICK_S
                    self._send(legs)
                self._receive(next_tick)
                if is_tick:
                    self._listen(legs)
                self._let_go()
            except Exception:
                log.exception("rtp_round_failed")
            self._hand_over()

    def _skip(self, legs: list[_Leg], frames: int) -> None:
        log.warning("rtp_stood_still", seconds=round(frames * TICK_S, 2), streams=len(legs))
        for leg in legs:
            leg.stream.skip(frames)

    def _send(self, legs: list[_Leg]) -> None:
        for leg in legs:
            try:
                due = leg.stream.frame()
                if due is not None:
                    leg.send(*due)
            except OSError:  # a full buffer, no way there: the next frame tries again
                continue
            except Exception:
                if leg.fails():
                    log.exception("rtp_stream_failed", port=leg.ports.number)

    def _receive(self, until: float) -> None:
        """Everything that has come; of who sends far too much, and when a tick is due, the rest waits."""
        unix_s = time.time()
        for turn in range(MOST_A_ROUND):
            now = time.monotonic()
            if turn and now >= until:
                return
            events = self._poll.poll(0, _MOST_EVENTS)
            if not events:
                return
            for descriptor, _ in events:
                found = self._by_descriptor.get(descriptor)
                if found is None:
                    continue
                leg, is_sound, receive = found
                try:
                    datagram, address = receive(BIGGEST_DATAGRAM)
                except OSError:  # nothing there after all, or an ICMP answer to what we sent
                    continue
                try:
                    if is_sound:
                        leg.stream.came(datagram, address[:2], now, unix_s)
                    else:
                        leg.stream.report_came(datagram, address[:2], unix_s)
                except Exception:
                    if leg.fails():
                        log.exception("rtp_stream_failed", port=leg.ports.number)

    def _listen(self, legs: list[_Leg]) -> None:
        now, unix_s = time.monotonic(), time.time()
        for leg in legs:
            try:
                leg.stream.listen(now)
                report = leg.stream.report(now, unix_s)
                if report is not None:
                    self._send_report(leg, *report)
            except Exception:
                if leg.fails():
                    log.exception("rtp_stream_failed", port=leg.ports.number)

    def _send_report(self, leg: _Leg, report: bytes, address: Address, shared: bool) -> None:
        with contextlib.suppress(OSError):
            (leg.send if shared else leg.send_report)(report, address)

    def _let_go(self) -> None:
        while self._leaving:
            leg = self._leaving.popleft()
            if self._open.pop(leg.ports.number, None) is None:
                continue
            goodbye = leg.stream.goodbye(time.time())
            if goodbye is not None:
                self._send_report(leg, *goodbye)
            for one in (leg.ports.sound, leg.ports.reports):
                self._by_descriptor.pop(one.fileno(), None)
                self._poll.unregister(one.fileno())
            self._ports.give_back(leg.ports)

    # --- to the loop

    def _deliver(self, tell: Callable[[Any], None], what: Any) -> None:
        if len(self._told) >= MOST_UNTOLD and isinstance(what, bytes):
            self.untold += 1
        else:
            self._told.append((tell, what))

    def _hand_over(self) -> None:
        """One call of the loop at a time, however much there is: a loop that is late finds everything in it."""
        if not self._told or self._handing_over:
            return
        self._handing_over = True
        try:
            self._loop.call_soon_threadsafe(self._tell_all)
        except RuntimeError:  # the loop is closed: the process goes
            self._told.clear()

    def _tell_all(self) -> None:
        """On the loop."""
        self._handing_over = False
        for _ in range(len(self._told)):
            tell, what = self._told.popleft()
            try:
                tell(what)
            except Exception:
                self._faults += 1
                if time.monotonic() - self._fault_told_at >= FAULT_EVERY_S:
                    log.exception("rtp_receiver_failed", faults=self._faults)
                    self._fault_told_at = time.monotonic()
