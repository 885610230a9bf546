"""What a media process opens for the staff: `/agent` and `/leg`, with the rows and loops behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from media.parts import GatewayParts
from media.rooms.floor import Floor
from media.rooms.lines import Lines
from media.rooms.relay import LegDoor
from media.rows import Rows

PURPOSES: Final = ("agent", "leg")
"""Of tokens, and with a slash before them the paths that are served."""


class AgentDoor:
    """`gateway`: this process. Made inside the running loop."""

    def __init__(self, parts: GatewayParts, rows: Rows, floor: Floor, gateway: str) -> None:
        self._floor = floor
        self._lines = Lines(parts, rows, floor, gateway)
        self._legs = LegDoor(parts, floor)

    @property
    def lines(self) -> int:
        return self._lines.count

    @property
    def rooms(self) -> int:
        return self._floor.rooms

    async def serve(self, purpose: str, connection: ServerConnection, claims: Mapping[str, Any]) -> None:
        """`claims` are those of a token that has been checked for `purpose`, one of `PURPOSES`."""
        if purpose == "leg":
            await self._legs.serve(connection, claims)
        else:
            await self._lines.serve(connection, claims)

    def nudge(self) -> None:
        """Something about callers or lines has changed."""
        self._lines.nudge()

    async def serve_rows(self) -> None:
        """Until cancelled."""
        await self._lines.serve_rows()

    async def clean_up(self) -> None:
        """Before anything is served: what an earlier run of this process left is over."""
        await self._lines.clean_up()

    async def close(self) -> None:
        await self._lines.close()
        await self._floor.close()
