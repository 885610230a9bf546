"""The row by which other processes find a gateway."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from database import Database
from media.gateway_lease import own_url
from media.parts import GatewayParts
from models import Gateway
from settings import Settings
from tests.media.phone_client import gateway


def test_a_gateway_can_be_found_while_it_runs(parts: GatewayParts, settings: Settings, database: Database) -> None:
    def rows() -> list[Gateway]:
        with database.reading() as db:
            return list(db.scalars(sa.select(Gateway)))

    async def scenario() -> None:
        async with gateway(parts) as running:
            async with asyncio.timeout(10):
                while not rows():
                    await asyncio.sleep(0.02)
            [row] = rows()
            assert (row.name, row.kind, row.dials) == (running.name, "media", False)
            assert row.url == f"ws://127.0.0.1:{settings.media_port}"
            assert row.expires_at > parts.clock()
        assert rows() == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("configured", "host", "url"),
    [
        (None, "127.0.0.1", "ws://127.0.0.1:8081"),
        (None, "::1", "ws://[::1]:8081"),
        ("ws://media-1.internal:9000/", "127.0.0.1", "ws://media-1.internal:9000"),
    ],
)
def test_others_reach_it_where_it_listens_or_as_configured(configured: str | None, host: str, url: str) -> None:
    assert own_url(configured, host, 8081) == url


def test_one_that_listens_everywhere_is_reached_by_the_name_of_its_machine() -> None:
    assert "0.0.0.0" not in own_url(None, "0.0.0.0", 8081)
