"""What a `media.live_call.LiveCall` needs of its process, and what it tells the rooms there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ivr.calls import NewRecording, TurnAnswer
from ivr.events import Event
from ivr.outputs import Transfer
from media.hearing import EarPool
from media.line import OtherTelephone
from media.rendering import Renderer
from media.session import MediaSession
from media.taping import Tapes
from models import CallStatus

if TYPE_CHECKING:
    from media.live_call import LiveCall


class CallRows(Protocol):
    """What a call does to its rows, each in a thread; see `media.rows`."""

    async def resume(self, call_id: str, turn: int, event: Event, recording: NewRecording | None) -> TurnAnswer: ...
    async def ended(self, call_id: str, status: CallStatus, reason: str) -> None: ...
    async def keep_message(self, pcm: bytes, transcript: str) -> NewRecording: ...


class CallRoom(Protocol):
    """The room a call is in while somebody of the staff is on it or waited for; see `media.rooms`."""

    def caller_says(self, mulaw: bytes) -> None: ...
    def caller_presses(self, key: str, *, private: bool) -> None: ...
    def put_through_to(self, other: OtherTelephone | None) -> None: ...
    def other_says(self, mulaw: bytes) -> None: ...


class CallFloor(Protocol):
    """All rooms of a process, as calls tell them what happens; see `media.rooms.floor`."""

    def came(self, call: LiveCall) -> None:
        """It is up, or back on another line."""

    def put_through(self, call: LiveCall, turn: int, wish: Transfer) -> None:
        """The flow transfers it; ends in `LiveCall.dialled`."""

    def lost(self, call: LiveCall) -> None:
        """Its line is gone and may come back."""

    def over(self, call_id: str, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class CallTools:
    """Shared by the calls of one gateway."""

    rows: CallRows
    renderer: Renderer
    ears: dict[str, EarPool]
    new_session: Callable[[], MediaSession]
    turn_tries: tuple[float, ...]
    floor: CallFloor
    tapes: Tapes
    transfer_number: str | None
    """Where callers are put through when the hotline cannot work."""
