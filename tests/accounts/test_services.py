"""What a caller is told about accounts, and what is kept from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from accounts.demo import DEMO_CALLERS, DemoCaller, load_demo
from accounts.directory import street_of
from accounts.identity import NotVerified
from accounts.services import SERVICES
from database import Database
from ivr.services import Outcome, ServiceContext, ServiceRegistry
from models import Account, Bill, Call, CallStatus, Channel, CustomerPhone, Direction, FlowRevision
from settings import Settings

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EMMA, WANG, HENRY, ZHANG, LI, *_ = DEMO_CALLERS
services = ServiceRegistry(SERVICES)


@dataclass
class Caller:
    """A call as the runner would run its services; `at` moves the clock."""

    session: Session
    call: Call
    language: str = "en"
    at: datetime = NOW

    def ask(self, name: str, **inputs: Any) -> Outcome:
        service = services[f"accounts.{name}"]
        assert set(inputs) == set(service.inputs)
        context = ServiceContext(self.session, self.call, self.at, date(2026, 11, 23), self.language)
        outcome = service.run(context, inputs)
        self.session.flush()
        assert outcome.name in service.outcomes
        assert set(outcome.outputs) <= set(service.outputs)
        return outcome

    def verify(self, account: DemoCaller, pin: str | None = None) -> str:
        return self.ask("verify_identity", account_number=account.account_number, pin=pin or account.pin).name


@pytest.fixture
def caller(database: Database, settings: Settings) -> Iterator[Caller]:
    load_demo(database, settings, NOW)
    with database.transaction() as session:
        session.add(FlowRevision(id="r1", files={}, published_at=NOW))
        session.flush()
        yield Caller(session, new_call(session))


def new_call(session: Session) -> Call:
    call = Call(
        channel=Channel.TEXT, direction=Direction.INBOUND, from_number=EMMA.number, to_number="95598", language="en",
        status=CallStatus.IN_PROGRESS, flow="main", flow_revision_id="r1", variables={}, started_at=NOW,
    )  # fmt: skip
    session.add(call)
    session.flush()
    return call


def test_a_known_number_is_greeted_by_name_and_address(caller: Caller) -> None:
    known = caller.ask("find_caller", number=EMMA.number)
    assert known.name == "known"
    assert known.outputs["customer_name"] == "Emma Clarke"
    assert known.outputs["account_number"] == EMMA.account_number
    assert known.outputs["address"] == "18 People's Road, Chengguan Town, Riverbend County"
    assert caller.call.customer_id is not None


def test_the_address_is_in_the_language_of_the_call(caller: Caller) -> None:
    caller.language = "zh-CN"
    assert caller.ask("find_caller", number=WANG.number).outputs["address"].startswith("河湾县石桥镇")


def test_a_strange_number_is_unknown(caller: Caller) -> None:
    assert caller.ask("find_caller", number="+8613999999999").name == "unknown"
    assert caller.call.customer_id is None


def test_a_number_that_two_customers_share_is_unknown(caller: Caller) -> None:
    wang = caller.session.scalars(sa.select(Account).where(Account.number == WANG.account_number)).one()
    caller.session.add(CustomerPhone(customer_id=wang.customer_id, number=EMMA.number))
    caller.session.flush()
    assert caller.ask("find_caller", number=EMMA.number).name == "unknown"
    assert caller.call.customer_id is None


def test_a_number_written_down_twice_for_one_customer_is_known(caller: Caller) -> None:
    emma = caller.session.scalars(sa.select(Account).where(Account.number == EMMA.account_number)).one()
    caller.session.add(CustomerPhone(customer_id=emma.customer_id, number=EMMA.number))
    caller.session.flush()
    assert caller.ask("find_caller", number=EMMA.number).name == "known"


def test_anybody_may_hear_the_street_of_an_account_but_not_the_house(caller: Caller) -> None:
    found = caller.ask("find_account", account_number=EMMA.account_number)
    assert found.name == "found"
    assert found.outputs == {"address": "People's Road, Chengguan Town, Riverbend County"}
    assert caller.ask("find_account", account_number="9999999999").name == "not_found"


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("Flat 302, Unit 1, Building 4, 18 Cultural Road, Shiqiao Town", "Cultural Road, Shiqiao Town"),
        ("12B Mill Lane, Ford", "Mill Lane, Ford"),
        ("No. 7 Mill Lane, Ford", "Mill Lane, Ford"),
        ("House 12, Group 3, Xiawan Village", "Xiawan Village"),
        ("3rd floor, Tower 2, Ford", "Ford"),
        ("河湾县城关镇文化路18号4栋1单元302室", "河湾县城关镇文化路"),
        ("河湾县柳溪乡下湾村三组12号", "河湾县柳溪乡下湾村"),
        ("河湾县三里镇十里铺村", "河湾县三里镇十里铺村"),
        ("", ""),
    ],
)
def test_a_street_has_no_house_building_or_flat(address: str, street: str) -> None:
    assert street_of(address) == street


def test_no_address_of_the_county_gives_a_house_away(caller: Caller) -> None:
    for account in caller.session.scalars(sa.select(Account)):
        for language, address in account.premise.address.items():
            said = street_of(address)
            assert said, (language, address)
            assert not any(sign.isdigit() for sign in said)
            assert not {"Flat", "Unit", "Building", "House"} & set(said.split())


def test_the_right_pin_opens_what_is_private(caller: Caller) -> None:
    assert caller.verify(EMMA) == "verified"
    owing = caller.ask("balance", account_number=EMMA.account_number)
    assert owing.name == "owing"
    bill = caller.ask("last_bill", account_number=EMMA.account_number)
    assert bill.name == "found"
    assert bill.outputs["period"] == "2026-10-01"
    assert bill.outputs["due_on"] == "2026-11-22"
    assert bill.outputs["paid"] is False
    assert 0 < bill.outputs["amount"] < owing.outputs["balance"]  # three bills are open
    assert bill.outputs["usage_kwh"] > 0


@pytest.mark.parametrize(("who", "outcome", "cents"), [(WANG, "settled", 0), (LI, "credit", 20_000)])
def test_a_balance_is_an_absolute_amount(caller: Caller, who: DemoCaller, outcome: str, cents: int) -> None:
    caller.verify(who)
    balance = caller.ask("balance", account_number=who.account_number)
    assert (balance.name, balance.outputs) == (outcome, {"balance": cents})


def test_an_account_that_was_never_billed(caller: Caller) -> None:
    caller.session.execute(sa.delete(Bill))
    caller.verify(ZHANG)
    assert caller.ask("last_bill", account_number=ZHANG.account_number).name == "none"


@pytest.mark.parametrize("service", ["balance", "last_bill"])
def test_nothing_private_before_the_check(caller: Caller, service: str) -> None:
    for number in (EMMA.account_number, "", "9999999999"):
        with pytest.raises(NotVerified):
            caller.ask(service, account_number=number)


@pytest.mark.parametrize("service", ["balance", "last_bill"])
def test_one_account_verified_is_not_another(caller: Caller, service: str) -> None:
    caller.verify(EMMA)
    with pytest.raises(NotVerified):
        caller.ask(service, account_number=WANG.account_number)


def test_another_call_has_to_verify_again(caller: Caller) -> None:
    caller.verify(EMMA)
    caller.call = new_call(caller.session)
    with pytest.raises(NotVerified):
        caller.ask("balance", account_number=EMMA.account_number)


def test_five_wrong_pins_lock_the_account_for_half_an_hour(caller: Caller) -> None:
    assert [caller.verify(EMMA, "000000") for _ in range(5)] == ["wrong"] * 4 + ["locked"]
    caller.call = new_call(caller.session)
    assert caller.verify(EMMA) == "locked", "the right one does not help, nor does another call"
    caller.at = NOW + timedelta(minutes=29, seconds=59)
    assert caller.verify(EMMA) == "locked"
    caller.at = NOW + timedelta(minutes=30)
    assert caller.verify(EMMA) == "verified"


def test_after_the_lock_the_count_begins_anew(caller: Caller) -> None:
    for _ in range(5):
        caller.verify(EMMA, "000000")
    caller.at = NOW + timedelta(minutes=31)
    assert caller.verify(EMMA, "000000") == "wrong"
    assert caller.verify(EMMA) == "verified"


def test_a_right_pin_forgives_the_wrong_ones(caller: Caller) -> None:
    for _ in range(3):
        assert [caller.verify(EMMA, "000000") for _ in range(4)] == ["wrong"] * 4
        assert caller.verify(EMMA) == "verified"


def test_an_account_that_does_not_exist_is_answered_in_the_same_words(caller: Caller) -> None:
    answers = [caller.ask("verify_identity", account_number="9999999999", pin="135791").name for _ in range(6)]
    assert answers == ["wrong"] * 4 + ["locked"] * 2


def test_what_is_private_is_declared_so() -> None:
    assert services["accounts.verify_identity"].private == {"pin"}
    for name in ("balance", "last_bill"):
        assert services[f"accounts.{name}"].private == set(services[f"accounts.{name}"].outputs)
