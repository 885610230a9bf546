"""The program that recognisers run in: a parent that loads an engine's model and forks a worker for each recogniser.

`python -m speech.recognizer_worker DESCRIPTOR PLAN`, started by `speech.recognizer_process`. Forked workers share the
model's memory: measured with Vosk's Korean model, 530 MB once and 4 MB a worker (grammar; 21 MB decoding freely), with
PocketSphinx 65 MB once and 7 MB a worker. It has one thread, as forking asks for; an engine whose library started
threads while it loaded is not forked but loaded again for each worker.

It ends when the gateway's end of its line is closed, however that happens, and the kernel ends its workers with it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speech import recognizer_wire as wire
from speech.engines import open_recognizer
from speech.recognizers import Recognizer, RecognizerChoice, RecognizerUnavailable

_PR_SET_PDEATHSIG = 1
_REAP_EVERY_MS = 1000
_CLOSING_S = 5
# Whoever decodes yields to whoever sends the next 20 ms of sound.
_NICENESS = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What is heard: given as JSON on the command line. `alone`: this process is one worker, not their parent."""

    language: str
    engine: str
    model: str | None
    alone: bool = False

    def recognizer(self) -> Recognizer:
        model = None if self.model is None else Path(self.model)
        return open_recognizer(self.language, RecognizerChoice(self.engine, model))


def hear(recognizer: Recognizer, line: socket.socket) -> None:
    """A worker's life: answers requests until the other end is closed."""
    line.settimeout(None)
    line.sendall(wire.packed(wire.READY))
    while True:
        try:
            kind, body = wire.receive(line)
        except (EOFError, ConnectionError):
            break
        try:
            answer = wire.packed(wire.DONE, wire.as_json(_REQUESTS[kind](recognizer, body)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the gateway must hear of it
            answer = wire.packed(wire.FAILED, f"{type(error).__name__}: {error}".encode())
        try:
            line.sendall(answer)
        except ConnectionError:
            break
    signal.alarm(_CLOSING_S)
    recognizer.close()


def _start(recognizer: Recognizer, body: bytes) -> None:
    wanted = json.loads(body)
    recognizer.start(tuple(wanted["phrases"]), free=wanted["free"], repeat=wanted["repeat"])


def _feed(recognizer: Recognizer, body: bytes) -> str:
    return recognizer.feed(body)


def _finish(recognizer: Recognizer, _body: bytes) -> list[Any]:
    recognition = recognizer.finish()
    return [recognition.text, recognition.confidence]


def _missing(recognizer: Recognizer, body: bytes) -> list[str]:
    return recognizer.missing_words(json.loads(body))


_REQUESTS: dict[bytes, Callable[[Recognizer, bytes], Any]] = {
    wire.START: _start, wire.FEED: _feed, wire.FINISH: _finish, wire.MISSING: _missing,
}  # fmt: skip


class Parent:
    """Holds the loaded recogniser and forks it, once for each line the gateway sends."""

    def __init__(self, recognizer: Recognizer, plan: Plan, control: socket.socket) -> None:
        self._recognizer = recognizer
        self._plan = plan
        self._control = control
        self._workers: dict[int, int] = {}  # the gateway's number for it: its process id
        self.may_fork = len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - counted, not read

    def serve(self) -> None:
        """Until the gateway is gone. Only we reap our workers, so a process id in `_workers` is never another's."""
        self._control.settimeout(None)
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        while True:
            readable = poller.poll(_REAP_EVERY_MS)
            self._reap()
            if readable and not self._obey():
                return

    def _obey(self) -> bool:
        message, descriptors, _flags, _address = socket.recv_fds(self._control, 64, 1)
        if not message:
            return False
        kind, number = message[:1], int(message[1:])
        if kind == wire.WORKER:
            self._workers[number] = self._forked(descriptors[0]) if self.may_fork else self._spawned(descriptors[0])
            os.close(descriptors[0])
        elif kind == wire.KILL and number in self._workers:
            os.kill(self._workers[number], signal.SIGKILL)
        return True

    def _forked(self, descriptor: int) -> int:
        parent = os.getpid()
        worker = os.fork()
        if worker:
            return worker
        try:
            _end_with(parent)
            self._control.close()
            hear(self._recognizer, socket.socket(fileno=descriptor))
        except BaseException:  # noqa: BLE001 - never back into the parent's work
            traceback.print_exc()
        finally:
            os._exit(0)

    def _spawned(self, descriptor: int) -> int:
        os.set_inheritable(descriptor, True)
        plan = {"language": self._plan.language, "engine": self._plan.engine, "model": self._plan.model, "alone": True}
        command = [sys.executable, "-P", "-m", "speech.recognizer_worker", str(descriptor), json.dumps(plan)]
        return os.posix_spawn(sys.executable, command, os.environ)

    def _reap(self) -> None:
        while self._workers:
            with suppress(ChildProcessError):
                ended, _status = os.waitpid(-1, os.WNOHANG)
                if ended:
                    self._workers = {number: worker for number, worker in self._workers.items() if worker != ended}
                    continue
            return


def _end_with(parent: int) -> None:
    """The kernel kills this process when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it has ended already
        os._exit(0)


def main() -> None:
    line, plan = socket.socket(fileno=int(sys.argv[1])), Plan(**json.loads(sys.argv[2]))
    line.set_inheritable(False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a terminal's or a service's whole group gets them; we end by our line
    os.nice(_NICENESS)
    if plan.alone:
        _end_with(os.getppid())
    signal.alarm(int(wire.LOAD_S))  # a library that never comes back from loading
    try:
        recognizer = plan.recognizer()
    except RecognizerUnavailable as problem:
        if not plan.alone:
            line.sendall(wire.packed(wire.UNAVAILABLE, str(problem).encode()))
        return
    signal.alarm(0)
    if plan.alone:
        hear(recognizer, line)
        return
    gc.collect()
    gc.freeze()  # a collection in a worker would write to, and so copy, what all share
    parent = Parent(recognizer, plan, line)
    line.sendall(wire.packed(wire.READY, wire.FORKS.encode() if parent.may_fork else b""))
    parent.serve()


if __name__ == "__main__":
    main()
