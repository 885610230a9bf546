"""A browser phone for tests: a real WebSocket that plays what it is sent, and returns marks when that is played."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ivr.channels import tokens
from media.gateway import Gateway
from media.parts import GatewayParts
from settings import Settings

NUMBER = "+8613800571001"


@contextlib.asynccontextmanager
async def gateway(parts: GatewayParts) -> AsyncIterator[Gateway]:
    made = Gateway(parts)
    async with made.running():
        yield made


def address(settings: Settings, token: str | None = None, *, path: str = "/phone", **claims: Any) -> str:
    claims = {"number": NUMBER, "language": "en", "address": "192.0.2.1", **claims}
    token = token if token is not None else tokens.issue(settings, path[1:], **claims)
    return f"ws://127.0.0.1:{settings.media_port}{path}?token={token}"


class TestPhone:
    """`messages` is everything received. Sound is played in real time times `speed`."""

    __test__ = False

    def __init__(self, socket: ClientConnection, speed: float) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []
        self.heard = b""
        self._speed = speed
        self._buffer: list[bytes | str] = []
        self._arrived = asyncio.Condition()
        self._more = asyncio.Event()
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._play())]

    # --- out

    async def send(self, event: str, **fields: Any) -> None:
        await self.socket.send(orjson.dumps({"event": event, **fields}).decode())

    async def start(self, **wishes: str) -> dict[str, Any]:
        """Starts the stream and waits for the call to be up."""
        await self.send("connected", protocol="Call", version="1.0.0")
        await self.send("start", streamSid="S1", start={"streamSid": "S1", "customParameters": wishes})
        return await self.until("call")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.send("dtmf", dtmf={"track": "inbound_track", "digit": key})

    async def speak(self, frame: bytes, seconds: float, *, speed: float = 1.0) -> None:
        for _ in range(round(seconds / 0.02)):
            await self.send("media", media={"track": "inbound", "payload": base64.b64encode(frame).decode()})
            await asyncio.sleep(0.02 / speed)

    # --- in

    async def until(self, event: str, within_s: float = 30.0, **fields: Any) -> dict[str, Any]:
        """The first message not yet taken that is `event` with these fields; those before it are dropped."""

        def found() -> dict[str, Any] | None:
            for index, message in enumerate(self.messages):
                if message["event"] == event and all(message.get(name) == value for name, value in fields.items()):
                    del self.messages[: index + 1]
                    return message
            return None

        async with asyncio.timeout(within_s), self._arrived:
            while (message := found()) is None:
                if self.socket.close_code is not None:
                    raise AssertionError(f"closed with {self.closed} before {event} {fields} in {self.messages}")
                await self._arrived.wait()
            return message

    async def tone(self, turn: int) -> None:
        """Until the tone of a message has been heard, and the hotline knows: what is said from now on is recorded."""
        await self.until("mark", mark={"name": f"{turn}.tone"})
        async with asyncio.timeout(10):
            while self._buffer:
                await asyncio.sleep(0.01)

    async def caption(self, text: str, who: str = "hotline", within_s: float = 30.0) -> dict[str, Any]:
        return await self.until("caption", within_s, text=text, who=who, partial=False)

    async def close_reason(self, within_s: float = 30.0) -> tuple[int | None, str | None]:
        await asyncio.wait_for(self.socket.wait_closed(), within_s)
        return self.closed

    @property
    def closed(self) -> tuple[int | None, str | None]:
        return self.socket.close_code, self.socket.close_reason

    async def vanish(self) -> None:
        """As when the network goes: no closing handshake, nothing said."""
        self.socket.transport.abort()
        await self.socket.wait_closed()

    async def leave(self) -> None:
        await self.socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for raw in self.socket:
                message = orjson.loads(raw)
                if message["event"] == "media":
                    sound = base64.b64decode(message["media"]["payload"])
                    self._buffer += [sound[at : at + 160] for at in range(0, len(sound), 160)]
                elif message["event"] == "mark":
                    self._buffer.append(message["mark"]["name"])
                elif message["event"] == "clear":
                    self._buffer.clear()
                if message["event"] != "media":
                    async with self._arrived:
                        self.messages.append(message)
                        self._arrived.notify_all()
                self._more.set()
        except ConnectionClosed:
            pass
        finally:
            async with self._arrived:
                self._arrived.notify_all()

    async def _play(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                while self._buffer:
                    item = self._buffer.pop(0)
                    if isinstance(item, str):
                        await self.send("mark", mark={"name": item})
                    else:
                        self.heard += item
                        await asyncio.sleep(0.02 / self._speed)
                self._more.clear()
                await self._more.wait()


@contextlib.asynccontextmanager
async def phone(
    settings: Settings, token: str | None = None, *, speed: float = 4.0, origin: str | None = None, **claims: Any
) -> AsyncIterator[TestPhone]:
    socket = await connect(address(settings, token, **claims), origin=origin)  # type: ignore[arg-type]
    made = TestPhone(socket, speed)
    try:
        yield made
    finally:
        await made.leave()
