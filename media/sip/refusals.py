"""Counts what was refused and why, and logs it without letting strangers fill the disk."""

from __future__ import annotations

from collections import Counter
from typing import Final

import structlog

from media.sip.clock import Clock

_LINES_PER_REASON: Final = 10
_PERIOD_S: Final = 60.0


class Refusals:
    """`counts` is by reason, since the start. Of each reason ten lines a minute are logged; the rest is summed up.

    `logger`: whose lines they are.
    """

    def __init__(self, clock: Clock, logger: str = "sip") -> None:
        self.counts: Counter[str] = Counter()
        self._log = structlog.get_logger(logger)
        self._clock = clock
        self._period = clock.time()
        self._logged: Counter[str] = Counter()

    def note(self, reason: str, source: object, detail: str = "") -> None:
        """`reason`: one of few, in words; `detail` may hold what the far end wrote: it is shown cut, and escaped."""
        self.counts[reason] += 1
        now = self._clock.time()
        if now - self._period > _PERIOD_S:
            self._sum_up()
            self._period = now
        self._logged[reason] += 1
        if self._logged[reason] <= _LINES_PER_REASON:
            more = {"detail": detail[:200].encode("unicode_escape").decode("ascii")} if detail else {}
            self._log.warning("refused", why=reason, source=str(source), **more)

    def _sum_up(self) -> None:
        for reason, count in self._logged.items():
            if count > _LINES_PER_REASON:
                self._log.warning("refused more of these", why=reason, further=count - _LINES_PER_REASON)
        self._logged.clear()
