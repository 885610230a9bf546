"""The SIP process: telephones call in and are called, each call a media session of this process.

Its control port answers `/healthz`.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import AsyncIterator, Callable
from typing import Final

import orjson
import structlog
from sqlalchemy.exc import SQLAlchemyError
from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from media.equipment import call_tools
from media.gateway_lease import GatewayLease, gateway_name, own_url
from media.parts import GatewayParts, Threads
from media.rooms.relay import LegDoor
from media.rows import Rows
from media.rtp import RtpEngine
from media.sip.config import EndpointConfig
from media.sip.endpoint import SipEndpoint
from media.sip_calls.arriving import Arrivals
from media.sip_calls.desk_phones import DeskPhones
from media.sip_calls.dialling import Dialling
from media.sip_calls.opening import Counts, LineOpener, Uncounted
from media.sip_calls.transferring import Transfers
from media.switchboard import Switchboard
from models import CallStatus

log = structlog.get_logger("sip")

GRACE_S: Final = 4.0
"""How long calls may go on when the process is told to stop; then each is hung up."""
HUNG_UP_WITHIN_S: Final = 2.0
"""How long that may take: whoever supervises us kills us after ten seconds."""
LOOK_EVERY_S: Final = 1.0


class SipService:
    """Made inside the running loop. `counts` is told of every call."""

    def __init__(self, parts: GatewayParts, counts: Counts | None = None) -> None:
        settings = parts.settings
        sip = settings.sip
        self.parts = parts
        self.name = gateway_name(settings.sip_control_port)
        self._threads = Threads()
        self._rows = Rows(parts, self._threads)
        tools, self.floor = call_tools(parts, self._rows, self._threads, self.name)
        self.tapes = tools.tapes
        self._legs = LegDoor(parts, self.floor)
        self.switchboard = Switchboard(parts, self._rows, tools, self.name, most_calls=sip.max_calls)
        self.engine = RtpEngine(sip.host, *sip.rtp_ports, asyncio.get_running_loop())
        self.lines = LineOpener(self.engine, self._rows, counts or Uncounted())
        self.arrivals = Arrivals(parts, tools, self.switchboard, self.lines, self.name)
        self.endpoint = SipEndpoint(EndpointConfig.of(settings), self.arrivals)
        self._desks = DeskPhones(parts, self.endpoint, self.lines)
        self.lines.transfer_by = Transfers(settings, self.endpoint, self.lines)
        self.dialling = Dialling(parts, self.endpoint, self.switchboard, self.lines, self.name)
        url = own_url(sip.control_url, settings.server.host, settings.sip_control_port)
        self._lease = GatewayLease(parts, self._rows, name=self.name, kind="sip", url=url)
        self._tasks: list[asyncio.Task[None]] = []

    @contextlib.asynccontextmanager
    async def running(self, *, grace_s: float = GRACE_S) -> AsyncIterator[SipService]:
        """Serves until left; then no call comes in any more, and those that are up have `grace_s` to end.

        Raises OSError when a port is taken.
        """
        settings = self.parts.settings
        await self._forget_earlier_run()
        await self.tapes.adopt()
        self.engine.start()
        server = await self._control()
        try:
            await self.endpoint.start()
        except BaseException:
            server.close()
            self.engine.close()
            raise
        loops = (self._lease.serve(), self.dialling.serve(), self._watch_trunk(), self.tapes.serve())
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        log.info("sip_up", address=f"{settings.sip.host}:{self.endpoint.port}", gateway=self.name)
        try:
            yield self
        finally:
            await self._stop(server, grace_s)

    async def _stop(self, server: Server, grace_s: float) -> None:
        self.switchboard.closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lease.end()
        await self.dialling.close()
        await self.arrivals.settled()
        deadline = asyncio.get_running_loop().time() + grace_s
        while self.switchboard.calls and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.05)
        await self._hang_up_all()
        await self.floor.close()
        await self.endpoint.close()
        server.close()
        await server.wait_closed()
        self.engine.close()
        await self.tapes.close()
        await asyncio.get_running_loop().run_in_executor(None, self._threads.close)

    async def _hang_up_all(self) -> None:
        """Whoever is still talking is hung up, with their messages kept."""
        for carried in self.switchboard.all():
            carried.call.hung_up("the hotline is restarting")
        deadline = asyncio.get_running_loop().time() + HUNG_UP_WITHIN_S
        while self.switchboard.calls and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        self.switchboard.forsake()

    async def _forget_earlier_run(self) -> None:
        """A dialog does not outlive its process: whatever an earlier run carried or rang has ended."""
        try:
            for call_id in await self._rows.up(self.name):
                await self._rows.ended(call_id, CallStatus.COMPLETED, "connection lost")
            await self.dialling.clean_up()
            await self._rows.run(self.floor.desk.clean_up)
        except SQLAlchemyError as error:  # calls can be answered without; the sweep ends the rows when they expire
            log.warning("earlier_calls_not_ended", error=type(error).__name__)

    async def _watch_trunk(self) -> None:
        """The queue of call-backs learns at once when the trunk comes or goes."""
        while True:
            if self.dialling.dials is not self._lease.dials:
                self._lease.dials = self.dialling.dials
                log.info("trunk", up=self._lease.dials)
                with contextlib.suppress(SQLAlchemyError):  # the lease is renewed anyhow
                    await self._lease.renew()
            await asyncio.sleep(LOOK_EVERY_S)

    # --- the control port

    async def _control(self) -> Server:
        settings = self.parts.settings
        return await listen(
            self._serve,
            settings.server.host,
            settings.sip_control_port,
            process_request=self._admit,
            compression=None,
            max_size=settings.media.max_message_bytes,
            server_header=None,
        )

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == "/healthz":
            return self._health()
        if path in ("/leg", "/desk"):
            return None
        return connection.respond(http.HTTPStatus.NOT_FOUND, "there is nothing here\n")

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        desk = connection.request.path.startswith("/desk")
        await (self._desks.accept(connection) if desk else self._legs.accept(connection))

    def _health(self) -> Response:
        dead = [task.get_name() for task in self._tasks if task.done() and not task.cancelled() and task.exception()]
        report = {
            "status": "failing" if dead else "ok",
            "calls": self.switchboard.calls,
            "ringing": self.dialling.ringing,
            "registered": self.endpoint.registered,
            "reachable": self.endpoint.reachable,
            "dials": self.dialling.dials,
        }
        status = http.HTTPStatus.SERVICE_UNAVAILABLE if dead else http.HTTPStatus.OK
        body = orjson.dumps(report)
        headers = Headers([("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return Response(status.value, status.phrase, headers, body)


async def serve(
    parts: GatewayParts,
    *,
    counts: Counts | None = None,
    stop: asyncio.Event | None = None,
    ready: Callable[[], None] | None = None,
    grace_s: float = GRACE_S,
) -> None:
    """Runs a SIP process until `stop` is set (or for ever); `ready` is called once it listens. Raises OSError."""
    async with SipService(parts, counts).running(grace_s=grace_s):
        if ready is not None:
            ready()
        await (stop or asyncio.Event()).wait()
