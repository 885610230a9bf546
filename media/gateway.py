"""The gateway process: `/phone` (browser phones and streams), `/live` (updates of pages), `/healthz`."""

from __future__ import annotations

import asyncio
import contextlib
import http
import socket
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
from media.exchange import Exchange
from media.hearing import EarPool
from media.live import LiveHub
from media.live_call import CallTools
from media.parts import GatewayParts, Threads
from media.phone_line import PhoneLine
from media.rendering import Renderer
from media.ringing import Ringing
from media.rows import Rows
from media.session import MediaSession
from media.sockets import Close

log = structlog.get_logger("media")
SENT_BACK_S = 5.0  # how long a closing handshake may take


class Gateway:
    """Made inside the running loop."""

    def __init__(self, parts: GatewayParts) -> None:
        self.parts = parts
        self.name = _name(parts)
        self._threads = Threads()
        rows = Rows(parts, self._threads)
        ears = {language: EarPool(pool, self._threads) for language, pool in parts.ears.items()}
        tools = CallTools(
            rows=rows,
            renderer=Renderer(parts, self._threads),
            ears=ears,
            new_session=lambda: MediaSession(hears=ears.__contains__, endpointers=parts.endpointers),
            turn_tries=parts.limits.turn_tries,
        )
        self.ringing = Ringing(parts, rows, self.name)
        self.exchange = Exchange(parts, rows, tools, self.ringing, self.name)
        self.hub = LiveHub(parts, rows, self.ringing.nudge)
        self._line = PhoneLine(parts, self.exchange, self.ringing)
        self._tasks: list[asyncio.Task[None]] = []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        """Serves until left. Calls stay up in their rows: their phones come back to the next gateway."""
        settings = self.parts.settings
        await self.exchange.adopt_orphans()
        server = await listen(
            self._serve,
            settings.server.host,
            settings.media_port,
            process_request=self._admit,
            compression=None,  # mu-law does not shrink, and each context costs memory
            max_size=settings.media.max_message_bytes,
            ping_interval=10,
            ping_timeout=10,
            close_timeout=SENT_BACK_S,
            server_header=None,
        )
        loops = (self.ringing.serve(), self.hub.poll(), self.hub.listen())
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        log.info("gateway_up", address=f"{settings.server.host}:{settings.media_port}", gateway=self.name)
        try:
            yield server
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self.exchange.close()
            server.close(code=int(Close.RESTART), reason="the gateway is restarting")
            await server.wait_closed()
            await self.ringing.close()
            await asyncio.get_running_loop().run_in_executor(None, self._threads.close)

    # --- before a socket is opened

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        path = urlsplit(request.path).path
        if path == "/healthz":
            return self._health()
        if path not in ("/phone", "/live"):
            return connection.respond(http.HTTPStatus.NOT_FOUND, "there is nothing here\n")
        origin = request.headers.get("Origin")
        if origin is not None and not self._ours(origin, request.headers.get("Host", "")):
            log.warning("foreign_origin_refused", origin=origin[:200], path=path)
            return connection.respond(http.HTTPStatus.FORBIDDEN, "this page may not connect here\n")
        return None

    def _ours(self, origin: str, host: str) -> bool:
        """A page of our web: at its public address, or on its port of the host this request came to."""
        settings = self.parts.settings
        page = urlsplit(origin)
        public = urlsplit(settings.server.public_url or "")
        if public.netloc and (page.scheme, page.netloc) == (public.scheme, public.netloc):
            return True
        reached = urlsplit(f"//{host}")
        try:
            return page.hostname == reached.hostname and page.port == settings.server.port
        except ValueError:  # a port that is no number
            return False

    def _health(self) -> Response:
        dead = [task.get_name() for task in self._tasks if task.done() and not task.cancelled() and task.exception()]
        body = orjson.dumps(
            {
                "status": "failing" if dead else "ok",
                "calls": self.exchange.calls,
                "phones": self.ringing.phones,
                "pages": self.hub.pages,
            }
        )
        status = http.HTTPStatus.SERVICE_UNAVAILABLE if dead else http.HTTPStatus.OK
        headers = Headers([("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return Response(status.value, status.phrase, headers, body)

    # --- sockets

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        address = urlsplit(connection.request.path)
        purpose = address.path.removeprefix("/")
        token = parse_qs(address.query).get("token", [""])[0]
        try:
            claims = tokens.check(self.parts.settings, purpose, token)
        except tokens.TokenError as error:
            log.info("token_refused", purpose=purpose, error=str(error))
            await connection.close(int(Close.BAD_TOKEN), str(error))
            return
        with contextlib.suppress(ConnectionClosed):
            if purpose == "live":
                await self.hub.serve_page(connection)
            else:
                await self._line.serve(connection, claims)


def _name(parts: GatewayParts) -> str:
    """The same after a restart, different on every machine and port: 37 characters at most, ids follow it."""
    return f"{socket.gethostname()[:24]}:{parts.settings.media_port}"


async def serve(
    parts: GatewayParts, *, stop: asyncio.Event | None = None, ready: Callable[[], None] | None = None
) -> None:
    """Runs a gateway until `stop` is set (or for ever); `ready` is called once it listens."""
    async with Gateway(parts).running():
        if ready is not None:
            ready()
        await (stop or asyncio.Event()).wait()
