"""The far end of one call by SIP: its signalling and its sound as one line of the media session.

A line is opened before its call is answered, so that there is a port to tell; it is over when the call is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final, Protocol

import structlog

from ivr.events import DialEnded
from ivr.keypad import KEYS
from media.line import Line
from media.live_call import LiveCall
from media.messages import Out
from media.rtp import RtpEngine, StreamReport
from media.sip.call import SipCall
from media.sip.listening import EndReason
from speech.audio import audioop, mulaw_to_pcm

log = structlog.get_logger("sip")

LOST_AFTER_S: Final = 30.0
"""A far end that has sent nothing for so long, and is not on hold, is gone without a word."""
LAST_WORD_S: Final = 1.0
"""What has been sent is heard within that: the playout is no more than a fifth of it ahead."""
AT_LAST_RINGS_S: Final = 45.0
"""Where the hotline cannot work there is nothing else to offer."""
SAME_PRESS_S: Final = 0.4
"""Telephones that send a key in the sound and by INFO do both within that."""
MOST_EARLY: Final = 20
"""Keys kept of a caller who presses them the moment we have answered."""
LIVE_BEHIND_S, PLAYED_BEHIND_S, MOST_BEHIND_S = 0.1, 0.4, 0.5
"""What waits to be sent when this machine was held up: the pauses of live sound are left out while more than the first
does, of other sound (played up to 0.3 s ahead) while more than the second; of live sound nothing above the last."""
_PAUSE_RMS: Final = 32768 * 10 ** (-42 / 20)  # dBFS: quieter than anything that is said
_BYE: Final = "bye"

Measured = Callable[[StreamReport], None]


class Transfer(Protocol):
    """Puts the caller on `line` through to `to`, as `media.line.TransferringLine` says."""

    carrier_dials: bool

    def __call__(
        self, line: SipLine, to: str, timeout_s: float, *, answered: Callable[[], None] | None = None
    ) -> Awaitable[DialEnded]: ...


class Partner(Protocol):
    """Whoever hears a line in place of the hotline, and speaks on it: a `media.line.OtherTelephone` that has keys."""

    def hears(self, mulaw: bytes) -> None: ...
    def press(self, digits: str) -> None: ...


class SipLine:
    """A `media.line.Line`, a `PressingLine` and a `TransferringLine`; receives the sound of its stream.

    `transfer_by` puts its caller through; `measured` is told once how well the sound went. Raises NoPortLeft.
    """

    def __init__(self, engine: RtpEngine, *, measured: Measured, transfer_by: Transfer | None = None) -> None:
        self.call: SipCall | None = None
        self.refusal: tuple[int, str] | None = None  # outbound: it was never answered
        self.gone: EndReason | None = None
        self.settled = asyncio.Event()  # sound can go both ways, or it never will
        self.over = asyncio.Event()
        self.listener = Signals(self)
        self.partner: Partner | None = None  # see `join`
        self.stream = engine.open(self)
        self._live: LiveCall | None = None
        self._measured = measured
        self._transfer_by = transfer_by
        self._closed = self._leaving = self._held = False
        self._bye_by: asyncio.TimerHandle | None = None
        self._early: list[str] = []  # keys of a caller whose call is not carried yet
        self._pressed: tuple[str, str, float] = ("", "", 0.0)

    # --- from whoever brings the call up

    def connect(self) -> None:
        """Sound goes where the far end wants it, in the law that was agreed. Again after each change."""
        call = self.call
        if call is None or call.remote is None or call.codec is None or self._closed:
            return
        remote = call.remote
        address = reached(remote.address, call.source[0])
        self.stream.connect(address, call.codec, remote.dtmf_type, sends=remote.receives, receives=remote.sends)
        self._held = not remote.receives
        if self._live is not None:
            self._live.pause(self._held)

    def carries(self, live: LiveCall) -> None:
        """From now on what comes in goes to `live`. A call that ended meanwhile is told so."""
        self._live = live
        if self.gone is not None:
            live.hung_up(in_words(self.gone))
            return
        if self._held:
            live.pause(True)
        early, self._early = self._early, []
        for digit in early:
            live.key(digit)

    def join(self, partner: Partner | None) -> None:
        """`partner` hears this far end and gets its keys from now on; None: the hotline has it back. Of a call that is
        carried `partner` hears what the call lets it hear."""
        self.partner = partner
        if self._live is not None:
            self._live.put_through_to(partner)

    @property
    def held(self) -> bool:
        """The far end has put us on hold."""
        return self._held

    @property
    def as_heard(self) -> Line:
        """The way to whoever it is that goes by everybody who is to know what is heard: the recording."""
        return self if self._live is None else self._live.line

    # --- the line of a LiveCall

    def play(self, mulaw: bytes) -> None:
        if not self._closed and not self._catches_up(mulaw, PLAYED_BEHIND_S):
            self.stream.play(mulaw)

    def mark(self, name: str) -> None:
        if not self._closed:
            self.stream.mark(name)

    def clear(self) -> None:
        if not self._closed:
            self.stream.clear()

    def tell(self, out: Out) -> None:
        """A telephone has no screen."""

    def hears(self, mulaw: bytes) -> None:
        """What a partner says, as they say it. What is left out to catch up is not on the recording either."""
        if self._closed or self._catches_up(mulaw, LIVE_BEHIND_S) or self.stream.waiting_s > MOST_BEHIND_S:
            return
        if self._live is not None:
            self._live.other_says(mulaw)
        else:
            self.stream.play(mulaw)

    def press(self, digits: str) -> None:
        if not self._closed:
            self.stream.press(digits)

    @property
    def carrier_dials(self) -> bool:
        return self._transfer_by is not None and self._transfer_by.carrier_dials

    async def transfer(self, to: str, timeout_s: float, *, answered: Callable[[], None] | None = None) -> DialEnded:
        if self._transfer_by is None:
            return DialEnded("failed")
        return await self._transfer_by(self, to, timeout_s, answered=answered)

    async def put_through_at_last(self, to: str) -> None:
        await self.transfer(to, AT_LAST_RINGS_S)

    def hang_up(self, reason: str) -> None:
        """BYE (or whatever ends it) once what was sent has been heard."""
        if self.call is None or self.call.over:
            self._close()
        elif not self.call.answered:
            self.call.hang_up()  # how it ends is told, as of any call that was never answered
        elif not self._leaving:
            self._leaving = True
            self.stream.mark(_BYE)
            self._bye_by = asyncio.get_running_loop().call_later(LAST_WORD_S, self._bye)

    def let_go(self, reason: str) -> None:
        """The far end is looked after by somebody else: the call ends for us."""
        if self._live is not None and not self.over.is_set():
            self._live.hung_up(reason)
        self._bye()

    # --- the receiver of a stream

    def sound(self, mulaw: bytes) -> None:
        if self._held:
            return  # their music on hold
        if self._live is not None:
            self._live.sound(mulaw)
        elif self.partner is not None:
            self.partner.hears(mulaw)

    def key(self, digit: str) -> None:
        self.pressed(digit, "rtp")

    def heard(self, mark: str) -> None:
        if mark == _BYE:
            self._bye()
        elif self._live is not None:
            self._live.heard(mark)

    def silent(self, seconds: float) -> None:
        if seconds < LOST_AFTER_S or self._held or self._leaving or self.call is None or not self.call.answered:
            return
        if self.call.remote is not None and not self.call.remote.sends:
            return
        log.info("sound_lost", call=self._live.call_id if self._live else None, sip=self.call.id, silent_s=seconds)
        self._leaving = True
        if self._live is not None:
            self._live.hung_up("connection lost")
        self._bye()

    # --- from the signalling

    def pressed(self, digit: str, way: str) -> None:
        """A key, in the sound or by INFO. The same key both ways at once is one press."""
        last, other_way, at = self._pressed
        now = asyncio.get_running_loop().time()
        self._pressed = (digit, way, now)
        if (digit == last and way != other_way and now - at < SAME_PRESS_S) or digit not in KEYS:
            return
        if self.partner is not None:
            self.partner.press(digit)
        elif self._live is not None:
            if not self._held:
                self._live.key(digit)
        elif self.call is not None and self.call.direction == "inbound" and len(self._early) < MOST_EARLY:
            self._early.append(digit)

    def refused(self, status: int, reason: str) -> None:
        self.refusal = (status, reason)
        self._close()

    def ended(self, reason: EndReason) -> None:
        self.gone = reason
        if self._live is not None:
            self._live.hung_up(in_words(reason))
        self._close()

    # --- inside

    def _catches_up(self, mulaw: bytes, behind_s: float) -> bool:
        """Whether `mulaw` is a pause that can be left out because more than `behind_s` waits before it."""
        return self.stream.waiting_s > behind_s and audioop.rms(mulaw_to_pcm(mulaw), 2) < _PAUSE_RMS

    # --- the end

    def _bye(self) -> None:
        if self.call is not None and not self.call.over:
            self.call.hang_up()
        self._close()

    def _close(self) -> None:
        if self._bye_by is not None:
            self._bye_by.cancel()
        self.settled.set()
        self.over.set()
        if not self._closed:
            self._closed = True
            self._measured(self.stream.close())


class Signals:
    """What the signalling tells of a line's call: a `media.sip.listening.CallListener`."""

    def __init__(self, line: SipLine) -> None:
        self._line = line

    def rings(self, call: SipCall) -> None:
        """Whoever waits for the answer hears it from us."""

    def answered(self, call: SipCall) -> None:
        self._line.connect()
        self._line.settled.set()

    def refused(self, call: SipCall, status: int, reason: str) -> None:
        self._line.refused(status, reason)

    def ended(self, call: SipCall, reason: EndReason) -> None:
        self._line.ended(reason)

    def key(self, call: SipCall, digit: str) -> None:
        self._line.pressed(digit, "info")

    def media_changed(self, call: SipCall) -> None:
        self._line.connect()


def in_words(reason: EndReason) -> str:
    """As calls of other channels end for the same reason."""
    return "caller hung up" if reason is EndReason.FAR_END else reason.value


def reached(announced: tuple[str, int], source: str) -> tuple[str, int]:
    """Where a far end's sound is to go. A telephone behind a router announces an address of its own network, where
    nobody outside reaches it: then it is taken to be where its signalling came from, at whatever port it sends from."""
    try:
        inside, outside = ip_address(announced[0]), ip_address(source)
    except ValueError:  # nothing has come from it yet
        return announced
    if inside.is_private and not inside.is_loopback and not outside.is_private:
        return source, announced[1]
    return announced
