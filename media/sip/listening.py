"""What is told of a call, and to whom."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from media.sip.call import SipCall


class EndReason(enum.StrEnum):
    """Why a call is over."""

    FAR_END = "hung up by the far end"  # BYE
    OURS = "hung up by us"
    CANCELLED = "cancelled by the caller"  # CANCEL before we answered
    REFUSED = "refused by us"
    NOT_ANSWERED = "not answered by us in time"
    NO_ACK = "our answer was never acknowledged"
    NO_SOUND = "no sound could be agreed on"  # the answer in the ACK or in the 200 had no law of ours
    SESSION_EXPIRED = "the session timer ran out"
    LOST = "the far end knows the call no more"  # 481 or 408 to a request of ours
    TRANSFERRED = "transferred"
    CLOSING = "the hotline is stopping"


@dataclass(frozen=True, slots=True)
class ReferOutcome:
    """What became of a transfer. `status`: the last one told of the new call, else the answer to our REFER."""

    done: bool
    status: int
    reason: str


class CallListener(Protocol):
    """Called on the event loop; it must not block. What it raises is logged and changes nothing of the call."""

    def rings(self, call: SipCall) -> None: ...
    def answered(self, call: SipCall) -> None: ...
    def refused(self, call: SipCall, status: int, reason: str) -> None: ...
    def ended(self, call: SipCall, reason: EndReason) -> None: ...
    def key(self, call: SipCall, digit: str) -> None: ...
    def media_changed(self, call: SipCall) -> None: ...


class Nobody:
    """Listens to a call until somebody takes it."""

    def rings(self, call: SipCall) -> None: ...
    def answered(self, call: SipCall) -> None: ...
    def refused(self, call: SipCall, status: int, reason: str) -> None: ...
    def ended(self, call: SipCall, reason: EndReason) -> None: ...
    def key(self, call: SipCall, digit: str) -> None: ...
    def media_changed(self, call: SipCall) -> None: ...
