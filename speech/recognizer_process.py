"""Recognisers in processes of their own: what crashes or hangs there costs one utterance, and no call its frames.

PocketSphinx holds Python's lock while it decodes, which would disturb the rhythm of every call; Kaldi ends its process
on some errors. See `speech.recognizer_worker` for the processes themselves.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from speech import recognizer_wire as wire
from speech.audio import RATE
from speech.recognizers import Recognition, RecognizerBroken, RecognizerChoice, RecognizerUnavailable

REQUEST_S = 5.0
"""A request that is not answered within this, and as long again as its sound lasts, is taken for a hang."""
FORK_S = 20.0
"""A parent that has not forked by then hangs: it takes milliseconds, on a busy machine perhaps a second."""
_LAST_BACKOFF_S = 30.0
_STABLE_AFTER_S = 60.0
_ENDING_S = 2.0
# Libraries of linear algebra start threads when they are imported, and what has threads cannot be forked.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_BYTES_A_SECOND = 2 * RATE


class RecognizerProcesses:
    """The recognisers of one language: a process that holds the model, and one more for each recogniser in use.

    Starts it at once and waits until the model is loaded: raises RecognizerUnavailable where it cannot be. Any number
    of threads may ask for recognisers.
    """

    def __init__(
        self, language: str, choice: RecognizerChoice, *, request_s: float = REQUEST_S, load_s: float = wire.LOAD_S
    ) -> None:
        self._language = language
        self._choice = choice
        self._request_s = request_s
        self._load_s = load_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._forks = False
        self._made = 0
        self._failures = 0
        self._not_before = 0.0
        with self._lock:
            self._start()

    def recognizer(self) -> ProcessRecognizer:
        """A new one, in a process of its own. Raises RecognizerUnavailable when there can be none now."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start_again()
            parent, control = self._process, self._control
            assert parent is not None
            assert control is not None
            ours, theirs = socket.socketpair()
            self._made += 1
            number = self._made
            try:
                socket.send_fds(control, [wire.WORKER + str(number).encode()], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise RecognizerUnavailable(f"the recogniser's process has ended ({error})") from error
            finally:
                theirs.close()
            within_s = FORK_S if self._forks else self._load_s
        made = ProcessRecognizer(self, number, ours, self._request_s)
        try:
            made.expect_ready(within_s)
        except TimeoutError:
            parent.kill()  # and all its workers with it; whoever needs one next starts it again
            raise RecognizerUnavailable(
                f"the recogniser's process gave no recogniser within {within_s:.0f} s, and is started again"
            ) from None
        return made

    def kill(self, number: int) -> None:
        """Ends the process of recogniser `number`, whatever it does."""
        with self._lock, suppress(OSError):
            if self._control is not None:
                self._control.send(wire.KILL + str(number).encode())

    @property
    def process_id(self) -> int | None:
        """Of the process that holds the model; its workers are its children."""
        process = self._process
        return None if process is None else process.pid

    def close(self) -> None:
        """Ends all these processes."""
        with self._lock:
            self._stop()

    def _start_again(self) -> None:
        """After it died: killed for its memory, most likely. Not at every utterance if it goes on dying."""
        now = time.monotonic()
        if now > self._not_before + _STABLE_AFTER_S:
            self._failures = 0
        if now < self._not_before:
            raise RecognizerUnavailable(
                f"the recogniser's process for {self._language!r} has ended, and is started again in "
                f"{self._not_before - now:.0f} s"
            )
        self._failures += 1
        self._not_before = now + min(_LAST_BACKOFF_S, 2.0 ** (self._failures - 1))
        self._start()

    def _start(self) -> None:
        self._stop()
        # A message is a command, whole: a stream would have to be cut into them.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        plan = {
            "language": self._language,
            "engine": self._choice.engine,
            "model": None if self._choice.model is None else str(self._choice.model.resolve()),
        }
        command = [sys.executable, "-P", "-m", "speech.recognizer_worker", str(theirs.fileno()), json.dumps(plan)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                command,
                pass_fds=[theirs.fileno()],
                env={**_ONE_THREAD, **os.environ, "PYTHONPATH": _import_path()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        except OSError as error:
            ours.close()
            raise RecognizerUnavailable(f"the recogniser's process cannot be started: {error}") from error
        finally:
            theirs.close()
        self._control = ours
        self._await_model(ours)

    def _await_model(self, control: socket.socket) -> None:
        control.settimeout(self._load_s)
        try:
            answer = control.recv(65536)
        except OSError:  # a time-out among them
            answer = b""
        kind, said = answer[:1], answer[5:].decode(errors="replace")
        if kind == wire.READY:
            control.settimeout(None)
            self._forks = said == wire.FORKS
            return
        process = self._process
        assert process is not None
        if not said:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_ENDING_S)
            ended = "did not finish" if process.returncode is None else f"ended with status {process.returncode}"
            said = f"the recogniser {self._choice.engine!r} for {self._language!r} {ended} while loading its model"
            if self._choice.model is not None:
                said += f" {self._choice.model}: pull or unpack it again"
        self._stop()
        raise RecognizerUnavailable(said)

    def _stop(self) -> None:
        process, self._process = self._process, None
        control, self._control = self._control, None
        if control is not None:
            control.close()  # which is what it ends by
        if process is not None:
            try:
                process.wait(_ENDING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __del__(self) -> None:
        if getattr(self, "_process", None) is not None:
            self._stop()


class ProcessRecognizer:
    """A `Recognizer` whose work is done elsewhere. Raises RecognizerBroken when that ended, hangs or failed."""

    def __init__(self, processes: RecognizerProcesses, number: int, line: socket.socket, request_s: float) -> None:
        self._processes = processes
        self._number = number
        self._line = line
        self._request_s = request_s
        self._heard_s = 0.0

    def start(self, phrases: Sequence[str], *, free: bool = False, repeat: bool = False) -> None:
        self._heard_s = 0.0
        self._ask(wire.START, wire.as_json({"phrases": list(phrases), "free": free, "repeat": repeat}))

    def feed(self, pcm: bytes) -> str:
        seconds = len(pcm) / _BYTES_A_SECOND
        self._heard_s += seconds
        return str(self._ask(wire.FEED, pcm, seconds))

    def finish(self) -> Recognition:
        text, confidence = self._ask(wire.FINISH, b"", self._heard_s)
        return Recognition(str(text), float(confidence))

    def missing_words(self, phrases: Sequence[str]) -> list[str]:
        return list(self._ask(wire.MISSING, wire.as_json(list(phrases))))

    def close(self) -> None:
        self._line.close()  # the worker ends by it

    def __del__(self) -> None:
        self._line.close()

    def expect_ready(self, within_s: float) -> None:
        """Waits until the worker is there. Raises RecognizerUnavailable, and TimeoutError when it does not come."""
        try:
            wire.receive(self._line, within_s)
        except TimeoutError:
            self._line.close()
            raise
        except (EOFError, OSError) as error:
            self._give_up()
            raise RecognizerUnavailable(f"a recogniser's process ended as it started ({error})") from error

    def _ask(self, kind: bytes, body: bytes, more_s: float = 0.0) -> Any:
        within_s = self._request_s + more_s
        try:
            self._line.settimeout(within_s)
            self._line.sendall(wire.packed(kind, body))
            answered, said = wire.receive(self._line, within_s)
        except TimeoutError:
            self._give_up()
            raise RecognizerBroken(f"the recogniser did not answer within {within_s:.1f} s and was killed") from None
        except (EOFError, OSError) as error:
            self._give_up()
            raise RecognizerBroken(f"the recogniser's process ended ({error})") from None
        if answered != wire.DONE:
            self._give_up()
            raise RecognizerBroken(f"the recogniser failed: {said.decode(errors='replace')}")
        return json.loads(said)

    def _give_up(self) -> None:
        self._line.close()
        self._processes.kill(self._number)


def _import_path() -> str:
    """What is imported here can be imported there: also where nothing is installed, as in a checkout."""
    root = str(Path(__file__).resolve().parent.parent)
    return os.pathsep.join(dict.fromkeys([root, *(folder for folder in sys.path if folder)]))
