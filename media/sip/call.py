"""A call by SIP as the rest of the hotline sees it."""

from __future__ import annotations

import abc
from typing import Literal

from media.codec import Codec
from media.sip.listening import CallListener, Nobody, ReferOutcome
from media.sip.offers import Offer


class SipCall(abc.ABC):
    """One call, in either direction. `media.sip` tells what its listener hears and when."""

    id: str  # Call-ID, at most 64 characters; of two calls at once never the same
    direction: Literal["inbound", "outbound"]
    from_number: str  # E.164, a short code, another user part as it came, or "" when withheld; at most 20 characters
    to_number: str  # likewise: what was dialled
    source: tuple[str, int]  # where it comes from, or where it was sent; ("", 0) until that is known
    remote: Offer | None = None
    codec: Codec | None = None  # the law both sides use, once it is agreed
    unreachable: bool = False  # outbound: nothing at all answered at that address
    listener: CallListener

    def __init__(self) -> None:
        self.listener = Nobody()

    @property
    @abc.abstractmethod
    def answered(self) -> bool:
        """Whether the call stands: accepted by us, or by the far end."""

    @property
    @abc.abstractmethod
    def over(self) -> bool:
        """Whether `ended` or `refused` has been told, or is about to be."""

    @abc.abstractmethod
    def header(self, name: str) -> str | None:
        """A header of their INVITE (inbound) or of their 200 (outbound), as it came."""

    @abc.abstractmethod
    def ring(self) -> None:
        """180. Inbound, before `accept`; later it does nothing."""

    @abc.abstractmethod
    def accept(self, rtp: tuple[str, int], codec: Codec | None = None) -> None:
        """200 with our SDP. `rtp`: where our sound is heard and sent from; with `public_host` set its host is not told.

        `codec` None: the one of the offer's that the configuration likes best. Answers to a re-INVITE are made of it
        too. A call that is over already stays so. A codec that was not offered is a ValueError.
        """

    @abc.abstractmethod
    def reject(self, status: int, reason: str = "", retry_after_s: int | None = None) -> None:
        """Inbound, before `accept`; `status` 300-699, else ValueError. Afterwards it does nothing."""

    @abc.abstractmethod
    def hang_up(self) -> None:
        """BYE, CANCEL or 480, whatever fits; again it does nothing."""

    @abc.abstractmethod
    async def refer(self, to: str) -> ReferOutcome:
        """Asks the far end to call `to` (a number or a sip: URI) itself, and waits for what becomes of it.

        The call stays; hang it up when the outcome is `done`. Never raises for what the far end does.
        """
