"""Keys that come by SIP INFO (RFC 6086; the two body types telephones use)."""

from __future__ import annotations

import re
from typing import Final


class UnknownKind(ValueError):
    """A body that tells no keys: answered 415."""


# Signals of application/dtmf-relay beside the keys themselves: event numbers of RFC 4733.
_SIGNALS: Final = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}


def key_in(content_type: str | None, body: bytes) -> str | None:
    """The key of a SIP INFO; None: there is none in it. UnknownKind() for a body of another kind."""
    kind = read_kind(content_type)
    text = body.decode("ascii", "replace").strip()
    if kind == "application/dtmf":
        signal = text
    elif kind == "application/dtmf-relay":
        found = re.search(r"^signal\s*=\s*(\S{1,3})\s*$", text, re.IGNORECASE | re.MULTILINE)
        signal = found[1] if found else ""
    elif not body:
        return None
    else:
        raise UnknownKind(f"INFO of type {kind[:40] or 'unknown'}")
    signal = _SIGNALS.get(signal, signal).upper()
    return signal if signal and signal in "0123456789*#ABCD" and len(signal) == 1 else None


def read_kind(content_type: str | None) -> str:
    """`application/sdp;charset=...` -> `application/sdp`."""
    return (content_type or "").partition(";")[0].strip().lower()
