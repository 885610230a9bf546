"""Pages that watch a call: told every line of it as it is said. Which call a page may watch, its token says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
import structlog
from websockets.asyncio.server import ServerConnection, broadcast

from ivr.channels import tokens
from settings import Settings

log = structlog.get_logger("media")
MOST_UNSENT_BYTES: Final = 64 * 1024


class Watching:
    """A page watches one call at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._watched: dict[str, set[ServerConnection]] = {}

    def heard(self, page: ServerConnection, raw: str | bytes) -> None:
        """A page has sent something: {"watch": TOKEN}, or what means nothing."""
        try:
            wish = orjson.loads(raw)
            token = wish["watch"] if isinstance(wish, dict) else None
        except (orjson.JSONDecodeError, KeyError):
            return
        if not isinstance(token, str):
            return
        try:
            claims = tokens.check(self._settings, tokens.WATCH, token)
        except tokens.TokenError as error:
            log.info("token_refused", purpose=tokens.WATCH, error=str(error))
            return
        self.left(page)
        self._watched.setdefault(str(claims.get("call")), set()).add(page)

    def left(self, page: ServerConnection) -> None:
        for call_id, pages in list(self._watched.items()):
            pages.discard(page)
            if not pages:
                del self._watched[call_id]

    def tell(self, call_id: str, line: Mapping[str, Any]) -> None:
        pages = {
            page
            for page in self._watched.get(call_id, ())
            if page.transport.get_write_buffer_size() < MOST_UNSENT_BYTES  # one that does not read misses lines
        }
        if pages:
            broadcast(pages, orjson.dumps({"topic": "transcript", "id": call_id, "line": line}).decode())
