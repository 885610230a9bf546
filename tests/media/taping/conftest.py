"""Settings under which calls are recorded, and rows of two calls that go on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from database import Database, sqlite_url
from models import Base, Call, CallStatus, Channel, Direction, FlowRevision
from settings import Settings
from tests.console.utility import settings_of
from tests.media.taping.recorded_calls import CALL, OTHER


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = settings_of(tmp_path)
    key = SecretStr("the key of the recordings")
    return made.model_copy(update={"recordings": made.recordings.model_copy(update={"key": key})})


@pytest.fixture
def database(settings: Settings) -> Database:
    made = Database(sqlite_url(settings.home / "hotline.db"))
    Base.metadata.create_all(made.engine)
    now = datetime.now(UTC)
    with made.transaction() as rows:
        rows.add(FlowRevision(id="r", files={}, published_at=now))
        rows.flush()
        for id_ in (CALL, OTHER):
            rows.add(
                Call(id=id_, channel=Channel.BROWSER, direction=Direction.INBOUND, from_number="+861", to_number="1",
                     language="en", status=CallStatus.IN_PROGRESS, flow="main", flow_revision_id="r", variables={},
                     started_at=now, answered_at=now, gateway="here")
            )  # fmt: skip
    return made
