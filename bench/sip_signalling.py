"""Calls a second that the SIP endpoint alone sets up and takes down on one core. Prints JSON.

    python bench/sip_signalling.py [--rates 100 200 400 800] [--seconds 10] [--transport udp]

SIPp (Debian: sip-tester) on another core calls, is answered at once, acknowledges and hangs up: INVITE, 200, ACK, BYE,
200. The endpoint runs in a process of its own on uvloop, as in the SIP process, without sound, rows and flows. `floor`
is the same callers against SIPp's own answering side, in the same run. `response_ms` is from INVITE to 200 at the
caller, the mean; `cpu_ms_per_call` the time the answering process had the core, so that 1000 / cpu_ms_per_call are the
calls a second at which the core is full.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue")]

import uvloop  # noqa: E402
from turn import machine  # noqa: E402

import logs  # noqa: E402
from media.sip.call import SipCall  # noqa: E402
from media.sip.config import EndpointConfig  # noqa: E402
from media.sip.endpoint import SipEndpoint  # noqa: E402

HOST = "127.0.0.1"


def answer_calls(told: Connection) -> None:
    """Tells its port, answers every call, and tells what is left when it is told to stop."""

    async def serve() -> None:
        def take(call: SipCall) -> None:
            call.accept((HOST, 4000))

        endpoint = SipEndpoint(EndpointConfig(port=0, max_calls=5000), take)
        await endpoint.start()
        told.send(endpoint.port)
        await asyncio.get_running_loop().run_in_executor(None, told.recv)
        told.send({"calls_left": endpoint.calls, "refused": dict(endpoint.refusals)})
        await endpoint.close()

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # lines are made as ever, and read by nobody
    logs.configure("sip", json=True)
    pin(0)
    uvloop.run(serve())


def pin(core: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


def cpu_s(pid: int) -> float:
    """User and system time a process has had (proc(5): fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def call(port: int, pid: int, rate: int, seconds: float, transport: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.csv"
        before = cpu_s(pid)
        subprocess.run(
            [
                *("sipp", "-sn", "uac", f"{HOST}:{port}", "-i", HOST, "-r", str(rate), "-m", str(int(rate * seconds))),
                *("-l", "5000", "-d", "0", "-nostdin", "-t", "t1" if transport == "tcp" else "u1", "-timeout", "120"),
                *("-trace_stat", "-stf", str(figures), "-fd", "1"),
            ],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: pin(1),
        )
        spent = cpu_s(pid) - before
        with figures.open(encoding="utf-8", newline="") as lines:
            last = list(csv.DictReader(lines, delimiter=";"))[-1]
    made = int(last["SuccessfulCall(C)"])
    hours, minutes, whole, millionths = last["ResponseTime1(C)"].split(":")[:4]
    mean_s = int(hours) * 3600 + int(minutes) * 60 + int(whole) + int(millionths) / 1e6
    return {
        "calls_per_s_asked": rate,
        "calls_per_s": round(float(last["CallRate(C)"]), 1),
        "calls": made,
        "failed": int(last["FailedCall(C)"]),
        "sent_again": int(last["Retransmissions(C)"]),
        "response_ms": round(mean_s * 1000, 2),
        "cpu_ms_per_call": round(1000 * spent / made, 3) if made else None,
    }


def ours(rates: list[int], seconds: float, transport: str) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=answer_calls, args=(there,))
    process.start()
    port = here.recv()
    runs = [call(port, process.pid or 0, rate, seconds, transport) for rate in rates]
    here.send("stop")
    left = here.recv()
    process.join(10)
    return {"runs": runs, **left}


def floor(rates: list[int], seconds: float, transport: str) -> dict[str, Any]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        ["sipp", "-sn", "uas", "-i", HOST, "-p", str(port), "-nostdin", "-t", "t1" if transport == "tcp" else "u1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: pin(0),
    )
    time.sleep(1)
    try:
        return {"runs": [call(port, process.pid, rate, seconds, transport) for rate in rates]}
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rates", type=int, nargs="+", default=[100, 200, 400, 800])
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--transport", choices=["udp", "tcp"], default="udp")
    given = options.parse_args()
    if shutil.which("sipp") is None:
        sys.exit("sipp is not installed; on Debian: apt-get install sip-tester")
    figures = {
        "machine": machine(),
        "transport": given.transport,
        "ours": ours(given.rates, given.seconds, given.transport),
        "floor": floor(given.rates, given.seconds, given.transport),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
