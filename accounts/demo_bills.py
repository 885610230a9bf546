"""Twelve months of bills as a residential customer of the demo utility would get them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

MONTHS: Final = 12
ISSUED_ON_DAY, DUE_ON_DAY = 3, 22

# Zhejiang's residential tiers: up to so many kWh a year, milli-yuan per kWh
_TIERS: Final = ((2_760, 538), (4_800, 588), (10**9, 838))
_SEASON: Final = (1.2, 1.1, 0.8, 0.75, 0.85, 1.1, 1.5, 1.55, 1.1, 0.8, 0.85, 1.15)  # January first: heat pumps, fans


@dataclass(frozen=True, slots=True)
class DemoBill:
    period: date
    issued_on: date
    due_on: date
    usage_kwh: int
    amount_cents: int
    paid_at: datetime | None


def twelve_bills(chance: Random, today: date, *, base_kwh: int, unpaid: int) -> list[DemoBill]:
    """Oldest first; the newest was issued on or before `today`. The newest `unpaid` bills have not been paid."""
    bills = []
    for age, period in enumerate(reversed(_periods(today))):  # newest first, so that age counts unpaid ones
        usage = round(base_kwh * _SEASON[period.month - 1] * chance.uniform(0.9, 1.1))
        used_before = base_kwh * (period.month - 1)
        issued = _next_month(period).replace(day=ISSUED_ON_DAY)
        paid_on = min(issued + timedelta(days=chance.randint(0, 15)), today)
        paid_at = datetime.combine(paid_on, time(1, chance.randint(0, 59)), UTC)
        bills.append(
            DemoBill(
                period,
                issued,
                issued.replace(day=DUE_ON_DAY),
                usage,
                amount_cents(used_before, usage),
                None if age < unpaid else paid_at,
            )
        )
    return bills[::-1]


def amount_cents(used_before_kwh: int, usage_kwh: int) -> int:
    """What `usage_kwh` cost after `used_before_kwh` in the same year: the dearer tiers begin above their limits."""
    milli_yuan, low, high = 0, used_before_kwh, used_before_kwh + usage_kwh
    floor = 0
    for limit, price in _TIERS:
        milli_yuan += price * max(0, min(high, limit) - max(low, floor))
        floor = limit
    return round(milli_yuan / 10)


def _periods(today: date) -> list[date]:
    """First days of the twelve months billed so far, oldest first."""
    month = _month_before(today.replace(day=1))
    if today.day < ISSUED_ON_DAY:
        month = _month_before(month)
    periods = [month]
    while len(periods) < MONTHS:
        periods.append(_month_before(periods[-1]))
    return periods[::-1]


def _month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)
