"""Calls that one media gateway carries on one core, and how evenly their sound comes. Prints JSON.

    python bench/streams.py [--ears none pocketsphinx] [--calls 50 100] [--seconds 20] [--model FOLDER --language ko]

The gateway runs as `hotline media` does, with its recognisers' processes, pinned to one core; the callers are one
process on another. Every caller phones in over a WebSocket as a browser phone or a Twilio stream does, sends 50 frames
a second, hears a menu, answers it by voice (by key where nobody hears), and hears it again: a second of speech every
six.

`jitter_ms`: how far the time between two pieces of sound differs from how long the first of them lasts, while a prompt
is played. `speech_to_sound_ms`: from the last spoken frame to the first sound of the answer, the 0.8 s included that a
caller must be quiet to have finished, where the recogniser did not know it earlier.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue")]

import orjson  # noqa: E402
import uvloop  # noqa: E402
from turn import machine  # noqa: E402
from websockets.asyncio.client import ClientConnection, connect  # noqa: E402

import migrations  # noqa: E402
from accounts.demo import load_demo  # noqa: E402
from database import Database  # noqa: E402
from ivr.channels import tokens  # noqa: E402
from settings import Settings, load  # noqa: E402
from speech.audio import FRAME_BYTES, pcm_to_mulaw  # noqa: E402
from speech.pyttsx3_voice import Pyttsx3Voice, VoiceChoice  # noqa: E402
from tests.ports import free_port  # noqa: E402

FRAME_S = 0.02
SILENCE = b"\xff" * FRAME_BYTES
EVERY_S = 6.0
FLOW = """
flow: main
prompts:
  what:
    en: To report a power cut, press 1 or say report an outage. For your bill, press 2 or say my bill.
    zh-CN: 报停电请按1,查电费请按2。
    ko: 정전 신고는 일번을 누르세요. 요금 문의는 이번을 누르세요.
nodes:
  what:
    menu: what
    first_input_s: 20
    options:
      outage: {key: "1", phrases: {en: [report an outage], zh-CN: [报停电], ko: [정전 신고]}, next: what}
      bill: {key: "2", phrases: {en: [my bill], zh-CN: [查电费], ko: [요금 문의]}, next: what}
"""
SHARED = """
defaults:
  no_input: {say: [again], limit: 9, flow: bye}
  no_match: {say: [again], limit: 9, flow: bye}
  fault_flow: bye
prompts:
  again: {en: Once more please., zh-CN: 请再说一次。, ko: 다시 말씀해 주세요.}
"""
BYE = """
flow: bye
takes: {reason: {type: text, default: ""}}
nodes: {bye: {hangup: again}}
"""


@dataclass
class Caller:
    """One call, driven frame by frame by the loop of all callers."""

    socket: ClientConnection
    words: tuple[bytes, ...]
    next_words_s: float
    by_key: bool
    spoken_at: float | None = None
    at: int = -1  # which frame of the words is next, -1: silent
    deviations_ms: list[float] = field(default_factory=list)
    answers_ms: list[float] = field(default_factory=list)
    turns: int = 0
    last: tuple[float, float] | None = None  # when the newest piece of sound came, and how long it lasts
    gone: str = ""

    async def frame(self, now: float) -> None:
        sound = SILENCE
        if self.at >= 0:
            sound = self.words[self.at]
            self.at += 1
            if self.at == len(self.words):
                self.at, self.spoken_at = -1, now
        elif now >= self.next_words_s:
            self.next_words_s += EVERY_S
            if self.by_key:
                self.spoken_at = now
                await self._send("dtmf", dtmf={"digit": "1"})
            else:
                self.at = 0
        await self._send("media", media={"payload": base64.b64encode(sound).decode()})

    async def _send(self, event: str, **fields: Any) -> None:
        await self.socket.send(orjson.dumps({"event": event, **fields}).decode())

    async def listen(self, clock: Any) -> None:
        try:
            async for raw in self.socket:
                message = orjson.loads(raw)
                event = message["event"]
                if event == "media":
                    self._heard(clock(), len(message["media"]["payload"]) * 3 // 4 / 8000)
                elif event == "mark":
                    self.last = None
                    await self._send("mark", mark={"name": message["mark"]["name"]})
                elif event == "clear":
                    self.last = None
        except Exception as error:  # noqa: BLE001 - told in the report
            self.gone = f"{type(error).__name__}: {error}"

    def _heard(self, now: float, lasts_s: float) -> None:
        if self.spoken_at is not None:
            self.answers_ms.append((now - self.spoken_at) * 1000)
            self.spoken_at = None
            self.turns += 1
            self.last = None
        # The first pieces of a prompt come at once, to be ahead of the ear; after that they come as they are heard.
        if self.last is not None and now - self.last[0] > lasts_s / 4:
            self.deviations_ms.append(abs((now - self.last[0]) - self.last[1]) * 1000)
        self.last = (now, lasts_s)


async def _drive(settings: Settings, count: int, seconds: float, words: tuple[bytes, ...], language: str) -> dict:
    loop = asyncio.get_running_loop()
    callers: list[Caller] = []
    listening: list[asyncio.Task[None]] = []
    warm_s = 4.0
    begin = loop.time()
    for number in range(count):
        token = tokens.issue(settings, "phone", number=f"+86138{number:08d}", language=language, address=f"a{number}")
        socket = await connect(f"ws://127.0.0.1:{settings.media_port}/phone?token={token}", compression=None)
        start = {"event": "start", "streamSid": "S", "start": {"streamSid": "S", "customParameters": {}}}
        await socket.send(orjson.dumps(start).decode())
        offset = EVERY_S * number / count
        caller = Caller(socket, words, begin + warm_s + count * 0.01 + offset, by_key=not words)
        callers.append(caller)
        listening.append(asyncio.create_task(caller.listen(loop.time)))

    async def keep_time() -> None:
        """Callers in 20 groups a millisecond apart, so that not all frames come at once."""
        tick = loop.time()
        group, end = 0, begin + warm_s + count * 0.01 + seconds
        while loop.time() < end:
            for caller in callers[group::20]:
                if not caller.gone:
                    try:
                        await caller.frame(loop.time())
                    except Exception as error:  # noqa: BLE001 - told in the report
                        caller.gone = f"{type(error).__name__}: {error}"
            group = (group + 1) % 20
            tick += FRAME_S / 20
            if (ahead := tick - loop.time()) > 0:
                await asyncio.sleep(ahead)

    used = time.process_time()
    await keep_time()
    used = time.process_time() - used
    for caller in callers:
        caller.deviations_ms = caller.deviations_ms[5:]
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    for caller in callers:
        await caller.socket.close()
    deviations = sorted(one for caller in callers for one in caller.deviations_ms)
    answers = sorted(one for caller in callers for one in caller.answers_ms)
    return {
        "calls": count,
        "jitter_ms": spread(deviations),
        "speech_to_sound_ms": spread(answers),
        "turns": sum(caller.turns for caller in callers),
        "lost": sum(bool(caller.gone) for caller in callers),
        "first_loss": next((caller.gone for caller in callers if caller.gone), ""),
        "callers_cpu_share": round(used / (seconds + warm_s), 2),
    }


def spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    at = lambda share: round(values[min(len(values) - 1, int(share * len(values)))], 1)  # noqa: E731
    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": round(values[-1], 1), "count": len(values)}


@contextmanager
def gateway(settings: Settings, environment: dict[str, str], core: int | None = None) -> Iterator[int]:
    """`hotline media` in a process of its own, pinned to `core` if one is given; its id."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", "media"], env=environment, stderr=None,
        stdout=subprocess.DEVNULL, preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}),
    )  # fmt: skip
    try:
        wait_for(settings.media_port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port: int) -> None:
    import urllib.request

    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("the gateway has not come up")


def _cpu_s(pid: int) -> float:
    """Of the process and everything it started that still runs."""
    total, tick = 0.0, os.sysconf("SC_CLK_TCK")
    parents: dict[int, list[int]] = {}
    times: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(folder.name))
        times[int(folder.name)] = (int(fields[11]) + int(fields[12])) / tick
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        total += times.get(one, 0.0)
        waiting += parents.get(one, [])
    return total


def main() -> None:
    given = _arguments()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed: one for the gateway, one for its callers")
    report: dict[str, Any] = {"runs": [], "machine": machine()}
    for ears in tuple(given.ears):
        with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
            folder = Path(name)
            given.ears = ears
            settings, environment = prepare(folder, given)
            words = () if ears == "none" else words_of(settings, given.language)
            with gateway(settings, environment, cores[0]) as pid:
                os.sched_setaffinity(0, {cores[1]})
                for count in given.calls:
                    before, began = _cpu_s(pid), time.monotonic()
                    found = uvloop.run(_drive(settings, count, given.seconds, words, given.language))
                    took = time.monotonic() - began
                    report["runs"].append(
                        {"ears": ears, **found, "gateway_cpu_share": round((_cpu_s(pid) - before) / took, 2)}
                    )
                    print(json.dumps(report["runs"][-1]), file=sys.stderr)
                    if found["jitter_ms"].get("p99", 999) > 40:
                        break
                os.sched_setaffinity(0, set(cores))
    print(json.dumps(report, indent=2))


def prepare(folder: Path, given: argparse.Namespace, **more: str) -> tuple[Settings, dict[str, str]]:
    """A hotline on demo data with a flow of one menu, heard by `given.ears`; its settings, and what makes a process
    load them."""
    flows = folder / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(FLOW, encoding="utf-8")
    (flows / "bye.yaml").write_text(BYE, encoding="utf-8")
    (flows / "shared.yaml").write_text(SHARED, encoding="utf-8")
    language = given.language
    recognizer: dict[str, Any] = {"engine": given.ears, "decoders": given.decoders, "waiting": 50}
    if given.ears == "vosk":
        recognizer["model"] = str(given.model)
    voices = {"en": {"voice": "gmw/en-us"}, "zh-CN": {"voice": "sit/cmn"}, "ko": {"voice": "ko"}}
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'queue'}",
        "HOTLINE_HOME": str(folder / "home"),
        "HOTLINE_SERVER__PORT": str(free_port()),
        "HOTLINE_MEDIA__PORT": str(free_port()),
        "HOTLINE_MEDIA__MAX_CALLS": "5000",
        "HOTLINE_CALLFLOWS__FOLDER": str(flows),
        "HOTLINE_UTILITY__NAME": json.dumps({"en": "Riverbend", "zh-CN": "河湾", "ko": "전력"}, ensure_ascii=False),
        "HOTLINE_SPEECH__VOICES": json.dumps(voices),
        "HOTLINE_SPEECH__RECOGNIZERS": json.dumps({language: recognizer}),
        "HOTLINE_RECORDINGS__CALLS": "false",
        "HOTLINE_LOG_LEVEL": "ERROR",
        **more,
    }
    settings = load(environ=environment)
    database = Database(settings.database_url)
    migrations.upgrade(database)
    load_demo(database, settings, datetime.now(UTC))
    database.dispose()
    return settings, environment


def words_of(settings: Settings, language: str) -> tuple[bytes, ...]:
    """ "Report an outage" in frames, in a voice that is not the hotline's."""
    said = {"en": "report an outage", "ko": "정전 신고"}[language]
    voice = Pyttsx3Voice({language: VoiceChoice({"en": "gmw/en-GB-x-rp", "ko": "ko"}[language], 150)})
    try:
        mulaw = pcm_to_mulaw(voice.render(said, language))
    finally:
        voice.close()
    mulaw += b"\xff" * (-len(mulaw) % FRAME_BYTES)
    return tuple(mulaw[at : at + FRAME_BYTES] for at in range(0, len(mulaw), FRAME_BYTES))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ears", nargs="+", choices=("none", "pocketsphinx", "vosk"), default=["none", "pocketsphinx"])
    parser.add_argument("--calls", nargs="+", type=int, default=[25, 50, 100, 150, 200, 300])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--decoders", type=int, default=4)
    parser.add_argument("--language", default="en")
    parser.add_argument("--model", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
