"""`hotline outages`, as an operator on duty uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

import cli
import migrations
from database import Database, sqlite_url
from models import Account, Customer, CustomerPhone, Outage, OutboundCall, Premise

Run = Callable[..., Result]
NOW_OUT = ("--area", "en=Elm Street", "--area", "zh-CN=榆树街", "--account", "1000571014")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def rows(home: Path) -> Database:
    home.mkdir()
    database = Database(sqlite_url(home / "hotline.db"))
    migrations.upgrade(database)
    with database.transaction() as session:
        emma = Customer(name="Emma", language="en", phones=[CustomerPhone(number="+8613800571001")])
        premise = Premise(address={"en": "18 Elm Street"}, service_point="SP-1")
        session.add(Account(number="1000571014", customer=emma, premise=premise, pin_hash="-"))
        session.add(Account(number="1000571022", customer=emma, premise=premise, pin_hash="-"))
    return database


@pytest.fixture
def outages(home: Path, rows: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("HOTLINE_CONFIG", raising=False)
    runner = CliRunner(env={"HOTLINE_HOME": str(home), "HOTLINE_REDIS__URL": ""})
    return lambda *arguments: runner.invoke(cli.hotline, ["outages", *arguments])


def test_an_outage_is_written_down_listed_and_ended(outages: Run, rows: Database) -> None:
    added = outages("add", *NOW_OUT, "--cause", "en=a cable", "--until", "2099-01-01 10:00")
    assert added.exit_code == 0, added.output
    assert "- 2099-01-01 10:00  1 premises  Elm Street / 榆树街  a cable" in added.output
    assert "Elm Street" in outages("list").output
    done = outages("restored", "1")
    assert (done.exit_code, done.output) == (0, "outage 1 is over; calls ordered: 0\n")
    assert outages("list").output == ""
    assert "fault, over" in outages("list", "--all").output
    with rows.reading() as session:
        assert session.get_one(Outage, 1).ended_at is not None


def test_two_accounts_of_one_place_are_one_premise(outages: Run) -> None:
    assert "1 premises" in outages("add", *NOW_OUT, "--account", "1000571022").output


def test_planned_work_is_announced_once(outages: Run, rows: Database) -> None:
    outages("add", *NOW_OUT, "--kind", "planned", "--from", "2099-01-01 08:00", "--until", "2099-01-01 10:00")
    assert outages("announce", "1").output == "calls ordered: 1\n"
    assert outages("announce", "1").output == "calls ordered: 0\n"
    with rows.reading() as session:
        assert session.scalars(sa.select(OutboundCall)).one().to_number == "+8613800571001"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "--area", "en=Elm Street", "--account", "1000571014"), "say it in zh-CN as well"),
        (("add", "--area", "Elm Street", "--account", "1000571014"), "write it as"),
        (("add", *NOW_OUT[:4], "--account", "4711"), "there is no account 4711"),
        (("add", *NOW_OUT, "--until", "tomorrow"), "'tomorrow' is no time"),
        (("add", *NOW_OUT, "--from", "2026-01-02 08:00", "--until", "2026-01-01 08:00"), "--until is not after --from"),
        (("restored", "9"), "there is no outage 9"),
        (("announce", "9"), "there is no outage 9"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_written(
    outages: Run, rows: Database, arguments: tuple[str, ...], says: str
) -> None:
    done = outages(*arguments)
    assert done.exit_code == 1
    assert says in done.output
    with rows.reading() as session:
        assert session.scalars(sa.select(Outage)).all() == []


def test_a_fault_is_not_announced_as_planned_work(outages: Run) -> None:
    outages("add", *NOW_OUT)
    assert "no planned work that is still to come" in outages("announce", "1").output
