"""Who is in a room, and what the talks of a process share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr.outputs import Say
from media.parts import GatewayParts
from media.rendering import Renderer
from media.rooms.desk_rows import DeskRows
from media.rooms.leg_rows import LegRows
from media.rooms.music import Music
from media.rooms.room import Ticker
from media.rooms.staff import Ear, Staff
from media.rows import Rows
from models import LegMode


@dataclass(frozen=True, slots=True)
class TalkTools:
    """Shared by the talks of one process."""

    parts: GatewayParts
    rows: Rows
    desk: DeskRows
    legs: LegRows
    renderer: Renderer
    ticker: Ticker
    music: Music
    own_say: Callable[[str, str], Say]  # a text of `media.texts` and a language, as the hotline says it


@dataclass(eq=False, slots=True)
class Member:
    """Somebody of the staff in the room. `name` is theirs in the mixer."""

    name: str
    user: Staff
    mode: LegMode
    ear: Ear
    leg_id: int
    muted: bool = False
