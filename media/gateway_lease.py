"""The row by which the hotline's other processes find this one: kept alive while it runs, taken away when it goes."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta

import sqlalchemy as sa
import structlog

from media.parts import GatewayParts
from media.rows import Rows
from models import Gateway

log = structlog.get_logger("media")

LEASE_S = 30.0


def gateway_name(port: int) -> str:
    """The same after a restart, different on every machine and port: 30 characters at most, ids follow it."""
    return f"{socket.gethostname()[:24]}:{port}"


class GatewayLease:
    """`url`: how other processes of the hotline reach this one. `dials` may change while it runs."""

    def __init__(self, parts: GatewayParts, rows: Rows, *, name: str, kind: str, url: str, dials: bool = False) -> None:
        self._parts = parts
        self._rows = rows
        self._name = name
        self._kind = kind
        self._url = url
        self.dials = dials

    async def serve(self) -> None:
        """Renews until cancelled. A database that is away is waited for."""
        while True:
            try:
                await self._rows.run(self._renew)
            except sa.exc.SQLAlchemyError as error:
                log.warning("gateway_lease_not_renewed", error=type(error).__name__)
            await asyncio.sleep(LEASE_S / 3)

    async def renew(self) -> None:
        """Now instead of at its time: `dials` has changed. Raises SQLAlchemyError."""
        await self._rows.run(self._renew)

    async def end(self) -> None:
        """Nobody is to come to this process any more."""
        try:
            await self._rows.run(self._delete)
        except sa.exc.SQLAlchemyError as error:
            log.warning("gateway_lease_not_ended", error=type(error).__name__)  # it runs out by itself

    def _renew(self) -> None:
        until = self._parts.clock() + timedelta(seconds=LEASE_S)
        row = Gateway(name=self._name, kind=self._kind, url=self._url, dials=self.dials, expires_at=until)
        with self._parts.database.transaction() as db:
            db.merge(row)

    def _delete(self) -> None:
        with self._parts.database.transaction() as db:
            db.execute(sa.delete(Gateway).where(Gateway.name == self._name))


def own_url(configured: str | None, host: str, port: int) -> str:
    """`configured`, else the address listened on; one that listens everywhere is reached by the machine's name."""
    if configured:
        return configured.rstrip("/")
    if host in ("0.0.0.0", "::"):  # noqa: S104 - looked at, not bound
        host = socket.gethostname()
    return f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"
