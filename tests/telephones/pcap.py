"""Sound and keys as packets in a file, for SIPp to send: RTP (RFC 3550) and its named events (RFC 4733) in a pcap."""

from __future__ import annotations

import struct
from pathlib import Path

from speech.audio import FRAME_BYTES, pcm_to_mulaw

KEYS = "0123456789*#ABCD"
EVENT_TYPE = 101
_FRAME_S = 0.02
_SOURCE = 0x5EED
_PART = 1500  # frames of a file at most: half a minute
_ETHERNET = bytes(12) + b"\x08\x00"


def speech_pcap(path: Path, pcm: bytes, *, silence_s: float = 1.5, part: int = 0) -> Path:
    """`pcm` (16 bit, 8 kHz) as PCMU with silence behind it, so that its end can be heard.

    `part`: which file of a call it is; each goes on where the one before it can have ended, as one telephone would.
    """
    mulaw = pcm_to_mulaw(pcm) + b"\xff" * int(8000 * silence_s)
    frames = [mulaw[at : at + FRAME_BYTES] for at in range(0, len(mulaw) - FRAME_BYTES + 1, FRAME_BYTES)]
    packets = [
        (
            index * _FRAME_S,
            _rtp(0, part * _PART + index, (part * _PART + index) * FRAME_BYTES, frame, marker=index == 0),
        )
        for index, frame in enumerate(frames)
    ]
    return _write(path, packets)


def keys_pcap(path: Path, keys: str, *, held_s: float = 0.12, pause_s: float = 0.2, part: int = 0) -> Path:
    """Each key as telephone-events of payload type 101: one every 20 ms, its end said three times. `part`: as above."""
    packets: list[tuple[float, bytes]] = []
    sequence, at = part * _PART, 0.0
    for key in keys:
        stamp = part * _PART * FRAME_BYTES + round(at * 8000)
        steps = round(held_s / _FRAME_S)
        for step in range(1, steps + 3):
            ended = step >= steps
            duration = min(step, steps) * FRAME_BYTES
            event = struct.pack("!BBH", KEYS.index(key), (0x80 if ended else 0) | 10, duration)
            packets.append((at + step * _FRAME_S, _rtp(EVENT_TYPE, sequence, stamp, event, marker=step == 1)))
            sequence += 1
        at += held_s + pause_s
    return _write(path, packets)


def _rtp(kind: int, sequence: int, stamp: int, payload: bytes, *, marker: bool) -> bytes:
    return struct.pack("!BBHII", 0x80, (0x80 if marker else 0) | kind, sequence & 0xFFFF, stamp, _SOURCE) + payload


def _write(path: Path, packets: list[tuple[float, bytes]]) -> Path:
    """Ethernet, IPv4 and UDP round each; SIPp looks at nothing of them but their lengths."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for at, payload in packets:
        udp = struct.pack("!HHHH", 4000, 4002, 8 + len(payload), 0) + payload
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
        frame = _ETHERNET + ip + udp
        seconds, micros = divmod(round(at * 1_000_000), 1_000_000)
        parts.append(struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame)
    path.write_bytes(b"".join(parts))
    return path
