"""How soon a telephone on SIP is answered and listened to, measured at the telephone itself. Prints JSON.

    python bench/sip_answer.py [--rounds 6] [--voices kal slt awb rms]

`hotline sip` runs as a process, with PocketSphinx, a real voice and SQLite; the caller is baresip, which writes down
what it sends and what it hears. At a menu the caller says one of its phrases (Debian's flite) once the prompt is over:
`speech_to_sound_ms` is from the caller's last loud frame to the first loud frame of the answer. Then they speak while
the prompt is played: `barge_in_to_silence_ms` is from their first loud frame to the last loud frame of the prompt. Both
ends are read from one telephone's two files, which begin within a frame or two of each other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue")]

import sqlalchemy as sa  # noqa: E402
from streams import prepare, spread, wait_for  # noqa: E402
from turn import machine  # noqa: E402

from database import Database  # noqa: E402
from models import CallTurn  # noqa: E402
from speech.audio import PCM_FRAME_BYTES, audioop  # noqa: E402
from tests.ports import free_port  # noqa: E402
from tests.telephones.baresip import Baresip, baresip  # noqa: E402
from tests.telephones.speech import find, spoken, write_sound  # noqa: E402

FRAME_MS = 20
LOUD = 32768 * 10 ** (-45 / 20)
PHRASES = ("report an outage", "my bill")
FIRST_S, ROUND_S, BARGE_IN_S = 14.0, 20.0, 5.0
"""The prompt takes some eight seconds: a round begins when it is over, and five seconds later it is played again."""


def _loud(pcm: bytes) -> list[bool]:
    return [audioop.rms(pcm[at : at + PCM_FRAME_BYTES], 2) > LOUD for at in range(0, len(pcm), PCM_FRAME_BYTES)]


def _track(words: list[bytes]) -> tuple[bytes, list[float]]:
    """All a caller says in a call, and when each of it begins, in seconds: sound that is changed in the middle of a
    call would put the telephone's two files apart."""
    track, begins = bytearray(), []
    for number, said in enumerate(words):
        at_s = FIRST_S + ROUND_S * (number // 2) + (BARGE_IN_S if number % 2 else 0.0)
        track += bytes(2 * int(at_s * 8000) - len(track))
        begins.append(at_s)
        track += said
    return bytes(track) + bytes(16_000 * 20), begins


async def _call(phone: Baresip, port: int, given: argparse.Namespace, voice: str) -> dict[str, list[float]]:
    words = [spoken(PHRASES[number % len(PHRASES)], voice) for number in range(2 * given.rounds)]
    track, begins = _track(words)
    write_sound(phone.folder / "begins.wav", track)
    await phone.dial(f"sip:95598@127.0.0.1:{port}")
    await phone.until("CALL_ESTABLISHED")
    await asyncio.sleep(begins[-1] + 5)
    await phone.hang_up()
    found: dict[str, list[float]] = {"speech_to_sound_ms": [], "barge_in_to_silence_ms": []}
    for number, (said, at_s) in enumerate(zip(words, begins, strict=True)):
        measure, name = (_stopped_ms, "barge_in_to_silence_ms") if number % 2 else (_answer_ms, "speech_to_sound_ms")
        value = measure(phone, said, at_s)
        if value is not None:
            found[name].append(value)
    return found


def _sent(phone: Baresip) -> bytes:
    paths = sorted((phone.folder / "heard").glob("*-enc.wav"))
    return paths[-1].read_bytes()[44:] if paths else b""


def _spoken_at(phone: Baresip, said: bytes, after_s: float) -> tuple[float, float] | None:
    """First and last loud moment of `said` in what was sent, in seconds of the call."""
    skipped = max(0, int((after_s - 0.5) * 8000)) * 2
    at_s, alike = find(said, _sent(phone)[skipped:])
    if alike < 0.6:
        return None
    loud = _loud(said)
    first, last = loud.index(True), len(loud) - loud[::-1].index(True)
    begin_s = skipped / 16_000 + at_s
    return begin_s + first * FRAME_MS / 1000, begin_s + last * FRAME_MS / 1000


def _answer_ms(phone: Baresip, said: bytes, after_s: float) -> float | None:
    at = _spoken_at(phone, said, after_s)
    if at is None:
        return None
    loud = _loud(phone.heard())
    begin = round(at[1] * 1000 / FRAME_MS)
    heard = next((frame for frame in range(begin, len(loud)) if loud[frame]), None)
    return None if heard is None else heard * FRAME_MS - at[1] * 1000


def _stopped_ms(phone: Baresip, said: bytes, after_s: float) -> float | None:
    """None when the prompt was over before, or was not stopped while they spoke."""
    at = _spoken_at(phone, said, after_s)
    if at is None:
        return None
    loud = _loud(phone.heard())
    begin, end = round(at[0] * 1000 / FRAME_MS), round(at[1] * 1000 / FRAME_MS)
    if not any(loud[begin - 5 : begin + 1]):
        return None
    last = max((frame for frame in range(begin, min(end, len(loud))) if loud[frame]), default=begin)
    return None if last >= end - 2 else (last + 1) * FRAME_MS - at[0] * 1000


@contextmanager
def _hotline(environment: dict[str, str], control_port: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-P", "-m", "cli", "sip"], env=environment)
    try:
        wait_for(control_port)
        time.sleep(8.0)  # prompts are rendered, models loaded
        yield
    finally:
        process.terminate()
        process.wait(30)


async def _drive(folder: Path, port: int, given: argparse.Namespace) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for number, voice in enumerate(given.voices):
        user = f"+861380057{number:04d}"
        async with baresip(folder, user=user, proxy=f"127.0.0.1:{port}") as phone:
            for name, values in (await _call(phone, port, given, voice)).items():
                found.setdefault(name, []).extend(values)
    return found


def _turns(url: str) -> dict[str, int]:
    database = Database(url)
    try:
        with database.reading() as db:
            events = [row.event["kind"] for row in db.scalars(sa.select(CallTurn))]
    finally:
        database.dispose()
    return {kind: events.count(kind) for kind in sorted(set(events))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--voices", nargs="+", default=["kal", "slt", "awb", "rms"])
    given = parser.parse_args()
    given.ears, given.decoders, given.language, given.model = "pocketsphinx", 2, "en", None
    port, control = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
        folder = Path(name)
        settings, environment = prepare(
            folder, given, HOTLINE_SIP__PORT=str(port), HOTLINE_SIP__CONTROL_PORT=str(control),
            HOTLINE_UTILITY__DEFAULT_LANGUAGE="en",
        )  # fmt: skip
        with _hotline(environment, control):
            found = asyncio.run(_drive(folder, port, given))
            turns = _turns(settings.database_url)
    report: dict[str, Any] = {measure: spread(sorted(values)) for measure, values in found.items()}
    print(json.dumps({**report, "turns": turns, "machine": machine()}, indent=2))


if __name__ == "__main__":
    main()
