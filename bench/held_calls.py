"""Callers who hold their calls by SIP at once: what `sip_calls.py` runs beside the server it measures. Prints JSON.

    python bench/held_calls.py PORT --calls 50 --seconds 10 --core 1

All calls are set up, twenty a second; then every caller sends a frame every 20 ms and notes by the kernel's clock when
the server's come. `gap_ms` is the time between two of them at one caller: 20 when all is well. `failed` are calls that
were not answered, or that the server ended.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import selectors
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue")]

import structlog  # noqa: E402

from media.rtp.packets import built  # noqa: E402
from media.sip.call import SipCall  # noqa: E402
from media.sip.config import EndpointConfig, Trunk  # noqa: E402
from media.sip.endpoint import SipEndpoint  # noqa: E402
from media.sip.listening import EndReason  # noqa: E402

HOST = "127.0.0.1"
FRAME_S = 0.02
A_SECOND = 20
SET_UP_WITHIN_S = 30.0
WARM_S = 2.0
GROUPS = 20  # a twentieth of the callers every millisecond
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
_SO_TIMESTAMPNS = 35
_RANDOM = random.Random(1)
QUIET_ROOM = [bytes(_RANDOM.choice((0xFF, 0x7F, 0xFE, 0x7E, 0xFD)) for _ in range(160)) for _ in range(50)]
"""mu-law far below anything that is taken for speech."""


@dataclass(eq=False)
class Held:
    """One caller; listens to the signalling of its call."""

    socket: socket.socket
    target: tuple[str, int] | None = None
    failed: str = ""
    came: float | None = None
    gaps_ms: list[float] = field(default_factory=list)

    def rings(self, call: SipCall) -> None: ...
    def key(self, call: SipCall, digit: str) -> None: ...

    def answered(self, call: SipCall) -> None:
        assert call.remote is not None
        self.target = call.remote.address

    media_changed = answered

    def refused(self, call: SipCall, status: int, reason: str) -> None:
        self.failed = f"{status} {reason}"

    def ended(self, call: SipCall, reason: EndReason) -> None:
        if reason is not EndReason.OURS:
            self.failed, self.target = reason.value, None


class Sound:
    """A thread that sends and receives for all callers."""

    def __init__(self, callers: list[Held]) -> None:
        self._callers = callers
        self.measuring = self._stopped = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._thread.join()

    def _run(self) -> None:
        waiting = selectors.EpollSelector()
        for caller in self._callers:
            waiting.register(caller.socket, selectors.EVENT_READ, caller)
        tick, group, sequence = time.monotonic(), 0, 0
        while not self._stopped:
            now = time.monotonic()
            if now >= tick:
                sequence += group == 0
                self._send(group, sequence)
                group = (group + 1) % GROUPS
                tick += FRAME_S / GROUPS
                continue
            for key, _ in waiting.select(min(0.001, tick - now)):
                self._receive(key.data)

    def _send(self, group: int, sequence: int) -> None:
        for number in range(group, len(self._callers), GROUPS):
            caller = self._callers[number]
            if caller.target is not None:
                frame = QUIET_ROOM[(sequence + number) % len(QUIET_ROOM)]
                packet = built(0, sequence & 0xFFFF, 160 * sequence & 0xFFFFFFFF, number + 1, frame)
                caller.socket.sendto(packet, caller.target)

    def _receive(self, caller: Held) -> None:
        try:
            _, extra, _, _ = caller.socket.recvmsg(2048, 64)
        except (BlockingIOError, ConnectionRefusedError):
            return
        seconds, nanoseconds = struct.unpack("qq", extra[0][2])
        last, caller.came = caller.came, seconds + nanoseconds / 1e9
        if self.measuring and last is not None:
            caller.gaps_ms.append((caller.came - last) * 1000)


async def hold(port: int, count: int, seconds: float) -> dict[str, Any]:
    callers = []
    for _ in range(count):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setblocking(False)
        one.bind((HOST, 0))
        one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        callers.append(Held(one))
    endpoint = SipEndpoint(
        EndpointConfig(port=0, trunk=Trunk(f"{HOST}:{port}"), max_calls=count), lambda call: call.reject(480)
    )
    await endpoint.start()
    sound = Sound(callers)
    calls = []
    try:
        for number, caller in enumerate(callers):
            calls.append(
                endpoint.dial(
                    "95598", from_number=f"+86138005{number:05}", rtp=(HOST, caller.socket.getsockname()[1]),
                    ring_timeout_s=SET_UP_WITHIN_S, listener=caller,
                )
            )  # fmt: skip
            await asyncio.sleep(1 / A_SECOND)
        deadline = time.monotonic() + SET_UP_WITHIN_S
        while time.monotonic() < deadline and not all(caller.target or caller.failed for caller in callers):
            await asyncio.sleep(0.05)
        await asyncio.sleep(WARM_S)
        print("measuring", flush=True)
        sound.measuring = True
        await asyncio.sleep(seconds)
        sound.measuring = False
        print("measured", flush=True)
    finally:
        sound.stop()
        for call in calls:
            call.hang_up()
        await endpoint.close()
        for caller in callers:
            caller.socket.close()
    gaps = sorted(gap for caller in callers for gap in caller.gaps_ms)
    failed = [caller.failed or "not answered" for caller in callers if caller.failed or caller.target is None]
    return {
        "calls": count,
        "failed": len(failed),
        "why": sorted(set(failed))[:3],
        "received_share": round(len(gaps) / (count * seconds / FRAME_S), 4),
        "gap_ms": {name: round(gaps[int(share * (len(gaps) - 1))], 1) for name, share in SHARES.items()}
        if gaps
        else {},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    print(json.dumps(asyncio.run(hold(given.port, given.calls, given.seconds))))


if __name__ == "__main__":
    main()
