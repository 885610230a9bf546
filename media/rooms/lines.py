"""The lines of the staff that one process holds: their sockets, their rows kept alive, and who waits, told to all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
import structlog
from websockets.asyncio.server import ServerConnection

from media.incoming import Incoming, Refusal, served
from media.messages import Out
from media.parts import GatewayParts
from media.rooms import messages as agent_messages
from media.rooms import waiting
from media.rooms.agent_line import AgentLine
from media.rooms.desk_rows import LOST, DeskRows
from media.rooms.floor import RESTARTED, Floor
from media.rooms.joining import Joining
from media.rooms.staff import NoSuchUser, Staff, claimed_user
from media.rows import Rows
from media.sockets import Close, PhoneSocket

log = structlog.get_logger("media")


class Lines:
    """Serves `/agent`. `gateway`: this process. Made inside the running loop."""

    def __init__(self, parts: GatewayParts, rows: Rows, floor: Floor, gateway: str) -> None:
        self._parts = parts
        self._rows = rows
        self._desk = DeskRows(parts, gateway)
        self._joining = Joining(parts, floor, gateway)
        self._lines: dict[int, AgentLine] = {}
        self._opening = asyncio.Lock()
        self._nudged = asyncio.Event()
        self._line = waiting.Line()
        self._closing = False

    @property
    def count(self) -> int:
        return len(self._lines)

    async def serve(self, connection: ServerConnection, claims: Mapping[str, Any]) -> None:
        async with served(connection) as socket:
            incoming = Incoming(socket, self._parts.limits, agent_messages.parse)
            try:
                user_id, role = claimed_user(claims)
                user = await self._rows.run(self._desk.staff, user_id, role)
            except NoSuchUser as error:
                incoming.refuse(Close.BAD_TOKEN, "not_allowed", str(error))
            except sa.exc.SQLAlchemyError:
                incoming.refuse(Close.FAILED, "failed", "the hotline is out of order at the moment; try again")
            if self._closing:
                incoming.refuse(Close.RESTART, "restarting", "the gateway is restarting")
            try:
                line = await self._open(user, socket)
            except sa.exc.SQLAlchemyError as error:
                log.warning("agent_line_not_opened", agent=user.username, error=type(error).__name__)
                incoming.refuse(Close.FAILED, "failed", "the hotline is out of order at the moment; try again")
            try:
                while True:
                    message = await incoming.message()
                    if line.socket is not socket or self._lines.get(user.id) is not line:
                        raise Refusal("the line is not this socket's any more")  # which has been told why
                    await line.heard(message)
            finally:
                if line.socket is socket and not line.on_telephone:  # then `_look` closes it when that talk is over
                    await self._close(line)

    async def _open(self, user: Staff, socket: PhoneSocket) -> AgentLine:
        async with self._opening:
            line = self._lines.get(user.id)
            if line is not None:
                line.moves_to(socket)
            else:
                line = AgentLine(self._parts, self._rows, self._desk, self._joining, user, socket)
                line.row_id = await self._rows.run(self._desk.line_up, user.id, "browser")
                self._lines[user.id] = line
                line.tell_state()
            socket.send(self._line.told(whole_numbers=user.leads))
        self.nudge()
        return line

    async def _close(self, line: AgentLine, reason: str = "connection lost") -> None:
        if self._lines.get(line.user.id) is line:
            del self._lines[line.user.id]
        await line.gone(reason)
        await self._rows.run(self._desk.line_down, line.row_id)

    # --- the loop

    def nudge(self) -> None:
        """Somebody waits, or waits no more, or a line rings: look now instead of at the next poll."""
        self._nudged.set()

    async def serve_rows(self) -> None:
        """Keeps rows alive and looks at those of callers, until cancelled."""
        loop = asyncio.get_running_loop()
        renew_at = loop.time()
        while True:
            self._nudged.clear()
            try:
                if self._lines:
                    if loop.time() >= renew_at:
                        renew_at = loop.time() + self._parts.limits.phone_lease_s / 3
                        await self._rows.run(self._desk.renew, [line.row_id for line in self._lines.values()])
                    await self._look()
            except sa.exc.SQLAlchemyError as error:
                log.warning("agent_lines_without_database", error=type(error).__name__)
            try:
                async with asyncio.timeout(self._parts.limits.ring_poll_s):
                    await self._nudged.wait()
            except TimeoutError:
                continue

    async def clean_up(self) -> None:
        """At a start."""
        await self._rows.run(self._desk.clean_up)

    async def close(self) -> None:
        """The process goes."""
        self._closing = True
        for line in list(self._lines.values()):
            await self._close(line, RESTARTED)
            line.socket.close(Close.RESTART, "the gateway is restarting")

    # --- inside

    async def _look(self) -> None:
        line = await self._rows.run(waiting.read, self._parts.database, self._parts.clock())
        if line != self._line:
            self._line = line
            told = {leads: line.told(whole_numbers=leads) for leads in (False, True)}
            for agent in self._lines.values():
                agent.socket.send(told[agent.user.leads])
        mine = {agent.row_id: agent for agent in self._lines.values()}
        found = await self._rows.run(self._desk.lines, list(mine))
        for row_id, agent in mine.items():
            if self._lines.get(agent.user.id) is not agent:
                continue
            if row_id not in found:
                log.info("line_taken_over", agent=agent.user.username)
                agent.socket.close(Close.ALREADY_CONNECTED, "your line is open on another page")
                if not agent.socket.open:
                    await self._close(agent)
                continue
            if agent.deserted:
                await self._close(agent)
                continue
            if found[row_id].role is not agent.user.role:
                log.info("rights_withdrawn", agent=agent.user.username)
                agent.socket.close(Close.BAD_TOKEN, "you may not be on the line any more; sign in again")
                await self._close(agent, LOST[2])
                continue
            offered = found[row_id].offered
            if offered is not None and offered != agent.offered:
                agent.ring(offered, await self._ringing(offered, agent.user))
            elif offered is None and agent.offered is not None:
                agent.ring_stopped("gone")

    async def _ringing(self, call_id: str, user: Staff) -> Out:
        call = await self._rows.run(waiting.one, self._parts.database, call_id)
        by, name = await self._rows.run(self._desk.agent_name, call_id)
        known = call.fields(whole_number=user.leads) if call is not None else {}
        shown = {field: value for field, value in known.items() if field in ("from", "subject", "language")}
        return Out("ringing", {"call": call_id, "by": by, "name": name, **shown})
