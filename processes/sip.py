"""The SIP process: what `media.sip_calls.service` needs is made here and given to it."""

from __future__ import annotations

from functools import partial

import uvloop

import metrics
from media.sip_calls.service import serve
from processes.gateway import media_parts, until_told
from processes.obstacles import CannotStart, check_sip_ports
from settings import Settings

PATIENCE_S = 3.0
"""A SIP process that has just been told to stop may hold its ports so long."""


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises CannotStart."""
    check_sip_ports(settings, patience_s=PATIENCE_S)
    with media_parts(settings, "sip") as parts:
        try:
            uvloop.run(until_told(partial(serve, parts, counts=metrics.SipCounts())))
        except OSError as problem:
            raise CannotStart(f"the SIP process cannot listen: {problem.strerror or problem}") from None
