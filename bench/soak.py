"""A gateway that a thousand callers leave at random moments, some with nonsense: what it keeps. Prints JSON.

    python bench/soak.py [--calls 1000] [--at-once 50] [--ears none]

The gateway runs as `hotline media` does. Every caller does one of what callers and broken clients do: talks, presses
keys, says nothing, sends garbage or ten times too fast, never reads; and goes by hanging up, by closing, or without a
word, somewhere between the first message and six seconds. Memory and descriptors of the gateway are read after every
hundred calls; at the end no call may be left in progress.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue")]

import orjson  # noqa: E402
import sqlalchemy as sa  # noqa: E402
import uvloop  # noqa: E402
from streams import FRAME_S, SILENCE, gateway, prepare, words_of  # noqa: E402
from turn import machine  # noqa: E402
from websockets.asyncio.client import ClientConnection, connect  # noqa: E402
from websockets.exceptions import WebSocketException  # noqa: E402

from database import Database  # noqa: E402
from ivr.channels import tokens  # noqa: E402
from models import Call, CallStatus  # noqa: E402
from settings import Settings  # noqa: E402

DOES = ("talks", "keys", "nothing", "garbage", "floods", "never reads")
GOES = ("hangs up", "closes", "vanishes")


async def _caller(settings: Settings, number: int, chance: random.Random, words: tuple[bytes, ...]) -> tuple[str, str]:
    does, goes = chance.choice(DOES), chance.choice(GOES)
    claims = {"number": f"+86138{number:08d}", "language": "en", "address": f"a{number}"}
    token = tokens.issue(settings, "phone", **claims)
    address = f"ws://127.0.0.1:{settings.media_port}/phone?token={token}"
    try:
        # One message is kept unread at most, so that a caller who never reads holds the gateway's sound back.
        async with connect(address, compression=None, max_queue=1 if does == "never reads" else 16) as socket:
            reading = None if does == "never reads" else asyncio.create_task(_read(socket))
            await _act(socket, does, chance, words)
            if goes == "hangs up":
                await _send(socket, "stop")
            elif goes == "vanishes":
                socket.transport.abort()
            if reading is not None:
                reading.cancel()
    except (WebSocketException, OSError, TimeoutError):
        pass  # refused, as floods and garbage are
    return does, goes


async def _act(socket: ClientConnection, does: str, chance: random.Random, words: tuple[bytes, ...]) -> None:
    until = time.monotonic() + chance.uniform(0.0, 6.0)
    await _send(socket, "connected")
    if chance.random() < 0.05:
        return
    await _send(socket, "start", streamSid="S", start={"streamSid": "S", "customParameters": {}})
    at = 0
    while time.monotonic() < until:
        if does == "keys" and chance.random() < 0.05:
            await _send(socket, "dtmf", dtmf={"digit": chance.choice("0123456789*#")})
        if does == "garbage" and chance.random() < 0.1:
            await socket.send(chance.choice([b"\x00\xff", "no json", '{"event":7}', '{"event":"media"}', "x" * 70_000]))
        sound = words[at % len(words)] if does == "talks" and words else SILENCE
        at += 1
        for _ in range(10 if does == "floods" else 1):
            await _send(socket, "media", media={"payload": base64.b64encode(sound).decode()})
        await asyncio.sleep(FRAME_S)


async def _send(socket: ClientConnection, event: str, **fields: Any) -> None:
    async with asyncio.timeout(5):
        await socket.send(orjson.dumps({"event": event, **fields}).decode())


async def _read(socket: ClientConnection) -> None:
    with contextlib.suppress(WebSocketException, TimeoutError):
        async for raw in socket:
            message = orjson.loads(raw)
            if message["event"] == "mark":
                await _send(socket, "mark", mark={"name": message["mark"]["name"]})


async def _drive(settings: Settings, pid: int, given: argparse.Namespace, words: tuple[bytes, ...]) -> dict[str, Any]:
    chance = random.Random(given.seed)
    done: Counter[str] = Counter()
    samples = [_size(pid)]
    room = asyncio.Semaphore(given.at_once)

    async def one(number: int) -> None:
        async with room:
            does, goes = await _caller(settings, number, random.Random(chance.random()), words)
        done[does] += 1
        done[goes] += 1

    for begin in range(0, given.calls, 100):
        await asyncio.gather(*(one(number) for number in range(begin, min(begin + 100, given.calls))))
        await asyncio.sleep(settings.media.reconnect_s + 1)  # those who vanished are given up
        samples.append(_size(pid))
    return {"did": dict(sorted(done.items())), "gateway": samples}


def _size(pid: int) -> dict[str, float]:
    status = Path(f"/proc/{pid}/status").read_text()
    memory = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
    threads = next(line for line in status.splitlines() if line.startswith("Threads")).split()[1]
    descriptors = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return {"memory_mb": round(int(memory) / 1024, 1), "descriptors": descriptors, "threads": int(threads)}


def _left(settings: Settings) -> dict[str, int]:
    database = Database(settings.database_url)
    try:
        with database.reading() as db:
            found = db.execute(sa.select(Call.status, sa.func.count()).group_by(Call.status)).all()
    finally:
        database.dispose()
    return {CallStatus(status).value: count for status, count in found}


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
        settings, environment = prepare(Path(name), given, HOTLINE_MEDIA__RECONNECT_S="1")
        words = words_of(settings, given.language) if given.ears != "none" else ()
        with gateway(settings, environment) as pid:
            found = uvloop.run(_drive(settings, pid, given, words))
            left = _left(settings)
    print(json.dumps({"calls": given.calls, **found, "rows": left, "machine": machine()}, indent=2))
    if left.get(CallStatus.IN_PROGRESS.value):
        sys.exit(f"{left[CallStatus.IN_PROGRESS.value]} calls are left in progress")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ears", choices=("none", "pocketsphinx", "vosk"), default="pocketsphinx")
    parser.add_argument("--language", default="en")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--decoders", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
