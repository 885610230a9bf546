"""Call-backs for tests of what rings them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from database import Database
from ivr.runner import Runner
from models import Call, CallStatus, Channel, Direction, OutboundAttempt, OutboundCall, OutboundStatus


def order(database: Database, runner: Runner, channel: Channel, number: str, key: str = "1") -> str:
    """A call-back that is to be rung now, as the dialling policy leaves it. Its call's id."""
    now = datetime.now(UTC)
    with database.transaction() as db:
        wish = OutboundCall(
            purpose="closure", flow="main", to_number=number, language="en", dedupe_key=key, created_at=now,
            status=OutboundStatus.CALLING, attempts=1, not_before=now, lease_until=now + timedelta(minutes=2),
        )  # fmt: skip
        call = Call(
            channel=channel, direction=Direction.OUTBOUND, from_number="95598", to_number=number,
            language="en", status=CallStatus.QUEUED, flow="main", started_at=now,
            flow_revision_id=runner.flows.current.revision,
        )  # fmt: skip
        db.add_all([wish, call])
        db.flush()
        call.outbound_call_id = wish.id
        db.add(OutboundAttempt(outbound_call_id=wish.id, number=1, channel=channel, call_id=call.id, started_at=now))
        return call.id
