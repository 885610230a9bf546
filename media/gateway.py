"""The gateway process: `/phone`, `/agent`, Twilio's streams, `/leg`, `/live` (updates of pages), `/healthz`."""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs, urlsplit

import orjson
import structlog
from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ivr.channels import tokens
from media.equipment import call_tools
from media.exchange import Exchange
from media.gateway_lease import GatewayLease, gateway_name, own_url
from media.live import LiveHub
from media.parts import GatewayParts, Threads
from media.phone_line import PhoneLine
from media.ringing import Ringing
from media.rooms.door import PURPOSES, AgentDoor
from media.rows import Rows
from media.sip.clock import LoopClock
from media.sip.refusals import Refusals
from media.sockets import Close
from media.switchboard import Switchboard
from media.twilio_streams import PATH as TWILIO_PATH
from media.twilio_streams import TwilioStreams

log = structlog.get_logger("media")
SENT_BACK_S = 5.0  # how long a closing handshake may take


class Gateway:
    """Made inside the running loop."""

    def __init__(self, parts: GatewayParts) -> None:
        self.parts = parts
        settings = parts.settings
        self.name = gateway_name(settings.media_port)
        self._threads = Threads()
        self._refusals = Refusals(LoopClock(asyncio.get_running_loop()), "media")
        rows = Rows(parts, self._threads)
        tools, floor = call_tools(parts, rows, self._threads, self.name)
        self.tapes = tools.tapes
        self.ringing = Ringing(parts, rows, self.name)
        self.switchboard = Switchboard(parts, rows, tools, self.name, most_calls=parts.settings.media.max_calls)
        self.exchange = Exchange(parts, rows, self.switchboard, self.ringing, self.name)
        self._streams = TwilioStreams(parts, rows, self.switchboard, self.name)
        self.agents = AgentDoor(parts, rows, floor, self.name)
        self.hub = LiveHub(parts, rows, self.ringing.nudge, self.agents.nudge)
        self.tapes.lines.here = self.hub.watching.tell
        self._line = PhoneLine(parts, self.exchange, self.switchboard, self.ringing)
        url = own_url(settings.media.internal_url, settings.server.host, settings.media_port)
        self._lease = GatewayLease(parts, rows, name=self.name, kind="media", url=url)
        self._tasks: list[asyncio.Task[None]] = []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        """Serves until left. Calls stay up in their rows: their phones come back to the next gateway."""
        settings = self.parts.settings
        await self.tapes.adopt()
        await self.switchboard.adopt_orphans()
        await self.agents.clean_up()
        server = await listen(
            self._serve,
            settings.server.host,
            settings.media_port,
            process_request=self._admit,
            compression=None,  # mu-law does not shrink, and each context costs memory
            max_size=settings.media.max_message_bytes,
            ping_interval=10,
            ping_timeout=10,
            open_timeout=self.parts.limits.handshake_s,
            close_timeout=SENT_BACK_S,
            server_header=None,
        )
        loops = (
            self._lease.serve(), self.ringing.serve(), self.hub.poll(), self.hub.listen(), self.agents.serve_rows(),
            self.tapes.serve(),
        )  # fmt: skip
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        log.info("gateway_up", address=f"{settings.server.host}:{settings.media_port}", gateway=self.name)
        try:
            yield server
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self.switchboard.forsake()
            await self.agents.close()
            await self.exchange.close()
            await self._streams.close()
            server.close(code=int(Close.RESTART), reason="the gateway is restarting")
            await server.wait_closed()
            await self.ringing.close()
            await self._lease.end()
            await self.tapes.close()
            await asyncio.get_running_loop().run_in_executor(None, self._threads.close)

    # --- before a socket is opened

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        path, _ = _target(request)
        if path == "/healthz":
            return self._health()
        if path.startswith(TWILIO_PATH):
            refusal = self._streams.refusal(request)
            if refusal is not None:
                self._refusals.note(f"no stream of Twilio's: {refusal}", _peer(connection))
                return connection.respond(http.HTTPStatus.FORBIDDEN, "only Twilio connects here\n")
            return None
        if path not in ("/phone", "/live", "/agent", "/leg"):
            return connection.respond(http.HTTPStatus.NOT_FOUND, "there is nothing here\n")
        origin = request.headers.get("Origin")
        if origin is not None and not self._ours(origin, request.headers.get("Host", "")):
            self._refusals.note("a page of another site", _peer(connection), origin)
            return connection.respond(http.HTTPStatus.FORBIDDEN, "this page may not connect here\n")
        return None

    def _ours(self, origin: str, host: str) -> bool:
        """A page of our web: at its public address, or on its port of the host this request came to."""
        settings = self.parts.settings
        public = urlsplit(settings.server.public_url or "")
        try:
            page, reached = urlsplit(origin), urlsplit(f"//{host}")
            if public.netloc and (page.scheme, page.netloc) == (public.scheme, public.netloc):
                return True
            return page.hostname == reached.hostname and page.port == settings.server.port
        except ValueError:  # a port that is no number, a bracket that is not closed
            return False

    def _health(self) -> Response:
        dead = [task.get_name() for task in self._tasks if task.done() and not task.cancelled() and task.exception()]
        body = orjson.dumps(
            {
                "status": "failing" if dead else "ok",
                "calls": self.switchboard.calls,
                "phones": self.ringing.phones,
                "pages": self.hub.pages,
                "agents": self.agents.lines,
                "rooms": self.agents.rooms,
            }
        )
        status = http.HTTPStatus.SERVICE_UNAVAILABLE if dead else http.HTTPStatus.OK
        headers = Headers([("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return Response(status.value, status.phrase, headers, body)

    # --- sockets

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        path, query = _target(connection.request)
        if path.startswith(TWILIO_PATH):
            with contextlib.suppress(ConnectionClosed):
                await self._streams.serve(connection, path.removeprefix(TWILIO_PATH))
            return
        purpose = path.removeprefix("/")
        try:
            claims = tokens.check(self.parts.settings, purpose, _token(query))
        except tokens.TokenError as error:
            self._refusals.note(f"a token for {path}: {error}", _peer(connection))
            await connection.close(int(Close.BAD_TOKEN), str(error))
            return
        with contextlib.suppress(ConnectionClosed):
            if purpose == "live":
                await self.hub.serve_page(connection)
            elif purpose in PURPOSES:
                await self.agents.serve(purpose, connection, claims)
            else:
                await self._line.serve(connection, claims)


def _target(request: Request) -> tuple[str, str]:
    """Path and query as they came: what is no address of ours must not raise."""
    path, _, query = request.path.partition("?")
    return path, query


def _token(query: str) -> str:
    try:
        return parse_qs(query, max_num_fields=10).get("token", [""])[0]
    except ValueError:  # more fields than anybody of ours writes
        return ""


def _peer(connection: ServerConnection) -> str:
    address = connection.remote_address
    return str(address[0]) if address else ""


async def serve(
    parts: GatewayParts, *, stop: asyncio.Event | None = None, ready: Callable[[], None] | None = None
) -> None:
    """Runs a gateway until `stop` is set (or for ever); `ready` is called once it listens."""
    async with Gateway(parts).running():
        if ready is not None:
            ready()
        await (stop or asyncio.Event()).wait()
