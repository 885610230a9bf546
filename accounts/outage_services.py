"""What flows may ask about power cuts. Anybody may hear of them: an outage names an area, never a house."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from accounts import outages
from accounts.directory import address_in
from ivr.services import Outcome, Service, ServiceContext, ValueType
from models import Outage, OutageKind, OutboundCall
from settings import Settings

TEXT, DATE, TIME, YES_NO = ValueType.TEXT, ValueType.DATE, ValueType.TIME, ValueType.YES_NO

# What is told of an outage. The cause is "" while it is not known, as is the end; an expected end that has passed is
# no longer a time to be told.
TOLD: Final[Mapping[str, ValueType]] = {
    "outage_id": ValueType.NUMBER,
    "planned": YES_NO,
    "area": TEXT,
    "cause": TEXT,
    "from_date": DATE,
    "from_time": TIME,
    "until_known": YES_NO,
    "until_date": DATE,
    "until_time": TIME,
}


def told(outage: Outage, now: datetime, zone: ZoneInfo, language: str) -> dict[str, Any]:
    """The outputs of `TOLD`, dates and times in the utility's zone."""
    known: dict[str, Any] = {
        "outage_id": outage.id,
        "planned": outage.kind is OutageKind.PLANNED,
        "area": address_in(outage.area, language),
        "cause": address_in(outage.cause, language),
        "until_known": False,
    }
    known["from_date"], known["from_time"] = _spoken(outage.starts_at, zone)
    if outage.expected_end_at is not None and outage.expected_end_at > now:
        known["until_known"] = True
        known["until_date"], known["until_time"] = _spoken(outage.expected_end_at, zone)
    return known


def at_account(zone: ZoneInfo, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    outage = outages.current_outage(context.session, inputs["account_number"], context.now)
    return Outcome("none") if outage is None else Outcome("out", told(outage, context.now, zone, context.language))


def planned(zone: ZoneInfo, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    outage = outages.next_planned(context.session, inputs["account_number"], context.now)
    return Outcome("none") if outage is None else Outcome("found", told(outage, context.now, zone, context.language))


def notice(zone: ZoneInfo, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    outbound_id, session = context.call.outbound_call_id, context.session
    outbound = None if outbound_id is None else session.get(OutboundCall, outbound_id)
    if outbound is None:
        return Outcome("gone")
    outage = session.get(Outage, outbound.variables.get("outage_id", 0))
    if outage is None or outage.ended_at is not None or outage.starts_at <= context.now:
        return Outcome("gone")
    account_number = str(outbound.variables.get("account_number", ""))
    return Outcome("found", {**told(outage, context.now, zone, context.language), "account_number": account_number})


def _spoken(moment: datetime, zone: ZoneInfo) -> tuple[str, str]:
    local = moment.astimezone(zone)
    return local.date().isoformat(), f"{local:%H:%M}"


def build_services(settings: Settings) -> list[Service]:
    zone = ZoneInfo(settings.utility.time_zone)
    return [
        Service(
            "outages.at_account",
            partial(at_account, zone),
            outcomes=frozenset({"out", "none"}),
            inputs={"account_number": ValueType.ACCOUNT},
            outputs=TOLD,
            about="The power cut that an account is in now: where, why, and until when if that is known.",
        ),
        Service(
            "outages.planned",
            partial(planned, zone),
            outcomes=frozenset({"found", "none"}),
            inputs={"account_number": ValueType.ACCOUNT},
            outputs=TOLD,
            about="The next planned power cut of an account within two weeks.",
        ),
        Service(
            "outages.notice",
            partial(notice, zone),
            outcomes=frozenset({"found", "gone"}),
            outputs={**TOLD, "account_number": ValueType.ACCOUNT},
            about="The planned power cut that this call to a customer is about; gone when it has begun or is over.",
        ),
    ]
