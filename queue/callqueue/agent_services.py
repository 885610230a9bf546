"""Whether there is an agent whom a caller could be put through to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from ivr.services import Outcome, Service, ServiceContext, ValueType
from models import AgentLine, Call, CallStatus, Channel, Gateway, LineState
from settings import Settings


def at_work(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    """Nobody, for a call whose sound neither runs through the hotline nor can be brought there: no agent could be
    heard on it."""
    if not _reachable(settings, context):
        return Outcome("nobody", {"agents": 0, "waiting": 0})
    lines = sa.select(sa.func.count()).where(
        AgentLine.expires_at > context.now, AgentLine.state.in_((LineState.READY, LineState.TALKING))
    )
    waiting = sa.select(sa.func.count()).where(
        Call.waiting_since.is_not(None), Call.agent_id.is_(None), Call.status == CallStatus.IN_PROGRESS
    )
    agents = context.session.scalar(lines) or 0
    counts = {"agents": agents, "waiting": context.session.scalar(waiting) or 0}
    return Outcome("somebody" if agents else "nobody", counts)


def _reachable(settings: Settings, context: ServiceContext) -> bool:
    """A call that Twilio carries by webhook is joined to the media gateway by a stream when it comes to agents, see
    `ivr.channels.twilio.streams`."""
    if context.call.gateway is not None:
        return True
    if context.call.channel is not Channel.TWILIO or not settings.twilio.enabled or not settings.media.public_url:
        return False
    gateways = sa.exists().where(Gateway.kind == "media", Gateway.expires_at > context.now)
    return bool(context.session.scalar(sa.select(gateways)))


def build_services(settings: Settings) -> list[Service]:
    return [
        Service(
            "agents.at_work",
            partial(at_work, settings),
            outcomes=frozenset({"somebody", "nobody"}),
            outputs={"agents": ValueType.NUMBER, "waiting": ValueType.NUMBER},
            about="Whether an agent is at work whom this caller can be put through to (`transfer`, `to: agents`), how "
            "many are, and how many callers wait for one.",
        )
    ]
