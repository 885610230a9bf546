"""The default voice: pyttsx3 on espeak-ng, in one dedicated process that is replaced when it dies or hangs."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import wave
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speech.audio import RATE, level_normalised, resample
from speech.pauses import with_pauses
from speech.voices import VoiceChoice, VoiceUnavailable

__all__ = ["DEFAULT_VOICES", "Pyttsx3Voice", "VoiceChoice"]

_PROGRAM = Path(__file__).with_name("voice_process.py")
_START_TIMEOUT_S = 20.0
PATIENCE_S = 4.0
"""For a text that somebody waits for: it takes 11 ms, on a busy machine a second. After that there is time for a fresh
process to say it before whoever plays it gives up (`media.rendering`)."""

_RENDERED = "with pauses, waited for"
"""Changed whenever the same text comes out otherwise than before: what is kept on disk is made anew then."""

DEFAULT_VOICES: Mapping[str, VoiceChoice] = {
    "en": VoiceChoice("gmw/en-us", 155),
    "zh-CN": VoiceChoice("sit/cmn", 160),
}


class _Failed(Exception):
    """The voice process ended or hung instead of answering, and is gone now."""


class Pyttsx3Voice:
    """Renders texts one at a time; any number of threads may ask. The process starts with the first text.

    A process that ends, or does not answer within `timeout_s`, is replaced and the next one asked for the same text.
    `nice`: how far the process stands back behind others (0 to 19), for work that nobody waits for.
    """

    def __init__(
        self, voices: Mapping[str, VoiceChoice] = DEFAULT_VOICES, timeout_s: float = PATIENCE_S, *, nice: int = 0
    ) -> None:
        self._voices = dict(voices)
        self._timeout_s = timeout_s
        self._nice = nice
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        _forget_after_fork.add(self)

    def fingerprint(self, language: str) -> str:
        choice = self._choice(language)
        return f"pyttsx3 espeak-ng {choice.voice_id} {choice.words_per_minute} {_RENDERED}"

    def render(self, text: str, language: str) -> bytes:
        """As `Voice.render`. A text without a letter or a figure is silence. Raises VoiceUnavailable."""
        choice = self._choice(language)
        spoken = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in with_pauses(text))
        if not any(sign.isalnum() for sign in spoken):
            return b""
        with tempfile.TemporaryDirectory(prefix="hotline-voice-") as folder:
            path = Path(folder, "spoken.wav")
            self._ask(
                {
                    "text": spoken,
                    "voice": choice.voice_id,
                    "words_per_minute": choice.words_per_minute,
                    "path": str(path),
                }
            )
            return _checked_sound(path, choice)

    def voice_ids(self) -> list[str]:
        """All voices there are, for `voice_id`. Raises VoiceUnavailable."""
        return list(self._ask({"list": True})["voices"])

    @property
    def process_id(self) -> int | None:
        """Of the voice process, None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def close(self) -> None:
        """Ends the voice process; the next render starts another."""
        with self._lock:
            self._stop()

    def _choice(self, language: str) -> VoiceChoice:
        try:
            return self._voices[language]
        except KeyError:
            raise VoiceUnavailable(
                f"no voice is configured for the language {language!r}: add it to speech.voices in config.yaml"
            ) from None

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        queue_s = 3 * self._timeout_s  # behind one that hangs, and is asked again
        if not self._lock.acquire(timeout=queue_s):
            raise VoiceUnavailable(f"the voice was busy for {queue_s:g} s")
        try:
            try:
                reply = self._exchange(request)
            except _Failed:  # killed, crashed or hung while idle, most likely: a fresh one deserves one try
                try:
                    reply = self._exchange(request)
                except _Failed as error:
                    raise VoiceUnavailable(f"the voice process, a fresh one as well, {error}") from error
        finally:
            self._lock.release()
        if not reply["ok"]:
            raise VoiceUnavailable(f"espeak-ng refused: {reply['error']} (see `speech.voices` in config.yaml)")
        return reply

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        timeout_s = self._timeout_s
        if self._process is None or self._process.poll() is not None:
            self._start()
            timeout_s += _START_TIMEOUT_S  # loading is not part of a rendering
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = _read_line(process.stdout.fileno(), time.monotonic() + timeout_s)
        except TimeoutError:
            self._stop()
            raise _Failed(f"did not answer within {timeout_s:g} s") from None
        except OSError as error:
            self._stop()
            raise _Failed(f"ended when it was asked: {error}") from error
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _start(self) -> None:
        self._stop()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [sys.executable, "-P", str(_PROGRAM), str(self._nice)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        except OSError as error:
            raise VoiceUnavailable(f"the voice process cannot be started: {error}") from error

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _forget(self) -> None:
        """In a forked child: the process and the lock belong to the parent, start afresh and leave its pipe alone."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.returncode = 0  # not ours to wait for

    def __del__(self) -> None:
        if getattr(self, "_process", None) is not None:
            self._stop()


_forget_after_fork: weakref.WeakSet[Pyttsx3Voice] = weakref.WeakSet()


def _after_fork() -> None:
    for voice in list(_forget_after_fork):
        voice._forget()


os.register_at_fork(after_in_child=_after_fork)


def _read_line(descriptor: int, deadline: float) -> bytes:
    """Up to a newline. Raises TimeoutError at `deadline` (monotonic), ConnectionError when the other end is gone."""
    line = b""
    poller = select.poll()  # not select(): a server with a thousand calls has descriptors it cannot name
    poller.register(descriptor, select.POLLIN)
    while not line.endswith(b"\n"):
        remaining_ms = (deadline - time.monotonic()) * 1000
        if remaining_ms <= 0 or not poller.poll(remaining_ms):
            raise TimeoutError
        part = os.read(descriptor, 65536)
        if not part:
            raise ConnectionError("the pipe was closed")
        line += part
    return line


def _checked_sound(path: Path, choice: VoiceChoice) -> bytes:
    """The file espeak-ng was to write, as PCM: pyttsx3 says nothing when it failed, so the file is looked at."""
    try:
        with wave.open(str(path), "rb") as reader:
            rate = reader.getframerate()
            pcm = reader.readframes(reader.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise VoiceUnavailable(f"the voice {choice.voice_id!r} wrote no sound: {error}") from error
    if not any(pcm):
        raise VoiceUnavailable(f"the voice {choice.voice_id!r} wrote silence; see `speech.voices` in config.yaml")
    return level_normalised(resample(pcm, rate, RATE))
