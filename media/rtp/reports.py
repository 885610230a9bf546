"""RTCP (RFC 3550 section 6): how well a stream goes, told to its far end and read from it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, GOODBYE = 200, 201, 202, 203
_NTP_EPOCH_S: Final = 2_208_988_800  # from 1900 to 1970
_CNAME: Final = 1
_BLOCK = struct.Struct("!IIIIII")


@dataclass(frozen=True, slots=True)
class StreamReport:
    """How the sound of a call went, in packets. None: the far end never said."""

    sent: int
    received: int
    lost: int
    late: int  # came when their place had been filled
    doubled: int
    excess: int  # sent faster than anybody speaks, and dropped
    strange: int  # of somebody else, or nothing one could read
    jitter_ms: float
    round_trip_ms: float | None
    lost_there: int | None  # of what we sent, as the far end tells it
    jitter_there_ms: float | None


@dataclass(frozen=True, slots=True)
class Sent:
    source: int
    packets: int
    octets: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Received:
    """`last_report`: middle 32 bits of the far end's newest report's time, which came `since_s` ago; 0 for none."""

    source: int
    fraction: int  # lost since the last report, of 256
    lost: int
    highest: int
    jitter: int  # samples
    last_report: int = 0
    since_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a far end's RTCP says. `report_time` as `Received.last_report`; the rest is of what we sent: `echo` of our
    newest report's time, answered after `delay_s`; None where it says nothing of it."""

    report_time: int | None = None
    echo: int = 0
    delay_s: float = 0.0
    lost: int | None = None
    jitter: int | None = None
    goodbye: bool = False


def ntp(unix_s: float) -> int:
    """64 bits: seconds since 1900, and their fraction."""
    whole = int(unix_s)
    return (whole + _NTP_EPOCH_S) << 32 | int((unix_s - whole) * 2**32)


def compact(unix_s: float) -> int:
    """The middle 32 bits of `ntp`: 1/65536 s."""
    return ntp(unix_s) >> 16 & 0xFFFFFFFF


def written(sent: Sent, received: Received | None, unix_s: float, *, goodbye: bool = False) -> bytes:
    """A report, a sender's if we have sent anything, with what we received, if anything; and the description that every
    compound packet must have."""
    blocks = b""
    if received is not None:
        delay = min(0xFFFFFFFF, round(received.since_s * 65536)) if received.last_report else 0
        lost = max(-0x800000, min(0x7FFFFF, received.lost)) & 0xFFFFFF
        blocks = _BLOCK.pack(
            received.source, received.fraction << 24 | lost, received.highest & 0xFFFFFFFF,
            received.jitter & 0xFFFFFFFF, received.last_report, delay,
        )  # fmt: skip
    kind, body = RECEIVER_REPORT, struct.pack("!I", sent.source)
    if sent.packets:
        kind = SENDER_REPORT
        body += struct.pack(
            "!QIII", ntp(unix_s), sent.timestamp & 0xFFFFFFFF, sent.packets & 0xFFFFFFFF, sent.octets & 0xFFFFFFFF
        )
    name = b"hotline"
    chunk = struct.pack("!IBB", sent.source, _CNAME, len(name)) + name + b"\0"
    chunk += b"\0" * (-len(chunk) % 4)
    compound = _packet(kind, bool(blocks), body + blocks) + _packet(DESCRIPTION, 1, chunk)
    return compound + _packet(GOODBYE, 1, struct.pack("!I", sent.source)) if goodbye else compound


def read(datagram: bytes, ours: int) -> Heard:
    """`ours`: the source of what we send, of which reports are read. Of what is broken, as much as could be read."""
    report_time: int | None = None
    lost: int | None = None
    jitter: int | None = None
    echo, delay_s, goodbye, at = 0, 0.0, False, 0
    while at + 8 <= len(datagram) and datagram[at] >> 6 == 2:
        count, kind = datagram[at] & 0x1F, datagram[at + 1]
        end = at + 4 * (int.from_bytes(datagram[at + 2 : at + 4], "big") + 1)
        if end > len(datagram):
            break
        if kind == SENDER_REPORT and end - at >= 28:
            report_time = int.from_bytes(datagram[at + 10 : at + 14], "big")
        if kind in (SENDER_REPORT, RECEIVER_REPORT):
            first = at + (28 if kind == SENDER_REPORT else 8)
            for block in range(first, min(first + count * _BLOCK.size, end - _BLOCK.size + 1), _BLOCK.size):
                source, losses, _, block_jitter, block_echo, delay = _BLOCK.unpack_from(datagram, block)
                if source == ours:
                    lost = ((losses & 0xFFFFFF) ^ 0x800000) - 0x800000  # signed: doubled packets count against it
                    jitter, echo, delay_s = block_jitter, block_echo, delay / 65536
        goodbye = goodbye or kind == GOODBYE
        at = end
    return Heard(report_time, echo, delay_s, lost, jitter, goodbye)


def round_trip_ms(heard: Heard, unix_s: float) -> float | None:
    """None when the far end has not answered a report of ours."""
    if not heard.echo:
        return None
    elapsed = ((compact(unix_s) - heard.echo) & 0xFFFFFFFF) / 65536 - heard.delay_s
    return round(elapsed * 1000, 2) if 0 <= elapsed < 60 else None


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | int(count), kind, len(body) // 4) + body
