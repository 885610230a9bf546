"""What a job may use. Made once by the process that runs jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from redis import Redis

from database import Database
from ivr.channels.dialing import Dialer
from settings import Settings

RecordingFetcher = Callable[[str], object]  # recording id; raises when it is to be tried again


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class JobContext:
    """`redis` answers bytes (RQ wants it so) or is absent; `revision` is that of the flows a new call begins with.

    Without a `dialer` only browser phones are rung; without a `recording_fetcher` recordings stay at the carrier.
    """

    database: Database
    settings: Settings
    revision: Callable[[], str]
    redis: Redis | None = None
    dialer: Dialer | None = None
    recording_fetcher: RecordingFetcher | None = None
    clock: Callable[[], datetime] = utc_now
