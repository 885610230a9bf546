"""The far end of one call as the call sees it: where its sound goes, and what is told to a phone that has a screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from ivr.events import DialEnded
from media.messages import Out


class Line(Protocol):
    """Nothing here waits or raises: a far end that is gone is noticed by whoever reads from it."""

    def play(self, mulaw: bytes) -> None:
        """Sound (mu-law, 8 kHz, at most a few frames of 20 ms) to be heard after all that was sent before it."""

    def mark(self, name: str) -> None:
        """Comes back through `LiveCall.heard` when everything sent before it has been heard."""

    def clear(self) -> None:
        """What has not been heard yet is dropped at once."""

    def tell(self, out: Out) -> None:
        """Captions, notices, that the call is up: lines without a screen drop it."""

    def hang_up(self, reason: str) -> None:
        """The call is over. Called once, when the last word has been heard or there is none."""


class HandedOver(Exception):
    """The caller has left this line for the carrier's, which will tell the hotline by another way how that ended."""


@runtime_checkable
class PressingLine(Protocol):
    """A line that can send keys as such; on others they are heard as tones."""

    def press(self, digits: str) -> None:
        """Keys of `ivr.keypad.KEYS`, sent after each other."""


class CannotTransfer(Exception):
    """This line cannot be put through by an agent now. The text says to the agent why."""


class OtherTelephone(Protocol):
    """A telephone that a caller has been put through to, by way of us."""

    def hears(self, mulaw: bytes) -> None:
        """What is said on the call, as it is said."""


@runtime_checkable
class LastResortLine(Protocol):
    """A line whose far end can be put through by this process alone, whatever else of the hotline is away."""

    async def put_through_at_last(self, to: str) -> None:
        """Rings `to`. Returns when nobody answered, when the talk is over, or when the far end has hung up."""


@runtime_checkable
class TransferringLine(Protocol):
    """A line whose far end can be put through to another telephone."""

    @property
    def carrier_dials(self) -> bool:
        """The call leaves this line for that, so nobody of the staff can stay on it."""

    async def transfer(self, to: str, timeout_s: float, *, answered: Callable[[], None] | None = None) -> DialEnded:
        """Rings `to` for at most `timeout_s`. Returns when nobody answered (busy, no-answer, failed: the caller is
        still ours), or when the talk is over ("answered", its length). `answered` is called when the talk begins.

        Raises HandedOver when the carrier does it without us. Where `answered` is given, which is for an agent,
        CannotTransfer at once when that is not possible now.
        """
