"""A county's utility to try the hotline on: customers, accounts, a year of bills, and the people of the console.

The same settings and time make the same rows (the salts of passwords aside). Names, numbers and addresses are
invented; numbers have the form of real ones, so never load it where a carrier could ring them for good.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import demo_county as county
from accounts.demo_bills import twelve_bills
from accounts.demo_situation import add_situation
from accounts.identity import hash_pin
from database import Database
from models import Account, Bill, Customer, CustomerPhone, Installation, Premise, Role, User
from settings import Settings
from speech.check_digits import complete

MARKER: Final = "demo"
PASSWORD: Final = "hotline-demo"  # noqa: S105 - a published one, of demo data
CUSTOMERS: Final = 400
CHECK: Final = "iso7064_mod11_10"  # of account numbers, ten digits in all
OTHERS_PIN: Final = "246810"  # everybody's but the named callers'

_MOBILE: Final = ("135", "136", "137", "138", "139", "150", "152", "158", "159", "182", "187", "188")


@dataclass(frozen=True, slots=True)
class DemoCaller:
    """Somebody to be on the phone. `about` says what a call as them shows."""

    name: str
    language: str
    number: str
    account_number: str
    pin: str
    about: str
    customer_class: str = "residential"
    unpaid_bills: int = 0
    credit_cents: int = 0


DEMO_CALLERS: Final = (
    DemoCaller("Emma Clarke", "en", "+8613800571001", "1000571014", "135791", "owes three bills", unpaid_bills=3),
    DemoCaller("王秀英", "zh-CN", "+8613800571002", "1000571022", "246802", "everything is paid; work is planned"),
    DemoCaller("Henry Foster", "en", "+8613800571003", "1000571039", "975310", "everything is paid; has applied"),
    DemoCaller("张伟", "zh-CN", "+8613800571004", "1000571047", "864209", "the last bill is unpaid", unpaid_bills=1),
    DemoCaller("李桂兰", "zh-CN", "+8657188571005", "1000571055", "112233", "in credit, on life support",
               customer_class="life_support", credit_cents=20_000),
    DemoCaller("Alice Reid", "en", "+8613800571006", "1000571063", "314159", "power is out, and known to be"),
    DemoCaller("陈建国", "zh-CN", "+8613800571007", "1000571071", "271828", "power is out, and known to be"),
    DemoCaller("刘芳", "zh-CN", "+8613800571008", "1000571080", "161803", "has paid, is not yet connected again"),
)  # fmt: skip

_USERS: Final = (
    ("mei", "陈梅", Role.AGENT, "zh-CN"),
    ("tom", "Tom Baker", Role.AGENT, "en"),
    ("li", "李强", Role.AGENT, "zh-CN"),
    ("sun", "孙丽", Role.SUPERVISOR, "zh-CN"),
    ("admin", "Administrator", Role.ADMIN, "en"),
)


def load_demo(database: Database, settings: Settings, now: datetime) -> bool:
    """Loads everything in one transaction. False when it is there already, also when another process was quicker."""
    try:
        with database.transaction() as session:
            if session.get(Installation, MARKER) is not None:
                return False
            session.add(Installation(name=MARKER, value=f"{CUSTOMERS} customers", at=now))
            session.flush()
            _add_users(session)
            today = now.astimezone(ZoneInfo(settings.utility.time_zone)).date()
            rows = _Rows(Random(95_598), today, _highest_id(session))  # noqa: S311 - the same people every time
            rows.make()
            rows.insert(session)
            add_situation(session, now)
    except IntegrityError:
        with database.reading() as session:
            if session.get(Installation, MARKER) is None:
                raise
        return False
    return True


def _add_users(session: Session) -> None:
    password_hash = PasswordHasher().hash(PASSWORD)
    taken = set(session.scalars(sa.select(User.username)))
    session.add_all(
        User(username=username, name=name, role=role, language=language, password_hash=password_hash)
        for username, name, role, language in _USERS
        if username not in taken
    )


def _highest_id(session: Session) -> int:
    """Ids are given, not asked for; what is there already keeps its own."""
    return max(session.scalar(sa.select(sa.func.max(table.id))) or 0 for table in (Customer, Premise, Account))


@dataclass(slots=True)
class _Person:
    name: str
    language: str
    customer_class: str
    base_kwh: int
    unpaid: int
    credit_cents: int = 0


@dataclass(slots=True)
class _Rows:
    """Rows as dicts with ids of their own, so that a few statements insert them all."""

    chance: Random
    today: date
    highest_id: int
    customers: list[dict[str, Any]] = field(default_factory=list)
    phones: list[dict[str, Any]] = field(default_factory=list)
    premises: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    bills: list[dict[str, Any]] = field(default_factory=list)

    def make(self) -> None:
        for place, caller in enumerate(DEMO_CALLERS):
            base = 180 + 25 * place
            person = _Person(
                caller.name, caller.language, caller.customer_class, base, caller.unpaid_bills, caller.credit_cents
            )
            customer = self._customer(person, caller.number)
            address = county.street_address(place % 3, place % 3, 18 + 7 * place)
            self._account(customer, person, address, caller.account_number, hash_pin(caller.pin))
        pin_hash = hash_pin(OTHERS_PIN)
        numbers = self._numbers()
        for place in range(CUSTOMERS - len(DEMO_CALLERS)):
            person = self._person(place)
            shares = place % 97 == 96  # a household on one telephone: the number alone says nobody
            number = self.phones[-1]["number"] if shares else next(numbers)
            customer = self._customer(person, number)
            self._account(customer, person, self._address(person), self._account_number(), pin_hash)
            if place % 29 == 28:  # a second contract: a shop, a workshop
                self._account(customer, person, county.some_address(self.chance), self._account_number(), pin_hash)

    def insert(self, session: Session) -> None:
        for table, rows in (
            (Customer, self.customers),
            (CustomerPhone, self.phones),
            (Premise, self.premises),
            (Account, self.accounts),
            (Bill, self.bills),
        ):
            session.execute(sa.insert(table), rows)
        if session.get_bind().dialect.name == "postgresql":  # ids were given, so its sequences have not moved
            for table in (Customer, Premise, Account):
                name = table.__tablename__
                session.execute(
                    sa.text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")  # noqa: S608
                )

    def _person(self, place: int) -> _Person:
        chance = self.chance
        unpaid = chance.choices((0, 1, 2, 4), (70, 20, 7, 3))[0]
        credit = chance.choice((0, 0, 0, 0, 5_000, 10_000)) if unpaid == 0 else 0
        if place < len(county.KEY_CUSTOMERS):
            return _Person(county.KEY_CUSTOMERS[place], "zh-CN", "key", 9_000, 0)
        if place % 20 == 7:
            return _Person(county.shop_name(chance), "zh-CN", "small", chance.randint(500, 1_500), unpaid, credit)
        english = chance.random() < 0.12
        name = county.english_name(chance) if english else county.chinese_name(chance)
        customer_class = "life_support" if place % 80 == 40 else "residential"
        return _Person(name, "en" if english else "zh-CN", customer_class, chance.randint(90, 420), unpaid, credit)

    def _address(self, person: _Person) -> county.Address:
        if person.customer_class in {"key", "small"}:
            town, street = self.chance.randrange(3), self.chance.randrange(3)
            return county.street_address(town, street, self.chance.randint(1, 200))
        return county.some_address(self.chance)

    def _customer(self, person: _Person, number: str) -> int:
        id_ = self.highest_id + len(self.customers) + 1
        self.customers.append(
            {"id": id_, "name": person.name, "language": person.language, "customer_class": person.customer_class}
        )
        self.phones.append({"customer_id": id_, "number": number})
        return id_

    def _account(self, customer_id: int, person: _Person, address: county.Address, number: str, pin_hash: str) -> None:
        id_ = self.highest_id + len(self.accounts) + 1
        bills = twelve_bills(self.chance, self.today, base_kwh=person.base_kwh, unpaid=person.unpaid)
        owed = sum(bill.amount_cents for bill in bills if bill.paid_at is None)
        self.premises.append(
            {
                "id": id_,
                "address": address.as_json(),
                "service_point": f"SP-{id_:06}",
                "life_support": person.customer_class == "life_support",
            }
        )
        self.accounts.append(
            {
                "id": id_,
                "number": number,
                "customer_id": customer_id,
                "premise_id": id_,
                "balance_cents": owed - person.credit_cents,
                "pin_hash": pin_hash,
            }
        )
        self.bills.extend(
            {
                "account_id": id_,
                "period": bill.period,
                "issued_on": bill.issued_on,
                "due_on": bill.due_on,
                "usage_kwh": bill.usage_kwh,
                "amount_cents": bill.amount_cents,
                "paid_at": bill.paid_at,
            }
            for bill in bills
        )

    def _account_number(self) -> str:
        return complete(f"1000{len(self.accounts):05}", CHECK)

    def _numbers(self) -> Iterator[str]:
        """Every number once: mobiles, and each sixth a landline of the county."""
        for place in count():
            if place % 6 == 5:
                yield f"+8657188{200_000 + place * 137:06}"
            else:
                yield f"+86{self.chance.choice(_MOBILE)}{30_000_000 + place * 10_007:08}"
