from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from database import Database
from settings import Settings, load

sys.path.insert(0, str(Path(__file__).parent))  # for fake_twilio and phone, which several modules here use

from fake_twilio import ACCOUNT, NUMBER, TOKEN, FakeTwilio, running
from phone import House, make_house

PUBLIC_URL = "https://ivr.example.org"


@pytest.fixture
def fake_twilio() -> Iterator[FakeTwilio]:
    with running() as fake:
        yield fake


@pytest.fixture
def twilio_environment(migrated_file: Path, tmp_path: Path) -> dict[str, str]:
    """A configured Twilio account, and a migrated database of the test's own."""
    path = tmp_path / "hotline.sqlite3"
    path.write_bytes(migrated_file.read_bytes())
    return {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "HOTLINE_TWILIO__NUMBER": NUMBER,
        "HOTLINE_SERVER__PUBLIC_URL": PUBLIC_URL,
        "HOTLINE_DATABASE__URL": f"sqlite:///{path}",
    }


@pytest.fixture
def twilio_settings(twilio_environment: dict[str, str], fake_twilio: FakeTwilio, tmp_path: Path) -> Settings:
    environment = twilio_environment | {"HOTLINE_TWILIO__API_URL": fake_twilio.url}
    return load(environ=environment, home=tmp_path / "home")


@pytest.fixture
def twilio_database(twilio_settings: Settings) -> Iterator[Database]:
    database = Database(twilio_settings.database_url)
    yield database
    database.dispose()


@pytest.fixture
def house(twilio_settings: Settings, twilio_database: Database, tmp_path: Path) -> House:
    return make_house(twilio_settings, twilio_database, tmp_path)
