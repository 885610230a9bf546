"""What callers hear of power cuts, of their supply and of tariffs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from accounts import demo_situation as situation
from accounts.demo import load_demo
from accounts.identity import NotVerified
from accounts.services import build_services
from accounts.tariffs import tariff_of, used_this_year
from database import Database
from ivr.services import Outcome, ServiceContext, ServiceRegistry
from models import (
    Account,
    Bill,
    Call,
    CallStatus,
    Channel,
    CustomerPhone,
    Direction,
    FlowRevision,
    Outage,
    OutageKind,
    OutboundCall,
)
from settings import Settings

NOW = datetime(2026, 11, 23, 8, 10, tzinfo=UTC)  # ten past four in the afternoon in the county
ALICE, CHEN = situation.OUT_NOW
WANG, LI = situation.OUT_NEXT_WEEK
STRANGER = "+8613999999999"


@dataclass
class Caller:
    session: Session
    call: Call
    services: ServiceRegistry
    language: str = "en"
    at: datetime = NOW

    def ask(self, name: str, **inputs: Any) -> Outcome:
        service = self.services[name]
        context = ServiceContext(self.session, self.call, self.at, date(2026, 11, 23), self.language)
        outcome = service.run(context, inputs)
        assert outcome.name in service.outcomes
        assert set(outcome.outputs) <= set(service.outputs)
        return outcome


@pytest.fixture
def caller(database: Database, settings: Settings) -> Iterator[Caller]:
    load_demo(database, settings, NOW)
    with database.transaction() as session:
        session.add(FlowRevision(id="r1", files={}, published_at=NOW))
        session.flush()
        call = Call(
            channel=Channel.TEXT, direction=Direction.INBOUND, from_number=STRANGER, to_number="95598", language="en",
            status=CallStatus.IN_PROGRESS, flow="main", flow_revision_id="r1", variables={}, started_at=NOW,
        )  # fmt: skip
        session.add(call)
        session.flush()
        yield Caller(session, call, ServiceRegistry(build_services(settings)))


def test_an_outage_is_told_in_local_time_and_in_the_language_of_the_call(caller: Caller) -> None:
    out = caller.ask("outages.at_account", account_number=ALICE)
    assert out.name == "out"
    assert out.outputs["cause"] == "a damaged cable"
    assert (out.outputs["from_date"], out.outputs["from_time"]) == ("2026-11-23", "15:00")
    assert (out.outputs["until_known"], out.outputs["until_time"]) == (True, "20:00")
    caller.language = "zh-CN"
    assert caller.ask("outages.at_account", account_number=CHEN).outputs["cause"] == "电缆受损"


def test_no_outage_at_other_places_or_nowhere(caller: Caller) -> None:
    for number in (WANG, "1000571014", "", "4711"):
        assert caller.ask("outages.at_account", account_number=number).name == "none"


def test_an_expected_time_that_has_passed_is_told_no_more_but_the_fault_is(caller: Caller) -> None:
    caller.at = NOW + timedelta(hours=6)
    out = caller.ask("outages.at_account", account_number=ALICE)
    assert (out.name, out.outputs["until_known"]) == ("out", False)
    assert "until_time" not in out.outputs


def test_an_outage_that_was_ended_is_over(caller: Caller) -> None:
    caller.session.execute(sa.update(Outage).values(ended_at=NOW))
    assert caller.ask("outages.at_account", account_number=ALICE).name == "none"


def test_planned_work_is_told_before_and_while_it_lasts(caller: Caller) -> None:
    found = caller.ask("outages.planned", account_number=WANG)
    assert found.name == "found"
    assert (found.outputs["from_date"], found.outputs["from_time"], found.outputs["until_time"]) == (
        "2026-11-29", "16:00", "20:00",
    )  # fmt: skip
    assert found.outputs["planned"] is True
    assert caller.ask("outages.planned", account_number=ALICE).name == "none"
    caller.at = NOW + timedelta(days=6)
    assert caller.ask("outages.planned", account_number=WANG).name == "none"
    assert caller.ask("outages.at_account", account_number=WANG).name == "out"
    caller.at = NOW + timedelta(days=6, hours=4)
    assert caller.ask("outages.at_account", account_number=WANG).name == "none", "planned work ends by itself"


def test_work_in_a_month_is_not_told_yet(caller: Caller) -> None:
    caller.session.execute(
        sa.update(Outage).where(Outage.kind == OutageKind.PLANNED).values(starts_at=NOW + timedelta(days=15))
    )
    assert caller.ask("outages.planned", account_number=WANG).name == "none"


def test_a_notice_tells_what_it_was_ordered_for(caller: Caller) -> None:
    assert caller.ask("outages.notice").name == "gone"
    planned = caller.session.scalars(sa.select(Outage).where(Outage.kind == OutageKind.PLANNED)).one()
    order = OutboundCall(
        purpose="planned", flow="planned_notice", to_number="+8613800571002", language="zh-CN",
        variables={"outage_id": planned.id, "account_number": WANG}, dedupe_key="k", not_before=NOW, created_at=NOW,
    )  # fmt: skip
    caller.session.add(order)
    caller.session.flush()
    caller.call.outbound_call_id = order.id
    told = caller.ask("outages.notice")
    assert (told.name, told.outputs["account_number"]) == ("found", WANG)
    caller.at = planned.starts_at
    assert caller.ask("outages.notice").name == "gone", "nobody needs a notice of what has begun"


def test_arrears_are_told_to_the_customer_alone(caller: Caller) -> None:
    assert caller.ask("accounts.supply", account_number=situation.CUT_OFF).name == "not_told"
    caller.call.from_number = "+8613800571008"
    told = caller.ask("accounts.supply", account_number=situation.CUT_OFF)
    assert (told.name, told.outputs) == ("cut_off", {"owing": False})
    assert caller.ask("accounts.supply", account_number=ALICE).name == "connected"
    assert caller.ask("accounts.supply", account_number="4711").name == "connected"


def test_a_verified_caller_may_hear_it_from_any_telephone(caller: Caller) -> None:
    inputs = {"account_number": situation.CUT_OFF, "pin": "161803"}
    assert caller.ask("accounts.verify_identity", **inputs).name == "verified"
    assert caller.ask("accounts.supply", account_number=situation.CUT_OFF).name == "cut_off"


def test_a_telephone_of_two_customers_proves_nothing(caller: Caller) -> None:
    alice = caller.session.scalars(sa.select(Account).where(Account.number == ALICE)).one()
    caller.session.add(CustomerPhone(customer_id=alice.customer_id, number="+8613800571008"))
    caller.session.flush()
    caller.call.from_number = "+8613800571008"
    assert caller.ask("accounts.supply", account_number=situation.CUT_OFF).name == "not_told"


def test_life_support_is_known_of_the_place_and_of_the_customer(caller: Caller) -> None:
    assert caller.ask("accounts.life_support", account_number=ALICE).name == "no"
    assert caller.ask("accounts.life_support", account_number="4711").name == "no"
    known = caller.ask("accounts.life_support", account_number=LI)
    assert (known.name, known.outputs) == ("yes", {"theirs": False}), "known, and nothing to tell a stranger"
    caller.call.from_number = "+8657188571005"
    assert caller.ask("accounts.life_support", account_number=LI).outputs == {"theirs": True}
    alice = caller.session.scalars(sa.select(Account).where(Account.number == ALICE)).one()
    alice.premise.life_support = True
    assert caller.ask("accounts.life_support", account_number=ALICE).name == "yes"


def test_prices_are_those_of_the_tariff(caller: Caller) -> None:
    told = caller.ask("billing.tariff").outputs
    assert [told[f"{tier}_price"] for tier in ("first", "second", "third")] == ["0.538", "0.588", "0.838"]
    assert (told["second_above_kwh"], told["third_above_kwh"]) == (2_760, 4_800)
    assert (told["peak_price"], told["valley_price"]) == ("0.568", "0.288")
    assert (told["peak_from"], told["peak_to"]) == ("08:00", "22:00")


def test_a_day_without_a_tariff_says_what_to_add() -> None:
    with pytest.raises(LookupError, match=r"tariffs\.yaml"):
        tariff_of(date(2000, 1, 1), "zhejiang")
    with pytest.raises(LookupError, match="nowhere"):
        tariff_of(date(2026, 1, 1), "nowhere")


@pytest.mark.parametrize(("used", "tier"), [(0, 0), (2_759, 0), (2_760, 1), (4_799, 1), (4_800, 2), (99_999, 2)])
def test_the_next_kilowatt_hour_falls_in_its_tier(used: int, tier: int) -> None:
    assert tariff_of(date(2026, 1, 1), "zhejiang").tier_of(used) == tier


def test_the_own_tier_is_private_and_counts_this_year_only(caller: Caller) -> None:
    with pytest.raises(NotVerified):
        caller.ask("billing.tariff_tier", account_number=ALICE)
    caller.ask("accounts.verify_identity", account_number=ALICE, pin="314159")
    today = date(2026, 11, 23)
    used = used_this_year(caller.session, ALICE, today)
    bills = caller.session.scalars(sa.select(Bill).join(Account).where(Account.number == ALICE)).all()
    assert used == sum(bill.usage_kwh for bill in bills if bill.period.year == 2026)
    assert used < sum(bill.usage_kwh for bill in bills)
    told = caller.ask("billing.tariff_tier", account_number=ALICE)
    assert (told.name, told.outputs["used_kwh"], told.outputs["tier"]) == ("found", used, 1 if used < 2_760 else 2)
    caller.session.execute(sa.update(Bill).where(Bill.id == bills[-1].id).values(usage_kwh=10_000))
    last = caller.ask("billing.tariff_tier", account_number=ALICE)
    assert (last.name, last.outputs["tier"], last.outputs["left_kwh"]) == ("last", 3, 0)
