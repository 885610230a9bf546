"""Tariffs as data, and where in its tiers an account stands this year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.orm import Session

from accounts import identity
from ivr.services import Outcome, Service, ServiceContext, ValueType
from models import Account, Bill

NUMBER, TEXT, TIME = ValueType.NUMBER, ValueType.TEXT, ValueType.TIME


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices in yuan per kWh. `up_to_kwh` in a calendar year; None for the last tier."""

    up_to_kwh: int | None
    price: Decimal
    peak: Decimal
    valley: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """`peak_from`, `peak_to`: HH:MM; the rest of the day is the valley."""

    begins: date
    peak_from: str
    peak_to: str
    tiers: tuple[Tier, ...]

    def tier_of(self, used_kwh: int) -> int:
        """Place (from 0) of the tier that the next kilowatt hour falls in."""
        return next(
            place for place, tier in enumerate(self.tiers) if tier.up_to_kwh is None or used_kwh < tier.up_to_kwh
        )


def tariff_of(day: date, name: str) -> Tariff:
    """The tariff `name` as in force on `day`. Raises LookupError where none is known."""
    begun = [tariff for tariff in _tariffs().get(name, ()) if tariff.begins <= day]
    if not begun:
        raise LookupError(f"accounts/tariffs.yaml has no tariff {name!r} for {day}: add the one in force then")
    return max(begun, key=lambda tariff: tariff.begins)


def used_this_year(session: Session, account_number: str, today: date) -> int:
    """Kilowatt hours billed for the months of this year."""
    statement = (
        sa.select(sa.func.coalesce(sa.func.sum(Bill.usage_kwh), 0))
        .join(Account, Account.id == Bill.account_id)
        .where(Account.number == account_number, Bill.period >= today.replace(month=1, day=1), Bill.period <= today)
    )
    return int(session.scalar(statement) or 0)


def tariff(name: str, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    in_force = tariff_of(context.today, name)
    first, second, third = (str(tier.price) for tier in in_force.tiers)
    limits = [tier.up_to_kwh for tier in in_force.tiers]
    base = in_force.tiers[0]
    return Outcome(
        "found",
        {
            "first_price": first,
            "second_price": second,
            "third_price": third,
            "second_above_kwh": limits[0],
            "third_above_kwh": limits[1],
            "peak_price": str(base.peak),
            "valley_price": str(base.valley),
            "peak_from": in_force.peak_from,
            "peak_to": in_force.peak_to,
        },
    )


def tariff_tier(name: str, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    identity.require_verified(context.call, inputs["account_number"])
    in_force = tariff_of(context.today, name)
    used = used_this_year(context.session, inputs["account_number"], context.today)
    place = in_force.tier_of(used)
    tier = in_force.tiers[place]
    return Outcome(
        "last" if tier.up_to_kwh is None else "found",
        {
            "used_kwh": used,
            "tier": place + 1,
            "price": str(tier.price),
            "left_kwh": 0 if tier.up_to_kwh is None else tier.up_to_kwh - used,
        },
    )


@cache
def _tariffs() -> Mapping[str, tuple[Tariff, ...]]:
    written = yaml.safe_load((Path(__file__).parent / "tariffs.yaml").read_text(encoding="utf-8"))
    return {name: tuple(_tariff(one) for one in tariffs) for name, tariffs in written.items()}


def _tariff(written: Mapping[str, Any]) -> Tariff:
    tiers = tuple(
        Tier(one.get("up_to_kwh"), *(Decimal(str(one[name])) for name in ("price", "peak", "valley")))
        for one in written["tiers"]
    )
    return Tariff(written["from"], written["peak"]["from"], written["peak"]["to"], tiers)


def build_services(name: str) -> list[Service]:
    """`name`: of the tariff in tariffs.yaml that customers of this utility have."""
    return [
        Service(
            "billing.tariff",
            partial(tariff, name),
            outcomes=frozenset({"found"}),
            outputs={
                "first_price": TEXT,
                "second_price": TEXT,
                "third_price": TEXT,
                "second_above_kwh": NUMBER,
                "third_above_kwh": NUMBER,
                "peak_price": TEXT,
                "valley_price": TEXT,
                "peak_from": TIME,
                "peak_to": TIME,
            },
            about="The residential tariff in force: tiers of a year's use, peak and valley prices of the first.",
        ),
        Service(
            "billing.tariff_tier",
            partial(tariff_tier, name),
            outcomes=frozenset({"found", "last"}),
            inputs={"account_number": ValueType.ACCOUNT},
            outputs={"used_kwh": NUMBER, "tier": NUMBER, "price": TEXT, "left_kwh": NUMBER},
            private=frozenset({"used_kwh", "tier", "price", "left_kwh"}),
            about="What an account has used this year and the tier it is in. Only on a call that verified the account.",
        ),
    ]
