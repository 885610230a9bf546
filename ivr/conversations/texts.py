"""Whether what was heard is what was expected, and where the two differ."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WILD = re.compile(r"\s*(?:\.\.\.|…)\s*")
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
_BESIDE_WIDE = re.compile(rf"(?<=[{_WIDE}])\s+|\s+(?=[{_WIDE}])")
_PIECE = re.compile(rf"[{_WIDE}]|\s+|[^\s{_WIDE}]+")


def plain(text: str) -> str:
    """Without line breaks, double spaces, and spaces beside Chinese: how a text is laid out is not what is said."""
    return _BESIDE_WIDE.sub("", " ".join(text.split()))


def same(expected: str, heard: str) -> bool:
    """`...` in `expected` stands for any words, also for none."""
    wanted, said = plain(expected), plain(heard)
    if wanted == said:
        return True
    parts = _WILD.split(wanted)
    pattern = r"\s*.*?\s*".join(re.escape(part) for part in parts)
    return len(parts) > 1 and re.fullmatch(pattern, said, re.DOTALL) is not None


def marked(expected: str, heard: str) -> tuple[str, str]:
    """Both texts on one line each, with what only one of them has in brackets."""
    left, right = _PIECE.findall(plain(expected)), _PIECE.findall(plain(heard))
    sides: tuple[list[str], list[str]] = ([], [])
    for operation, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for side, piece in zip(sides, ("".join(left[a:b]), "".join(right[c:d])), strict=True):
            side.append(piece if operation == "equal" or not piece else f"[{piece}]")
    return "".join(sides[0]), "".join(sides[1])
