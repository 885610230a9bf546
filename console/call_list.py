"""Lists of calls: all of them page by page, or those of one number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

import phonenumbers
import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from ivr.timeline import talked_s
from models import Call, CallStatus, Channel, Customer, Direction, OutboundCall

PAGE = 50


@dataclass(frozen=True, slots=True)
class CallRow:
    id: str
    direction: Direction
    channel: Channel
    number: str  # the customer's end
    customer: str
    language: str
    flow: str
    status: CallStatus
    live: bool
    started_at: datetime
    seconds: float | None
    turns: int


@dataclass(frozen=True, slots=True)
class CallPage:
    rows: tuple[CallRow, ...]
    older: str | None  # key of the next page: ids sort by time
    newer: bool  # whether this is not the first page


def call_page(rows: Session, *, number: str | None, on: date | None, zone: str, before: str | None) -> CallPage:
    """Newest first, `PAGE` at a time, keyed by the id of the last row seen: no offset, so a late page costs no more."""
    wanted = _select()
    if number:
        wanted = wanted.where(of_number(number))
    if on is not None:
        begin = datetime.combine(on, clock_time(), ZoneInfo(zone))
        wanted = wanted.where(Call.started_at >= begin, Call.started_at < begin + timedelta(days=1))
    if before:
        wanted = wanted.where(Call.id < before)
    found = [call_row(call, name) for call, name in rows.execute(wanted.limit(PAGE + 1))]
    return CallPage(tuple(found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None, bool(before))


def calls_with(
    rows: Session, *, number: str, customer_id: int | None, without: str | None, limit: int
) -> list[CallRow]:
    """The newest calls with a number or a customer."""
    whose = of_number(number)
    if customer_id is not None:
        whose = sa.or_(whose, Call.customer_id == customer_id)
    wanted = _select().where(whose)
    if without:
        wanted = wanted.where(Call.id != without)
    return [call_row(call, name) for call, name in rows.execute(wanted.limit(limit))]


def of_number(number: str) -> sa.ColumnElement[bool]:
    """Calls from a number, and ours to it; both by index."""
    outbound = sa.select(OutboundCall.id).where(OutboundCall.to_number == number)
    return sa.or_(Call.from_number == number, Call.outbound_call_id.in_(outbound))


def as_e164(written: str, region: str) -> str | None:
    """A number as people write it, or None when it is none. Short codes stay as they are."""
    digits = "".join(sign for sign in written if sign.isdigit())
    if not written.strip().startswith("+") and 0 < len(digits) <= 6:
        return digits
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _select() -> sa.Select[Call, str | None]:
    return (
        sa.select(Call, Customer.name)
        .outerjoin(Customer, Customer.id == Call.customer_id)
        .options(defer(Call.state), defer(Call.variables))
        .order_by(Call.id.desc())
    )


def call_row(call: Call, customer: str | None) -> CallRow:
    return CallRow(
        id=call.id,
        direction=call.direction,
        channel=call.channel,
        number=call.to_number if call.direction is Direction.OUTBOUND else call.from_number,
        customer=customer or "",
        language=call.language,
        flow=call.flow,
        status=call.status,
        live=not call.status.final,
        started_at=call.started_at,
        seconds=talked_s(call),
        turns=call.turn + 1,
    )
