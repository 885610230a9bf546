"""What is measured, added up over all processes: they write to files in PROMETHEUS_MULTIPROC_DIR.

That variable must be set before prometheus_client is imported, so the import waits for `prepare`: nothing else in
the hotline may import prometheus_client at its top.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_JITTER_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
_TURN_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


def prepare(folder: Path) -> dict[str, str]:
    """Empties `folder`, so that dead processes are not counted, and returns the environment for the children."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return {DIRECTORY_VARIABLE: str(folder)}


def prepare_alone(folder: Path) -> None:
    """For a process that no supervisor has prepared: the same, for itself."""
    if not os.environ.get(DIRECTORY_VARIABLE):
        os.environ.update(prepare(folder))


def observe_turn(channel: str, seconds: float, outcome: str) -> None:
    """One answer given to a caller; `outcome` is answered, replayed or fault. The runner's observer."""
    turn_seconds, turns = _of(channel, outcome)
    turn_seconds.observe(seconds)
    turns.inc()


@cache
def _of(channel: str, outcome: str) -> tuple[Histogram, Counter]:
    """Finding a label costs as much as counting; there are a dozen of these."""
    turn_seconds, turns = _instruments()
    return turn_seconds.labels(channel), turns.labels(channel, outcome)


Instruments = TypeVar("Instruments")


class _Once(Generic[Instruments]):
    """Instruments made at their first use: by then the folder is known. Two first uses may come at once."""

    def __init__(self, make: Callable[[], Instruments]) -> None:
        self._make = make
        self._made: Instruments | None = None
        self._making = threading.Lock()

    def __call__(self) -> Instruments:
        if self._made is None:
            with self._making:
                if self._made is None:
                    self._made = self._make()
        return self._made


@_Once
def _instruments() -> tuple[Histogram, Counter]:
    from prometheus_client import Counter, Histogram

    return (
        Histogram("hotline_turn_seconds", "Time to answer one event of a call.", ["channel"], buckets=_TURN_BUCKETS_S),
        Counter("hotline_turns", "Events of calls answered.", ["channel", "outcome"]),
    )


class Hearing:
    """What becomes of the utterances in one language; made before anything is known of the folder."""

    def __init__(self, language: str, engine: str) -> None:
        self._labels = (language, engine or "unknown")

    def utterance(self, outcome: str, seconds: float | None = None) -> None:
        """`outcome` is heard, nothing, busy, gave_up, failed or forgotten; `seconds` from its end to its words."""
        _hearing().utterances.labels(*self._labels, outcome).inc()
        if seconds is not None:
            _hearing().decode_seconds.labels(*self._labels).observe(seconds)

    def waiting(self, utterances: int) -> None:
        _hearing().waiting.labels(*self._labels).set(utterances)

    def restarted(self) -> None:
        _hearing().restarts.labels(*self._labels).inc()


@dataclass(frozen=True, slots=True)
class _HearingInstruments:
    utterances: Counter
    decode_seconds: Histogram
    waiting: Gauge
    restarts: Counter


@_Once
def _hearing() -> _HearingInstruments:
    from prometheus_client import Counter, Gauge, Histogram

    of = ["language", "engine"]
    return _HearingInstruments(
        Counter("hotline_utterances", "Utterances of callers, by what became of them.", [*of, "outcome"]),
        Histogram("hotline_decode_seconds", "From the end of an utterance to its words.", of, buckets=_TURN_BUCKETS_S),
        Gauge("hotline_utterances_waiting", "Utterances that wait for a decoder now.", of, multiprocess_mode="livesum"),
        Counter("hotline_recognizer_restarts", "Recognisers that failed and were replaced.", of),
    )


class Sound(Protocol):
    """How the sound of one call by SIP went."""

    @property
    def received(self) -> int: ...
    @property
    def lost(self) -> int: ...
    @property
    def late(self) -> int: ...
    @property
    def jitter_ms(self) -> float: ...


class SipCounts:
    """Calls by SIP, refusals and the sound of each; made before anything is known of the folder."""

    def carried(self, direction: str) -> None:
        _sip().calls.labels(direction).inc()

    def refused(self, reason: str) -> None:
        """`reason`: one of a dozen, never what the far end wrote."""
        _sip().refused.labels(reason).inc()

    def sound(self, report: Sound) -> None:
        """At the end of a call."""
        if report.received:
            _sip().jitter_seconds.observe(report.jitter_ms / 1000)
        for what, packets in (("received", report.received), ("lost", report.lost), ("late", report.late)):
            _sip().packets.labels(what).inc(packets)


@dataclass(frozen=True, slots=True)
class _SipInstruments:
    calls: Counter
    refused: Counter
    jitter_seconds: Histogram
    packets: Counter


@_Once
def _sip() -> _SipInstruments:
    from prometheus_client import Counter, Histogram

    return _SipInstruments(
        Counter("hotline_sip_calls", "Calls by SIP that were carried.", ["direction"]),
        Counter("hotline_sip_refused", "Calls by SIP that were not, either way, by reason.", ["reason"]),
        Histogram(
            "hotline_sip_jitter_seconds", "Jitter of the sound of calls by SIP (RFC 3550).", buckets=_JITTER_BUCKETS_S
        ),
        Counter("hotline_sip_packets", "Packets of callers' sound.", ["what"]),
    )


def process_ended(pid: int) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def registry() -> CollectorRegistry:
    """Everything measured by all processes so far."""
    from prometheus_client import CollectorRegistry, multiprocess

    collected = CollectorRegistry()
    if os.environ.get(DIRECTORY_VARIABLE):
        multiprocess.MultiProcessCollector(collected)  # type: ignore[no-untyped-call]
    return collected
