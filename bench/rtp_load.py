"""Streams of sound that the RTP engine carries on one core, and how evenly they come. Prints JSON.

    python bench/rtp_load.py [--streams 100 200 400 800] [--seconds 10]

The engine runs in a process of its own on one core, as it does in the SIP process: every stream plays a prompt without
end, and what its caller says is put in order, decoded where its law is A, and handed to the loop. The callers are
sockets of a process on another core, which send a frame every 20 ms; when theirs come is noted by the kernel, so that a
caller who is late with looking blurs nothing. `gap_ms` is the time between two frames at a caller, 20 when all is well.
`floor` is the same load against a bare loop of `recvfrom` and `sendto` that only sends back what came, in the same run:
what the machine and the callers themselves cost. `sipp` is that against SIPp's own echo (`sipp -rtp_echo`, one socket
for all, in C), where SIPp is there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import selectors
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue")]

from turn import machine  # noqa: E402

from media.codec import Codec  # noqa: E402
from media.rtp import RtpEngine  # noqa: E402
from media.rtp.packets import built  # noqa: E402

HOST = "127.0.0.1"
FRAME_S = 0.02
_SO_TIMESTAMPNS = 35
PROMPT = bytes(range(256)) * 4


class _Owner:
    """Counts what comes in, as a session would look at it."""

    def __init__(self) -> None:
        self.bytes_heard = 0

    def sound(self, mulaw: bytes) -> None:
        self.bytes_heard += len(mulaw)

    def key(self, digit: str) -> None:
        """No caller of this bench presses one."""

    def heard(self, mark: str) -> None:
        """Nothing is marked here."""

    def silent(self, seconds: float) -> None:
        """They all talk."""


def engine(pipe: Connection, core: int) -> None:
    """A process: opens a stream for every address it is sent, says where, runs until told to stop, reports."""
    os.sched_setaffinity(0, {core})

    async def main() -> None:
        loop = asyncio.get_running_loop()
        first, addresses = pipe.recv()
        made = RtpEngine(HOST, first, first + 2 * len(addresses) + 20, loop)
        made.start()
        owners = [_Owner() for _ in addresses]
        streams = [made.open(owner) for owner in owners]
        for number, (stream, address) in enumerate(zip(streams, addresses, strict=True)):
            stream.connect(address, Codec.PCMA if number % 2 else Codec.PCMU, 101)
        pipe.send([stream.local for stream in streams])
        used = time.process_time()
        began = time.monotonic()
        while not pipe.poll():
            for stream in streams:
                stream.play(PROMPT[:800])
            await asyncio.sleep(0.1 - (time.monotonic() - began) % 0.1)
        used, took = time.process_time() - used, time.monotonic() - began
        reports = [stream.close() for stream in streams]
        made.close()
        pipe.send(
            {
                "cpu_share": round(used / took, 3),
                "received": sum(report.received for report in reports),
                "lost": sum(report.lost for report in reports),
                "late": sum(report.late for report in reports),
                "heard_s": round(sum(owner.bytes_heard for owner in owners) / 8000),
            }
        )

    asyncio.run(main())


def floor(pipe: Connection, core: int) -> None:
    """A process that only sends back what comes."""
    os.sched_setaffinity(0, {core})
    first, addresses = pipe.recv()
    waiting = selectors.EpollSelector()
    sockets = []
    for number in range(len(addresses)):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setblocking(False)
        one.bind((HOST, first + 2 * number))
        sockets.append(one)
        waiting.register(one, selectors.EVENT_READ, one)
    pipe.send([one.getsockname() for one in sockets])
    used, began = time.process_time(), time.monotonic()
    while not pipe.poll():
        for key, _ in waiting.select(0.005):
            datagram, address = key.data.recvfrom(2048)
            key.data.sendto(datagram, address)
    used, took = time.process_time() - used, time.monotonic() - began
    pipe.send({"cpu_share": round(used / took, 3)})


def sipp(pipe: Connection, core: int) -> None:
    """SIPp's echo, started and looked at from here."""
    first, addresses = pipe.recv()
    command = [
        "sipp", "-sn", "uas", "-i", HOST, "-p", str(first - 2), "-mi", HOST, "-mp", str(first), "-rtp_echo", "-nostdin",
    ]  # fmt: skip
    silent: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(command, cwd=folder, **silent) as echo:
        os.sched_setaffinity(echo.pid, {core})
        time.sleep(1.0)
        pipe.send([(HOST, first)] * len(addresses))
        used, began = _cpu_s(echo.pid), time.monotonic()
        pipe.poll(None)
        used, took = _cpu_s(echo.pid) - used, time.monotonic() - began
        echo.kill()
    pipe.send({"cpu_share": round(used / took, 3)})


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def callers(count: int, seconds: float, pipe: Connection) -> dict[str, Any]:
    sockets = []
    waiting = selectors.EpollSelector()
    for _ in range(count):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setblocking(False)
        one.bind((HOST, 0))
        one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        waiting.register(one, selectors.EVENT_READ, len(sockets))
        sockets.append(one)
    pipe.send((_free_ports(2 * count + 40), [one.getsockname() for one in sockets]))
    targets = pipe.recv()
    came: list[float | None] = [None] * count
    gaps: list[float] = []
    received = sequence = 0
    begin = time.monotonic()
    warm, end = begin + 2.0, begin + 2.0 + seconds
    groups = 20  # a twentieth of the callers every millisecond
    tick, group = begin, 0
    while (now := time.monotonic()) < end:
        if now >= tick:
            if group == 0:
                sequence += 1
            for number in range(group, count, groups):
                payload_type = 8 if number % 2 else 0
                packet = built(payload_type, sequence, 160 * sequence, number + 1, PROMPT[:160])
                sockets[number].sendto(packet, targets[number])
            group = (group + 1) % groups
            tick += FRAME_S / groups
            continue
        for key, _ in waiting.select(min(0.001, tick - now)):
            number = key.data
            _, extra, _, _ = sockets[number].recvmsg(2048, 64)
            seconds_unix, nanoseconds = struct.unpack("qq", extra[0][2])
            at = seconds_unix + nanoseconds / 1e9
            last, came[number] = came[number], at
            if now > warm and last is not None:
                received += 1
                gaps.append((at - last) * 1000)
    pipe.send("stop")
    report = pipe.recv()
    for one in sockets:
        one.close()
    gaps.sort()
    expected = round(count * seconds / FRAME_S)
    spread = {name: round(gaps[int(share * (len(gaps) - 1))], 1) for name, share in _SHARES.items()} if gaps else {}
    return {"gap_ms": spread, "received_share": round(received / expected, 4), **report}


_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


def _free_ports(count: int) -> int:
    """Below those that the system gives away, where the callers' own are."""
    return random.randrange(10_000, 32_000 - count, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", nargs="+", type=int, default=[100, 200, 400, 800])
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed: one for the engine, one for the callers")
    context = multiprocessing.get_context("spawn")
    runs = []
    for count in given.streams:
        found: dict[str, Any] = {"streams": count}
        works = {"engine": engine, "floor": floor} | ({"sipp": sipp} if shutil.which("sipp") else {})
        for name, work in works.items():
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, cores[0]))
            process.start()
            theirs.close()
            os.sched_setaffinity(0, {cores[1]})
            found[name] = callers(count, given.seconds, ours)
            process.join(10)
            os.sched_setaffinity(0, set(cores))
        runs.append(found)
        print(json.dumps(found), file=sys.stderr)
    print(json.dumps({"runs": runs, "machine": machine()}, indent=2))


if __name__ == "__main__":
    main()
