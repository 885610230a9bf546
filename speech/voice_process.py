"""The program of the voice process: pyttsx3 on espeak-ng, one JSON request a line in, one JSON answer a line out.

pyttsx3 is not safe for threads, may hang, and reports no failure, so it lives in a process of its own that
`speech.pyttsx3_voice` starts, watches and replaces. This file is run by its path and imports nothing of ours.

Request  {"text": str, "voice": str, "words_per_minute": int, "path": str}   speak into the WAV file `path`
         {"list": true}                                                      which voices there are
Answer   {"ok": true} or {"ok": true, "voices": [...]} or {"ok": false, "error": str}
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import queue
import sys
import threading
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import espeakng_loader

ATTEMPTS = 3


@functools.lru_cache(maxsize=1)
def load_pyttsx3() -> Any:
    """pyttsx3 with the espeak-ng of the wheel: it only looks in system folders, which need not have one."""
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    loader: Any = ctypes.cdll
    load_library = loader.LoadLibrary
    loader.LoadLibrary = lambda name: load_library(
        espeakng_loader.get_library_path() if "espeak" in str(name).lower() else name
    )
    try:
        import pyttsx3

        engine = pyttsx3.init("espeak")
    finally:
        loader.LoadLibrary = load_library
    engine.runAndWait()  # until it has run once it only queues properties, and cancels them when it runs
    return engine


def requests() -> Iterator[dict[str, Any]]:
    """Requests until the parent closes the pipe or dies, which ends this process even while espeak-ng is speaking."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(lines.get())


@functools.lru_cache(maxsize=1)
def voice_ids() -> frozenset[str]:
    engine = load_pyttsx3()
    return frozenset(voice.id for voice in engine.getProperty("voices"))


def check_voice(voice: str) -> None:
    """`gmw/en-us`, or with a variant `gmw/en-us+f3`. pyttsx3 drops espeak-ng's refusal and keeps the voice before."""
    name, _, variant = voice.partition("+")
    if name.lower() not in voice_ids():
        raise ValueError(f"there is no voice {name!r}")
    if variant and not Path(espeakng_loader.get_data_path(), "voices", "!v", variant).is_file():
        raise ValueError(f"there is no voice variant {variant!r}")


def answer(request: dict[str, Any]) -> dict[str, Any]:
    if "list" in request:
        return {"ok": True, "voices": sorted(voice_ids())}
    engine = load_pyttsx3()
    from pyttsx3.drivers import _espeak  # finds the library only once that has been loaded

    check_voice(request["voice"])
    text, path, rate = request["text"], request["path"], request["words_per_minute"]
    finished = threading.Event()
    token = engine.connect("finished-utterance", lambda name, completed: finished.set() if completed else None)
    try:
        for _ in range(ATTEMPTS):
            # espeak-ng works in a thread of its own, and runAndWait cancels what it finds under way there: a property,
            # which then is the one before, or the text itself. So it is waited for before the text, which leaves one
            # in thousands on a busy machine, and that one is asked for again.
            engine.setProperty("voice", request["voice"])
            engine.setProperty("rate", rate)
            _espeak.Synchronize()
            finished.clear()
            engine.save_to_file(text, path)
            engine.runAndWait()
            _espeak.Synchronize()  # runAndWait may return while the file is being written
            if finished.is_set() and engine.getProperty("rate") == rate and has_sound(path):
                return {"ok": True}
    finally:
        engine.disconnect(token)
    return {"ok": False, "error": "it wrote no sound"}


def has_sound(path: str) -> bool:
    try:
        with wave.open(path, "rb") as reader:
            return any(reader.readframes(reader.getnframes()))
    except (OSError, EOFError, wave.Error):
        return False


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # pyttsx3 prints on standard output, which is the pipe of the answers
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as the process lives
    os.nice(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    load_pyttsx3()
    for request in requests():
        try:
            reply = answer(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
            reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
