"""Where the sound of a call goes, and whose sound is taken for the far end's.

Telephones behind a router that translates addresses send from elsewhere than they say, and want to be sent there
(symmetric RTP, RFC 4961). Whoever knows our port could use that to take over a call, so hardly anybody is believed.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

Address = tuple[str, int]

QUIET_S: Final = 1.0
"""A far end that can be heard is not moved: only after such a pause may its sound come from another port."""


class FarEnd:
    """`announced` by the signalling. `latch`: it may be anywhere, because its own address means nothing here.

    Who sends first, from the announced host or with `latch` from any, is it. That may change once: to the address that
    was announced when it turns up after all, or after a pause to another port of that host (with `latch`: to anybody).
    """

    def __init__(self, announced: Address, *, latch: bool = False) -> None:
        """ValueError when the host is no IP address."""
        self.announced: Address = (str(ip_address(announced[0])), announced[1])
        self._latch = latch
        self._found: Address | None = None
        self._found_last = 0.0
        self._moved = False

    @property
    def address(self) -> Address:
        """Where sound is to go now."""
        return self._found or self.announced

    def is_host(self, host: str) -> bool:
        return host == self.address[0] or host == self.announced[0]

    def believed(self, address: Address, now: float) -> bool:
        """`now`: monotonic seconds."""
        if address != self._found:
            if self._found is not None:
                if self._moved or not self._may_move(address, now):
                    return False
                self._moved = True
            elif not (self._latch or address[0] == self.announced[0]):
                return False
            self._found = address
        self._found_last = now
        return True

    def _may_move(self, address: Address, now: float) -> bool:
        if address == self.announced:
            return True
        return now - self._found_last >= QUIET_S and (self._latch or address[0] == self.announced[0])
