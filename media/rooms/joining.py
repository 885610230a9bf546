"""How somebody of the staff comes onto a call, here or in the process that carries it."""

from __future__ import annotations

from media.parts import GatewayParts
from media.rooms.desk_rows import Place
from media.rooms.floor import Floor
from media.rooms.relay import relayed
from media.rooms.staff import Ear, JoinRefused, Leg, Staff
from models import LegMode


class Joining:
    """`gateway`: this process."""

    def __init__(self, parts: GatewayParts, floor: Floor, gateway: str) -> None:
        self._settings = parts.settings
        self._floor = floor
        self._gateway = gateway

    async def join(self, place: Place, call_id: str, user: Staff, mode: LegMode, ear: Ear) -> Leg:
        """Raises JoinRefused."""
        if place.gateway == self._gateway:
            return await self._floor.join(call_id, user, mode, ear)
        if not place.url:
            raise JoinRefused("unreachable", "the process that carries this call says nowhere how it is reached")
        return await relayed(self._settings, place.url, call_id, user, mode, ear)
