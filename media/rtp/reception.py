"""Sound as it comes over a network, put in order: early, late, doubled and lost packets, silence that is not sent.

A packet that is the next one passes at once; nothing is held back that need not be. Where one is missing, those after
it wait for it as long as this network makes packets wait; then the gap is filled with what was last heard, fading.
While nothing comes at all, silence does, frame by frame in real time: whoever listens must notice that nobody speaks.
"""

from __future__ import annotations

from typing import Final

from media.rtp.arrivals import Arrivals, Place
from media.rtp.comfort import noise
from media.rtp.laws import SILENCE
from media.rtp.packets import Packet, ahead
from speech.audio import FRAME_BYTES, RATE, audioop

SHORTEST_WAIT_S: Final = 0.06
LONGEST_WAIT_S: Final = 0.3
MOST_HELD: Final = 64  # packets that wait for one before them
JUMP_SAMPLES: Final = RATE  # further off than a second: a clock that was set anew, and not a gap
LATE_IN_A_ROW: Final = 5  # so many newest packets, each too late: their clock stood still while ours went on
MOST_LEAD_S: Final = 0.5  # what is sent faster than it can have been said is dropped from there on
MOST_LAG_S: Final = 1.0
FASTEST: Final = 1.02  # clocks are never further apart
FADED_AFTER: Final = 3  # frames
FRAME_S: Final = FRAME_BYTES / RATE


class Reception:
    """One far end's sound. Times are monotonic seconds, passed in. What is answered is mu-law, in order.

    Each packet, of whatever kind, is `counted` first; those of sound are `received` if that says so.
    """

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.late = 0  # packets whose place had been filled when they came
        self.filled = 0  # gaps, in frames of 20 ms
        self.excess = 0  # packets sent faster than real time
        self.resets = 0
        self.jitter = 0.0  # RFC 3550 section 6.4.1, in samples
        self._source: int | None = None
        self._newest = True
        self._expected = 0  # timestamp that comes next
        self._due: float | None = None  # when silence or a filled gap takes the place of what has not come
        self._held: dict[int, tuple[bytes, float]] = {}  # timestamp -> sound, when it came
        self._wait_s = SHORTEST_WAIT_S
        self._transit: float | None = None
        self._last = SILENCE * FRAME_BYTES
        self._missing = 0  # frames in a row that had to be filled
        self._noise: int | None = None  # level, while the far end says that nobody speaks
        self._late_in_a_row = 0
        self._lead_s = self._lead_at = 0.0  # by how much more was heard than time has passed

    @property
    def jitter_ms(self) -> float:
        return self.jitter * 1000 / RATE

    def counted(self, packet: Packet) -> bool:
        """False: one that has been here, or of somebody who is not believed yet."""
        place = self.arrivals.place(packet.source, packet.sequence)
        self._newest = place is Place.NEWEST
        return self._newest or place is Place.OVERTAKEN

    def received(self, packet: Packet, mulaw: bytes, now: float) -> list[bytes]:
        """`mulaw`: the sound of the packet that was just counted, of any length."""
        if not mulaw:
            return []
        if packet.source != self._source:
            self._begin(packet, now)
        off = ahead(packet.timestamp, self._expected, 32)
        if self._newest:
            if abs(off) > JUMP_SAMPLES or (off + len(mulaw) <= 0 and self._stood_still()):
                self.resets += 1
                self._begin(packet, now)
                off = 0
            self._measure(packet, now)
        if off > 0:
            # Of a packet that was overtaken the time cannot be far ahead.
            if off <= JUMP_SAMPLES and len(self._held) < MOST_HELD:
                self._held[packet.timestamp] = (mulaw, now)
                self._fill_in_time()
            return []
        if off + len(mulaw) <= 0:
            self._came_late(off)
            return []
        heard: list[bytes] = []
        self._pass(mulaw[-off:] if off else mulaw, now, heard)  # of a long packet the end may still be in time
        if self._held:
            self._follow(now, heard)
        return heard

    def quieted(self, level: int) -> None:
        """Nobody speaks there, says a comfort noise packet: silence is noise of that level until somebody does."""
        self._noise = level

    def due(self, now: float) -> list[bytes]:
        """What is heard though nothing came: to be asked every 20 ms, when all that has come was received."""
        heard: list[bytes] = []
        while self._due is not None and now >= self._due and len(heard) < MOST_HELD:
            size = FRAME_BYTES
            if self._held:
                gap = min(ahead(timestamp, self._expected, 32) for timestamp in self._held)
                if self._lead(now) > MOST_LEAD_S:  # one gap after the other, faster than time passes
                    self._expected = (self._expected + gap) & 0xFFFFFFFF
                    self._follow(now, heard)
                    continue
                size = min(size, gap)
                self.filled += 1
            heard.append(self._filling(size))
            self._expected = (self._expected + size) & 0xFFFFFFFF
            self._due += size / RATE
            self._lead_s += size / RATE
            if self._held:
                self._follow(now, heard)
        return heard

    def _begin(self, packet: Packet, now: float) -> None:
        if self._source is None:
            self._lead_at = now
        self._source, self._expected = packet.source, packet.timestamp
        self._held.clear()
        self._transit = None
        self._due = now + self._wait_s

    def _measure(self, packet: Packet, now: float) -> None:
        transit = now * RATE - packet.timestamp
        if self._transit is not None:
            difference = abs(transit - self._transit)
            if difference < RATE:  # not where a wrap or a pause stands between the two
                self.jitter += (difference - self.jitter) / 16
        self._transit = transit
        self._wait_s = min(LONGEST_WAIT_S, max(SHORTEST_WAIT_S, 4 * self.jitter / RATE, self._wait_s * 0.999))

    def _came_late(self, off: int) -> None:
        """If it was within reach, we wait longer from now on."""
        self.late += 1
        if -off <= LONGEST_WAIT_S * RATE:
            self._wait_s = min(LONGEST_WAIT_S, self._wait_s * 1.25)

    def _stood_still(self) -> bool:
        """Some telephones stop their timestamps while they are muted or send keys: they would be late for ever."""
        self._late_in_a_row += 1
        return self._late_in_a_row >= LATE_IN_A_ROW

    def _pass(self, mulaw: bytes, now: float, heard: list[bytes]) -> None:
        seconds = len(mulaw) / RATE
        self._expected = (self._expected + len(mulaw)) & 0xFFFFFFFF
        self._due = now + seconds + self._wait_s
        self._missing = self._late_in_a_row = 0
        self._noise = None
        lead_s = max(self._lead(now), -MOST_LAG_S) + seconds
        self._lead_at = now
        if lead_s > MOST_LEAD_S:
            self._lead_s = lead_s - seconds
            self.excess += 1
            return
        self._lead_s = lead_s
        self._last = mulaw if len(mulaw) == FRAME_BYTES else (self._last + mulaw)[-FRAME_BYTES:]
        heard.append(mulaw)

    def _lead(self, now: float) -> float:
        return self._lead_s - FASTEST * (now - self._lead_at)

    def _follow(self, now: float, heard: list[bytes]) -> None:
        """What was held and comes next."""
        while (held := self._held.pop(self._expected, None)) is not None:
            self._pass(held[0], now, heard)
        for timestamp in [held for held in self._held if ahead(held, self._expected, 32) < 0]:
            del self._held[timestamp]  # packets that overlap: the first has it
        self._fill_in_time()

    def _fill_in_time(self) -> None:
        """What waits behind a gap waits no longer than any: gaps one after the other do not add up."""
        if self._held and self._due is not None:
            longest_here = min(came for _, came in self._held.values())
            self._due = min(self._due, longest_here + self._wait_s)

    def _filling(self, size: int) -> bytes:
        self._missing += 1
        if self._noise is not None:
            return noise(self._noise, self._missing)[:size]
        if self._missing > FADED_AFTER:
            return SILENCE * size
        softer = 1 - self._missing / (FADED_AFTER + 1)
        return audioop.lin2ulaw(audioop.mul(audioop.ulaw2lin(self._last, 2), 2, softer), 2)[:size]
