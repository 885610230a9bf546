"""Calls by SIP through the whole hotline, against SIPp's own server on the same machine in the same run. Prints JSON.

    python bench/sip_calls.py [--held 20 50 100 200] [--rates 5 10 20 40] [--seconds 10] [--hang-ups 1000]

`held`: as many calls at once, to each of which a prompt is played while its caller's frames come in (`held_calls.py`),
until the gap between two frames is over 40 ms in one of a hundred, or calls fail: the servers with all that belongs to
them are pinned to one core, the callers to another. `cpu_percent` is of that core.

Every caller (SIPp) is answered, presses 1 with a telephone event while the welcome is said, stays three seconds and
hangs up. `heard` counts the calls in whose rows that key arrived and led on; `cpu_percent` is the server's, of one
core. `sipp_server` is the same load on SIPp's built-in `uas` with `-rtp_echo`: what machine and callers themselves
take. The hotline is a process of its own with SQLite, a real voice and real ears, and a flow of a few words.
`hang_ups`: as many calls, twenty at once, that end at random moments, and what is left of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue")]

import sqlalchemy as sa  # noqa: E402
import structlog  # noqa: E402
from turn import machine  # noqa: E402

from database import Database  # noqa: E402
from models import Call, CallStatus, CallTurn  # noqa: E402
from settings import load  # noqa: E402
from tests.media.sip_calls.house import AGENT, SHARED, SHORT, demo_home  # noqa: E402
from tests.ports import free_port  # noqa: E402
from tests.processes.running import command, environment  # noqa: E402
from tests.processes.test_sip import health  # noqa: E402
from tests.telephones import sipp  # noqa: E402
from tests.telephones.network import caller  # noqa: E402

STEPS = [sipp.wait(1.0), sipp.press("1"), sipp.wait(1.5), sipp.hang_up()]
TICKS = os.sysconf("SC_CLK_TCK")
TOO_UNEVEN_MS = 40.0
ANNOUNCED = SHORT.replace(
    'en: "Say', f'en: "{"This is a long announcement, to be heard for a while. " * 20}Say'
).replace("zh-CN: 请按键。}", f"zh-CN: {'现在播放一段很长的通知，请您慢慢收听。' * 20}请按键。}}")
"""A minute of prompt, whatever language a caller is greeted in."""


def cpu_s(pid: int) -> float:
    """Of a process with its children, as far as those have been waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(value) for value in fields[11:15]) / TICKS


def tree(pid: int) -> list[int]:
    """A process and all that it has started: its recognisers are processes too."""
    started = [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
               for child in (task / "children").read_text().split()]  # fmt: skip
    return [pid, *(below for child in started for below in tree(child))]


async def held_by(port: int, pid: int, calls: int, seconds: float, cores: list[int]) -> dict[str, Any]:
    """What `held_calls.py` found, and what it cost the server meanwhile."""
    callers = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "bench" / "held_calls.py"), str(port), "--calls", str(calls),
        "--seconds", str(seconds), "--core", str(cores[1]),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert callers.stdout is not None
    used = began = share = 0.0
    report: dict[str, Any] = {}
    async for line in callers.stdout:
        if line == b"measuring\n":
            used, began = sum(map(cpu_s, tree(pid))), time.monotonic()
        elif line == b"measured\n":
            share = (sum(map(cpu_s, tree(pid))) - used) / (time.monotonic() - began)
        else:
            report = json.loads(line)
    await callers.wait()
    return {**report, "cpu_percent": round(100 * share, 1), "memory_mb": round(sum(map(memory_mb, tree(pid))), 1)}


def bears(report: dict[str, Any]) -> bool:
    return not report["failed"] and report["gap_ms"].get("p99", TOO_UNEVEN_MS + 1) <= TOO_UNEVEN_MS


def memory_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def load_on(folder: Path, port: int, pid: int, rate: float, seconds: float) -> dict[str, Any]:
    calls = round(rate * seconds)
    before, began = cpu_s(pid), time.monotonic()
    result = await sipp.sipp(folder, port, STEPS, calls=calls, per_second=rate, within_s=seconds + 60)
    took = time.monotonic() - began
    return {
        "per_second": rate,
        "calls": calls,
        "all_well": result.code == 0,
        "cpu_percent": round(100 * (cpu_s(pid) - before) / took, 1),
        "said": result.errors[-300:] if result.code else "",
    }


async def hang_up_at_random(port: int, calls: int) -> None:
    moments, room = random.Random(1), asyncio.Semaphore(20)
    async with caller(port) as made:

        async def one() -> None:
            async with room:
                call = await made.dial("95598")
                heard = made.heard
                await asyncio.sleep(moments.choice((0.0, 0.01, 0.1, 0.5)) * moments.random() * 2)
                call.hang_up()
                await heard.over.wait()

        await asyncio.gather(*(one() for _ in range(calls)))


async def measure(held: list[int], rates: list[float], seconds: float, hang_ups: int) -> dict[str, Any]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed: one for the servers, one for the callers")
    found: dict[str, Any] = {
        "machine": machine(), "load_average": os.getloadavg(),
        "held": {"hotline": [], "sipp_server": []}, "hotline": [], "sipp_server": [],
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = demo_home(folder / "home")
        flows = home / "flows"
        flows.mkdir()
        for flow, text in (("shared", SHARED), ("agent", AGENT), ("main", ANNOUNCED)):
            (flows / f"{flow}.yaml").write_text(text)
        port = free_port(3)
        variables = {
            **environment(home), "HOTLINE_SERVER__PORT": str(port), "HOTLINE_SIP__PORT": str(free_port()),
            "HOTLINE_CALLFLOWS__FOLDER": str(flows), "HOTLINE_SIP__MAX_CALLS": "1000",
            **{f"HOTLINE_CALLFLOWS__{kind}": "main" for kind in ("CLOSURE", "RESTORATION", "PLANNED")},
        }  # fmt: skip
        settings = load(environ=variables, home=home)
        database = Database(settings.database_url)
        log = (folder / "log").open("wb")
        pinned = ["taskset", "-c", str(cores[0])]
        hotline = subprocess.Popen([*pinned, *command("sip")], env=variables, stdout=log, stderr=subprocess.STDOUT)
        echo = free_port()
        server = subprocess.Popen(
            [*pinned, "sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(echo), "-mi", "127.0.0.1",
             "-mp", str(free_port(4)), "-rtp_echo", "-nostdin"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        try:
            while not await asyncio.to_thread(health, settings):
                assert hotline.poll() is None, (folder / "log").read_text()
                await asyncio.sleep(0.2)
            for calls in held:
                of_hotline = await held_by(settings.sip.port, hotline.pid, calls, seconds, cores)
                found["held"]["hotline"].append(of_hotline)
                found["held"]["sipp_server"].append(await held_by(echo, server.pid, calls, seconds, cores))
                await _all_over(database)
                if not bears(of_hotline):
                    break
            for rate in rates:
                known = _heard(database)
                of_hotline = await load_on(folder / f"h{rate}", settings.sip.port, hotline.pid, rate, seconds)
                await _all_over(database)
                of_hotline["heard"] = _heard(database) - known
                found["hotline"].append(of_hotline)
                found["sipp_server"].append(await load_on(folder / f"s{rate}", echo, server.pid, rate, seconds))
            before = _left(hotline.pid)
            began = time.monotonic()
            await hang_up_at_random(settings.sip.port, hang_ups)
            await _all_over(database)
            took = round(time.monotonic() - began, 1)
            found["hang_ups"] = {"calls": hang_ups, "seconds": took, "before": before, "after": _left(hotline.pid)}
        finally:
            for process in (hotline, server):
                process.kill()
                process.wait()
            log.close()
            database.dispose()
    return found


def _left(pid: int) -> dict[str, float]:
    return {"memory_mb": round(memory_mb(pid), 1), "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir()))}


def _heard(database: Database) -> int:
    """Calls whose key arrived."""
    with database.reading() as session:
        events = session.scalars(sa.select(CallTurn.event).where(CallTurn.number == 1))
        return sum(event.get("digits") == "1" for event in events)


async def _all_over(database: Database) -> None:
    up = sa.select(sa.func.count()).select_from(Call).where(Call.status == CallStatus.IN_PROGRESS)
    for _ in range(300):
        with database.reading() as session:
            if not session.scalar(up):
                return
        await asyncio.sleep(0.1)
    raise SystemExit("calls are left in progress")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--held", type=int, nargs="*", default=[20, 50, 100, 200])
    parser.add_argument("--rates", type=float, nargs="*", default=[5, 10, 20, 40])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--hang-ups", type=int, default=1000)
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is the result
    print(json.dumps(asyncio.run(measure(given.held, given.rates, given.seconds, given.hang_ups)), indent=2))


if __name__ == "__main__":
    main()
