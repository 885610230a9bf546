"""From the end of what a caller says to the first sound of the answer, and what takes how long of it. Prints JSON.

    python bench/answer_time.py [--rounds 2] [--voices kal slt awb rms] [--noise-db 0]

One caller on a simulated line, in real time, through the parts of a media process: endpointing, the recogniser's own
process, the runner with its rows (SQLite), the voice from its cache. `spoken`: until the end of the utterance was known
(silence, and the recogniser's opinion that it is whole); `words`: until its words were there; `sound`: until the first
sound of the answer left for the line. Milliseconds from the last loud frame of the caller. Callers are Debian's flite.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue")]

from turn import machine  # noqa: E402

import migrations  # noqa: E402
from database import Database  # noqa: E402
from ivr.calls import NewCall  # noqa: E402
from media.equipment import call_tools  # noqa: E402
from media.hearing import EarPool, Hearing  # noqa: E402
from media.live_call import LiveCall  # noqa: E402
from media.messages import Out  # noqa: E402
from media.parts import Threads  # noqa: E402
from media.rows import Rows  # noqa: E402
from models import Channel  # noqa: E402
from processes.gateway import media_parts  # noqa: E402
from settings import load  # noqa: E402
from speech import audio  # noqa: E402
from speech.audio import PCM_FRAME_BYTES, RATE, audioop  # noqa: E402

FRAME_S = 0.02
LOUD_DBFS = -40.0
FLOW = """
flow: main
prompts:
  what: {en: "Say outage, bill or agent, or press a key.", zh-CN: 请说。}
  heard: {en: "Thank you.", zh-CN: 谢谢。}
nodes:
  what:
    menu: what
    first_input_s: 10
    options:
      report: {key: "1", phrases: {en: [report an outage, my power is out], zh-CN: [停电]}, next: thanks}
      bill: {key: "2", phrases: {en: [my bill, billing], zh-CN: [电费]}, next: thanks}
      stop: {key: "3", phrases: {en: [move my account], zh-CN: [过户]}, next: thanks}
  thanks: {say: heard, next: what}
"""
SHARED = """
globals: {}
defaults:
  no_input: {say: [], limit: 3, flow: main}
  no_match: {say: [], limit: 3, flow: main}
  fault_flow: main
  main_menu: main/what
"""
UTTERANCES = ("report an outage", "my power is out", "my bill", "billing", "move my account")


@dataclass
class TimedLine:
    """Plays in real time; notes when sound leaves for it."""

    call: LiveCall | None = None
    played_at: list[float] = field(default_factory=list)
    until: float = 0.0
    marks: list[asyncio.TimerHandle] = field(default_factory=list)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    words_at: float = 0.0

    def play(self, mulaw: bytes) -> None:
        now = asyncio.get_running_loop().time()
        self.idle.clear()
        if audioop.rms(audioop.ulaw2lin(mulaw, 2), 2) > 50:
            self.played_at.append(now)
        self.until = max(now, self.until) + len(mulaw) / RATE

    def mark(self, name: str) -> None:
        loop = asyncio.get_running_loop()

        def heard() -> None:
            assert self.call is not None
            self.call.heard(name)
            if self.until <= loop.time() + 1e-3:
                self.idle.set()

        self.marks.append(loop.call_at(max(self.until, loop.time()), heard))

    def clear(self) -> None:
        self.until = asyncio.get_running_loop().time()
        for mark in self.marks:
            mark.cancel()
        self.marks.clear()

    def tell(self, out: Out) -> None:
        if out.fields.get("who") == "caller" and not out.fields.get("partial"):
            self.words_at = asyncio.get_running_loop().time()

    def hang_up(self, reason: str) -> None:
        self.idle.set()


class TimedEars:
    """An `EarPool` that notes when an utterance was known to be over."""

    def __init__(self, pool: EarPool) -> None:
        self._pool = pool
        self.finished_at = 0.0

    def listen(self, *arguments: Any, **named: Any) -> Hearing:
        hearing = self._pool.listen(*arguments, **named)
        finish = hearing.finish

        def finished() -> None:
            self.finished_at = asyncio.get_running_loop().time()
            finish()

        hearing.finish = finished  # type: ignore[method-assign]
        return hearing


def spoken_by(voice: str, text: str, folder: Path) -> bytes:
    path = folder / "said.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
    return audio.level_normalised(audio.read_wav(path))


def noisy(pcm: bytes, noise_db: float, chance: random.Random) -> bytes:
    """With white noise `noise_db` under speech; 0: a quiet line's."""
    spread = 8.0 if noise_db == 0 else 32768 * 10 ** ((-20 - noise_db) / 20)
    noise = b"".join(round(max(-32768, min(32767, chance.gauss(0, spread)))).to_bytes(2, "little", signed=True)
                     for _ in range(len(pcm) // 2))  # fmt: skip
    return audioop.add(pcm, noise, 2)


def last_loud_frame(pcm: bytes) -> int:
    floor = 32768 * 10 ** (LOUD_DBFS / 20)
    frames = [pcm[at : at + PCM_FRAME_BYTES] for at in range(0, len(pcm), PCM_FRAME_BYTES)]
    return max(number for number, frame in enumerate(frames) if audioop.rms(frame, 2) >= floor)


async def answered(
    line: TimedLine, ears: TimedEars, call: LiveCall, pcm: bytes, noise: bytes
) -> dict[str, float] | None:
    """One utterance, said when the prompt has been heard. None: no answer within 8 s."""
    loop = asyncio.get_running_loop()
    await asyncio.wait_for(line.idle.wait(), 30)
    sound = bytes(PCM_FRAME_BYTES) * 20 + pcm + bytes(PCM_FRAME_BYTES) * 400
    sound = audioop.add(sound, (noise * (len(sound) // len(noise) + 1))[: len(sound)], 2)
    last = 20 + last_loud_frame(pcm)
    begun, ended, line.words_at = loop.time(), 0.0, 0.0
    line.played_at.clear()
    for number in range(len(sound) // PCM_FRAME_BYTES):
        await asyncio.sleep(max(0.0, begun + (number + 1) * FRAME_S - loop.time()))
        call.sound(audio.pcm_to_mulaw(sound[number * PCM_FRAME_BYTES : (number + 1) * PCM_FRAME_BYTES]))
        if number == last:
            ended = loop.time()
        if line.played_at:
            ended = ended or begun + (last + 1) * FRAME_S
            at = {"spoken": ears.finished_at, "words": line.words_at or ears.finished_at, "sound": line.played_at[0]}
            return {name: round(1000 * (time - ended), 1) for name, time in at.items()}
    return None


async def measured(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    settings = load(environ={}, home=folder / "home")
    database = Database(settings.database_url)
    migrations.upgrade(database)
    database.dispose()
    chance = random.Random(1)
    clips = [spoken_by(voice, text, folder) for voice in given.voices for text in UTTERANCES]
    noise = noisy(bytes(2 * RATE), given.noise_db, chance)
    with media_parts(settings, "media") as parts:
        parts.runner.flows.try_out({"shared.yaml": SHARED, "main.yaml": FLOW}, datetime.now(UTC))
        await asyncio.sleep(given.warm_s)  # until all prompts of the shipped flows are rendered
        threads = Threads()
        rows = Rows(parts, threads)
        tools, _ = call_tools(parts, rows, threads, "bench")
        ears = TimedEars(tools.ears["en"])
        tools.ears["en"] = ears  # type: ignore[assignment]
        line = TimedLine()
        new = NewCall(Channel.BROWSER, "bench/1", "+8613800571001", "95598", language="en")
        answer = await rows.begin(new)
        call = line.call = LiveCall(tools, answer.call_id, line, over=lambda: None)
        call.begin(answer)
        found: list[dict[str, float]] = []
        unanswered = 0
        for clip in clips * given.rounds:
            times = await answered(line, ears, call, clip, noise)
            unanswered += times is None
            found += [times] if times else []
            await asyncio.sleep(0.3)
        call.hung_up()
        await asyncio.sleep(0.5)
        threads.close()
    return {
        "machine": machine(),
        "noise_db": given.noise_db,
        "voices": given.voices,
        "utterances": len(found) + unanswered,
        "unanswered": unanswered,
        "after_the_last_loud_frame_ms": {
            name: _quantiles([times[name] for times in found]) for name in ("spoken", "words", "sound")
        },
    }


def _quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"p50": statistics.median(ordered), "p95": ordered[int(0.95 * len(ordered))], "max": ordered[-1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--voices", nargs="+", default=["kal", "slt", "awb", "rms"])
    parser.add_argument("--noise-db", type=float, default=0, help="white noise so far under speech; 0: a quiet line")
    parser.add_argument("--warm-s", type=float, default=30)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        print(json.dumps(asyncio.run(measured(given, Path(folder))), indent=2))


if __name__ == "__main__":
    main()
