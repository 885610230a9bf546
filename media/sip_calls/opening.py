"""Lines for calls in either direction, and what is counted of them."""

from __future__ import annotations

from typing import Protocol

import structlog

from media.rows import Rows
from media.rtp import NoPortLeft, RtpEngine, StreamReport
from media.sip_calls.line import SipLine, Transfer

log = structlog.get_logger("sip")


class NoLine(Exception):
    """Every port of `sip.rtp_ports` is in use."""


class Counts(Protocol):
    """What whoever runs us measures; see `metrics`."""

    def carried(self, direction: str) -> None: ...
    def refused(self, reason: str) -> None: ...
    def sound(self, report: StreamReport) -> None: ...


class Uncounted:
    def carried(self, direction: str) -> None: ...
    def refused(self, reason: str) -> None: ...
    def sound(self, report: StreamReport) -> None: ...


class LineOpener:
    """`transfer_by` is set once what transfers is made."""

    def __init__(self, engine: RtpEngine, rows: Rows, counts: Counts) -> None:
        self.rows = rows
        self.counts = counts
        self.transfer_by: Transfer | None = None
        self._engine = engine

    def open(self) -> SipLine:
        """Raises NoLine."""
        try:
            return SipLine(self._engine, measured=self.counts.sound, transfer_by=self.transfer_by)
        except NoPortLeft as problem:
            raise NoLine(str(problem)) from problem
