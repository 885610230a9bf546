"""What the gateway is given to work with. It makes nothing of this itself, so tests and `app` decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from database import Database
from ivr.runner import Runner
from media.waiting import EndpointerFactory
from settings import Settings


class Mouth(Protocol):
    """Text to sound. Called from threads; may raise anything."""

    def pcm(self, text: str, language: str) -> bytes:
        """PCM, 16 bit, 8 kHz; kept on disk for the next time."""

    def private_pcm(self, text: str, language: str) -> bytes:
        """The same, of a text with private data in it: kept nowhere."""


class Recognition(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def confidence(self) -> float: ...


class Recognizer(Protocol):
    """One utterance after the other. Called from one thread at a time."""

    def start(self, phrases: tuple[str, ...], *, free: bool, repeat: bool) -> None: ...
    def feed(self, pcm: bytes) -> str | None: ...
    def finish(self) -> Recognition: ...


class Ears(Protocol):
    """Recognisers of one language. `acquire` never waits: `size` at most are out at a time, and we count.

    It raises RecognizerUnavailable when one that broke could not be replaced yet.
    """

    @property
    def size(self) -> int: ...
    def acquire(self) -> Recognizer: ...
    def release(self, recognizer: Recognizer, *, broken: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one gateway lets its phones do."""

    starts_per_address: int = 12
    start_refill_s: float = 5.0  # a further start every so often
    frames_ahead: int = 500  # 20 ms frames, or other messages, at once; refilled at twice real time
    bad_messages: int = 20
    handshake_s: float = 10.0  # for the request that opens a socket
    first_message_s: float = 10.0
    turn_tries: tuple[float, ...] = (0.2, 1.0, 3.0)  # pauses before a turn that failed is tried again
    phone_lease_s: float = 30.0
    ring_poll_s: float = 0.5
    live_poll_s: float = 2.0


@dataclass(frozen=True, slots=True)
class GatewayParts:
    settings: Settings
    database: Database
    runner: Runner
    redis_url: str | None
    voice: Mouth
    ears: Mapping[str, Ears]  # by language
    endpointers: EndpointerFactory
    clock: Callable[[], datetime]
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Threads:
    """Work that waits or computes happens here, never on the event loop. Each kind has its own share."""

    rows: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8, "rows"))
    voice: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "voice"))
    # Decoding itself is done by processes; these wait for their answers, at times for one that hangs.
    decoding: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(32, "decoding"))

    def close(self) -> None:
        for pool in (self.rows, self.voice, self.decoding):
            pool.shutdown(wait=True, cancel_futures=True)
