"""The county that a first start shows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from accounts import identity
from accounts.demo import CUSTOMERS, DEMO_CALLERS, PASSWORD, load_demo
from accounts.demo_bills import amount_cents
from database import Database, sqlite_url
from models import Account, Base, Bill, Call, Customer, CustomerPhone, Installation, Premise, Role, User
from settings import Settings

NOW = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)  # already the second in the county


@pytest.fixture
def county(database: Database, settings: Settings) -> Database:
    assert load_demo(database, settings, NOW) is True
    return database


def _rows(database: Database, table: type[Base]) -> list[dict[str, Any]]:
    with database.reading() as session:
        return [dict(row) for row in session.execute(sa.select(table.__table__)).mappings()]


def test_hundreds_of_customers_with_a_year_of_bills(county: Database) -> None:
    assert len(_rows(county, Customer)) == CUSTOMERS >= 300
    accounts = _rows(county, Account)
    assert len(accounts) > CUSTOMERS  # some have two
    bills = Counter(bill["account_id"] for bill in _rows(county, Bill))
    assert set(bills.values()) == {12}
    assert len(bills) == len(accounts)
    assert {row["customer_class"] for row in _rows(county, Customer)} == {"residential", "small", "key", "life_support"}


def test_both_languages_are_spoken(county: Database) -> None:
    spoken = Counter(row["language"] for row in _rows(county, Customer))
    assert spoken["en"] > 20
    assert spoken["zh-CN"] > 200
    for row in _rows(county, Premise):
        assert row["address"]["en"].isascii()
        assert row["address"]["en"].endswith("Riverbend County")
        assert row["address"]["zh-CN"].startswith("河湾县")


def test_every_number_is_one_that_could_be_rung(county: Database) -> None:
    kinds = Counter()
    for row in _rows(county, CustomerPhone):
        parsed = phonenumbers.parse(row["number"])
        assert phonenumbers.is_valid_number(parsed), row["number"]
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == row["number"]
        kinds[phonenumbers.number_type(parsed)] += 1
    assert kinds[phonenumbers.PhoneNumberType.MOBILE] > kinds[phonenumbers.PhoneNumberType.FIXED_LINE] > 50


def test_a_few_households_share_a_telephone(county: Database) -> None:
    shared = [n for n, times in Counter(row["number"] for row in _rows(county, CustomerPhone)).items() if times > 1]
    assert 1 <= len(shared) <= 10


def test_balances_are_what_the_unpaid_bills_add_up_to(county: Database) -> None:
    owed: Counter[int] = Counter()
    for bill in _rows(county, Bill):
        if bill["paid_at"] is None:
            owed[bill["account_id"]] += bill["amount_cents"]
    in_credit = 0
    for account in _rows(county, Account):
        assert account["balance_cents"] == owed[account["id"]] or owed[account["id"]] == 0
        in_credit += account["balance_cents"] < 0
    assert owed
    assert in_credit


def test_no_bill_is_from_the_future(county: Database) -> None:
    """In the county it is 2 March, a day before February's bills go out."""
    for bill in _rows(county, Bill):
        assert bill["period"] < bill["issued_on"] < bill["due_on"]
        assert bill["issued_on"] <= NOW.date()
    assert max(bill["period"] for bill in _rows(county, Bill)).isoformat() == "2026-01-01"


def test_the_named_callers_are_what_is_said_of_them(county: Database) -> None:
    newest = sa.select(Bill).join(Account).order_by(Bill.issued_on.desc())
    with county.transaction() as session:
        by_about = {}
        for caller in DEMO_CALLERS:
            account = session.scalars(sa.select(Account).where(Account.number == caller.account_number)).one()
            assert account.customer.name == caller.name
            assert account.customer.language == caller.language
            assert [phone.number for phone in account.customer.phones] == [caller.number]
            last = session.scalars(newest.where(Account.number == caller.account_number)).first()
            assert last is not None
            by_about[caller.about] = (account.balance_cents, last.paid_at is None)
            call = Call(variables={})
            verdict = identity.check_pin(session, call, caller.account_number, caller.pin, NOW)
            assert verdict is identity.Verdict.VERIFIED
    assert {caller.language for caller in DEMO_CALLERS} == {"en", "zh-CN"}
    assert by_about["owes three bills"][0] > 0
    assert by_about["everything is paid; work is planned"] == (0, False)
    assert by_about["the last bill is unpaid"][1] is True
    assert by_about["in credit, on life support"][0] == -20_000


def test_the_console_can_be_signed_in_to(county: Database) -> None:
    with county.reading() as session:
        users = {user.username: user for user in session.scalars(sa.select(User))}
    assert {name: user.role for name, user in users.items()} == {
        "mei": Role.AGENT,
        "tom": Role.AGENT,
        "li": Role.AGENT,
        "sun": Role.SUPERVISOR,
        "admin": Role.ADMIN,
    }
    assert PasswordHasher().verify(users["mei"].password_hash, PASSWORD)


def test_loading_again_changes_nothing(county: Database, settings: Settings) -> None:
    assert load_demo(county, settings, NOW) is False
    assert len(_rows(county, Customer)) == CUSTOMERS
    assert _rows(county, Installation)[0]["name"] == "demo"


def test_the_same_county_every_time(county: Database, settings: Settings, migrated_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "second.sqlite3"
    copy.write_bytes(migrated_file.read_bytes())
    second = Database(sqlite_url(copy))
    load_demo(second, settings, NOW)
    for table in (Customer, CustomerPhone, Premise, Account, Bill):
        salted = {"pin_hash"}
        first_rows, second_rows = (
            [{name: value for name, value in row.items() if name not in salted} for row in _rows(database, table)]
            for database in (county, second)
        )
        assert first_rows == second_rows
    second.dispose()


def test_demo_data_leaves_real_customers_alone(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        session.add(Customer(id=40, name="Real One", language="en"))
    assert load_demo(database, settings, NOW)
    names = {row["id"]: row["name"] for row in _rows(database, Customer)}
    assert names[40] == "Real One"
    assert len(names) == CUSTOMERS + 1


def test_dearer_tiers_begin_above_their_limits() -> None:
    assert amount_cents(0, 100) == 5_380
    assert amount_cents(2_700, 100) == round(60 * 53.8 + 40 * 58.8)
    assert amount_cents(2_000, 3_000) == round(760 * 53.8 + 2_040 * 58.8 + 200 * 83.8)
