"""The sound of one call, both ways. Its owner calls it on the loop; the engine's thread sends and receives for it.

What the two share is handed over whole, in one assignment, or guarded by a lock that is held for microseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from media.codec import Codec
from media.rtp import comfort
from media.rtp.far_end import Address, FarEnd
from media.rtp.laws import from_line
from media.rtp.outgoing import Outgoing
from media.rtp.packets import BadPacket, is_rtcp, parse
from media.rtp.reception import Reception
from media.rtp.reporting import Reporting
from media.rtp.reports import StreamReport
from media.rtp.telephone_events import PressedKeys
from media.rtp.tones import ToneKeys
from speech.audio import RATE

SILENT_STEP_S: Final = 10.0

Deliver = Callable[[Callable[[Any], None], Any], None]


class Receiver(Protocol):
    """Told on the loop what comes in."""

    def sound(self, mulaw: bytes) -> None:
        """In order, gaps filled; silence while nothing comes. Whole frames of 20 ms, if the far end sends those."""

    def key(self, digit: str) -> None:
        """Once a press: as a telephone event, or as tones where those were not agreed."""

    def heard(self, mark: str) -> None:
        """Everything played before `mark` has been sent, and has had its time."""

    def silent(self, seconds: float) -> None:
        """Nothing has come for so long: 10, 20, 30, ... Not while nothing is to come."""


@dataclass(frozen=True, slots=True)
class _Agreed:
    far_end: FarEnd
    codec: Codec
    dtmf_type: int | None
    sends: bool
    receives: bool


class RtpStream:
    """`local` is where its sound comes in. Made by the engine; `release` is called once when it is closed."""

    def __init__(self, local: Address, receiver: Receiver, deliver: Deliver, release: Callable[[], None]) -> None:
        self.local = local
        self._receiver = receiver
        self._deliver = deliver
        self._release = release
        self._closed = False
        self._agreed: _Agreed | None = None
        self._outgoing = Outgoing(lambda mark: deliver(self._mark_sent, mark))
        self._reception = Reception()
        self._reporting = Reporting(self._outgoing, self._reception)
        self._events = PressedKeys()
        self._tones: ToneKeys | None = None
        self._strange = 0
        self._last_came: float | None = None
        self._silent_told_s = 0.0
        self._reports_to: tuple[Address, bool] | None = None  # where theirs come from, and whether at our sound's port

    # --- its owner, on the loop

    @property
    def waiting_s(self) -> float:
        """Of sound that has been played and not sent."""
        return self._outgoing.waiting_s

    def connect(
        self, address: Address, codec: Codec, dtmf_type: int | None, *, sends: bool = True, receives: bool = True,
        latch: bool = False,
    ) -> None:  # fmt: skip
        """Where sound goes, and as what. Again after each new agreement. `receives` False: what comes is dropped.

        Sound is taken from the host of `address` alone; with `latch` from whoever sends first (see `far_end`). Who was
        found so stays it while `address` is the same. ValueError when that is no IP address.
        """
        before = self._agreed
        far_end = FarEnd(address, latch=latch)
        if before is not None and before.far_end.announced == far_end.announced:
            far_end = before.far_end
        self._agreed = _Agreed(far_end, codec, dtmf_type, sends, receives)

    def play(self, mulaw: bytes) -> None:
        """Sent after everything before it, a frame every 20 ms."""
        self._outgoing.play(mulaw)

    def mark(self, name: str) -> None:
        self._outgoing.mark(name)

    def clear(self) -> None:
        """What has not been sent is dropped, and its marks with it."""
        self._outgoing.clear()

    def press(self, digits: str) -> None:
        """Keys, one after the other: as telephone events, or as tones where those were not agreed. ValueError."""
        agreed = self._agreed
        self._outgoing.press(digits, as_tones=agreed is not None and agreed.dtmf_type is None)

    def close(self) -> StreamReport:
        """Nothing is told any more; the port is free again a moment later."""
        if not self._closed:
            self._closed = True
            self._release()
        return self.figures

    @property
    def figures(self) -> StreamReport:
        """How its sound has gone so far."""
        reception, arrivals, reporting = self._reception, self._reception.arrivals, self._reporting
        there = reporting.jitter_there
        return StreamReport(
            sent=self._outgoing.packets, received=arrivals.received, lost=arrivals.lost, late=reception.late,
            doubled=arrivals.doubled, excess=reception.excess, strange=self._strange + arrivals.unproven,
            jitter_ms=round(reception.jitter_ms, 2), round_trip_ms=reporting.round_trip_ms,
            lost_there=reporting.lost_there, jitter_there_ms=None if there is None else round(there * 1000 / RATE, 2),
        )  # fmt: skip

    # --- the engine, on its thread

    def came(self, datagram: bytes, address: Address, now: float, unix_s: float) -> None:
        """A datagram at our port, of whomever."""
        agreed = self._agreed
        if self._closed or agreed is None:
            return
        if is_rtcp(datagram):
            self.report_came(datagram, address, unix_s, shared=True)
            return
        try:
            packet = parse(datagram)
        except BadPacket:
            self._strange += 1
            return
        kind = packet.payload_type
        mulaw = from_line(packet.payload, kind)
        known = mulaw is not None or kind == agreed.dtmf_type or kind == comfort.PAYLOAD_TYPE
        if not packet.payload and packet.source != self._reception.arrivals.source:
            known = False  # a sign of life (RFC 6263) makes nobody the speaker
        if not known or not agreed.far_end.believed(address, now):
            self._strange += 1
            return
        self._last_came, self._silent_told_s = now, 0.0
        if not self._reception.counted(packet):
            return
        if mulaw is not None:
            self._tell(self._reception.received(packet, mulaw, now), agreed)
        elif kind == agreed.dtmf_type:
            key = self._events.received(packet)
            if key is not None and agreed.receives:
                self._deliver(self._told_key, key)
        else:
            level = comfort.level_of(packet.payload)
            if level is not None:
                self._reception.quieted(level)

    def report_came(self, datagram: bytes, address: Address, unix_s: float, *, shared: bool = False) -> None:
        """RTCP, at its own port, or `shared` at that of the sound (RFC 5761)."""
        agreed = self._agreed
        if self._closed or agreed is None or not agreed.far_end.is_host(address[0]):
            self._strange += 1
            return
        self._reports_to = (address, shared)
        self._reporting.came(datagram, unix_s)

    def frame(self) -> tuple[bytearray, Address] | None:
        """Every 20 ms: what is to be sent now, and where. The buffer is the stream's own and good until the next."""
        agreed = self._agreed
        if self._closed or agreed is None:
            return None
        if not agreed.sends:
            self._outgoing.unheard()
            return None
        return self._outgoing.packet(agreed.codec, agreed.dtmf_type), agreed.far_end.address

    def skip(self, frames: int) -> None:
        """The machine stood still for so long."""
        self._outgoing.skip(frames)

    def listen(self, now: float) -> None:
        """Every 20 ms, when all that has come was handed in: what is heard though nothing came."""
        agreed = self._agreed
        if self._closed or agreed is None:
            return
        if self._last_came is None or not agreed.receives:
            self._last_came = now
        due = self._reception.due(now)
        if due:
            self._tell(due, agreed)
        if now - self._last_came >= self._silent_told_s + SILENT_STEP_S:
            self._silent_told_s += SILENT_STEP_S
            self._deliver(self._told_silent, self._silent_told_s)

    def report(self, now: float, unix_s: float) -> tuple[bytes, Address, bool] | None:
        """The RTCP that is due, where it goes and whether from the sound's port; None when none is."""
        if self._closed or self._agreed is None or not self._reporting.due(now):
            return None
        return (self._reporting.written(unix_s), *self._reports_at(self._agreed))

    def goodbye(self, unix_s: float) -> tuple[bytes, Address, bool] | None:
        """The last report, of a stream that is closed; None where none was ever sent."""
        if self._agreed is None or not self._outgoing.packets:
            return None
        return (self._reporting.written(unix_s, goodbye=True), *self._reports_at(self._agreed))

    # --- inside

    def _reports_at(self, agreed: _Agreed) -> tuple[Address, bool]:
        if self._reports_to is not None and agreed.far_end.is_host(self._reports_to[0][0]):
            return self._reports_to
        host, port = agreed.far_end.address
        return (host, min(port + 1, 65_535)), False

    def _tell(self, sounds: list[bytes], agreed: _Agreed) -> None:
        if not sounds or not agreed.receives:
            return
        mulaw = sounds[0] if len(sounds) == 1 else b"".join(sounds)
        if agreed.dtmf_type is None:
            if self._tones is None:
                self._tones = ToneKeys()
            for key in self._tones.heard(mulaw):
                self._deliver(self._told_key, key)
        self._deliver(self._told_sound, mulaw)

    # --- on the loop: nothing is told once the stream is closed

    def _told_sound(self, mulaw: bytes) -> None:
        if not self._closed:
            self._receiver.sound(mulaw)

    def _told_key(self, key: str) -> None:
        if not self._closed:
            self._receiver.key(key)

    def _mark_sent(self, mark: str) -> None:
        if not self._closed:
            self._receiver.heard(mark)

    def _told_silent(self, seconds: float) -> None:
        if not self._closed:
            self._receiver.silent(seconds)
