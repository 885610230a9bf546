"""What a telephone network's refusal means for a call-back: its status in our words, and whether to try again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from models import CallStatus

_BUSY: Final = frozenset({486, 600})
_NOBODY: Final = frozenset({408, 480, 487})
_NO_SUCH_NUMBER: Final = frozenset({404, 410, 484, 604})
_REASONS: Final = {
    CallStatus.BUSY: "busy",
    CallStatus.NO_ANSWER: "nobody answered",
    CallStatus.CANCELED: "canceled",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """`hopeless`: the same number will never be reached, so it is not tried again."""

    status: CallStatus
    reason: str
    hopeless: bool = False


def of_status(status: int, phrase: str, *, canceled: bool = False, unreachable: bool = False) -> Refusal:
    """Of a SIP final response (RFC 3261 section 21). `canceled`: we hung up before anybody answered."""
    if unreachable:
        return Refusal(CallStatus.FAILED, "the SIP trunk cannot be reached")
    if canceled:
        return Refusal(CallStatus.CANCELED, "canceled")
    if status in _BUSY:
        return Refusal(CallStatus.BUSY, _REASONS[CallStatus.BUSY])
    if status in _NOBODY:
        return Refusal(CallStatus.NO_ANSWER, _REASONS[CallStatus.NO_ANSWER])
    said = f"{status} {phrase}".strip()[:60]
    if status in _NO_SUCH_NUMBER:
        return Refusal(CallStatus.FAILED, f"no such number ({said})", hopeless=True)
    if status in (403, 603):
        return Refusal(CallStatus.FAILED, f"declined ({said})")
    return Refusal(CallStatus.FAILED, f"the SIP trunk said {said}")


def of_transfer(status: int, *, unreachable: bool = False) -> str:
    """The same in the words of `ivr.events.DialEnded`."""
    if unreachable:
        return "failed"
    if status in _BUSY:
        return "busy"
    return "no-answer" if status in _NOBODY else "failed"
