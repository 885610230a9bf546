"""The outline of a box by the kind of its node, so that kinds are told apart without colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping

PADDING: Mapping[str, float] = {"menu": 22, "ask": 22, "record": 22, "when": 26, "do": 20, "call": 20, "transfer": 22,
                                "return": 20, "hangup": 20, "exit": 16}  # fmt: skip
_SLANT = 12.0


def shape(kind: str, x: float, y: float, width: float, height: float) -> str:
    """SVG of the outline around the middle (x, y)."""
    return _SHAPES.get(kind, _rounded)(x - width / 2, y - height / 2, width, height)


def _rounded(x: float, y: float, w: float, h: float, radius: float = 8) -> str:
    return f'<rect class="fg-box" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius:.1f}"/>'


def _square(x: float, y: float, w: float, h: float) -> str:
    return _rounded(x, y, w, h, 0)


def _stadium(x: float, y: float, w: float, h: float) -> str:
    return _rounded(x, y, w, h, h / 2)


def _polygon(*points: tuple[float, float]) -> str:
    written = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polygon class="fg-box" points="{written}"/>'


def _hexagon(x: float, y: float, w: float, h: float) -> str:
    s = _SLANT
    return _polygon((x + s, y), (x + w - s, y), (x + w, y + h / 2), (x + w - s, y + h), (x + s, y + h), (x, y + h / 2))


def _pointed(x: float, y: float, w: float, h: float) -> str:
    """A flat rhombus: as a decision is drawn, with room for words."""
    s = min(h * 0.62, w / 2)
    return _polygon((x + s, y), (x + w - s, y), (x + w, y + h / 2), (x + w - s, y + h), (x + s, y + h), (x, y + h / 2))


def _slanted(x: float, y: float, w: float, h: float) -> str:
    return _polygon((x + _SLANT, y), (x + w, y), (x + w - _SLANT, y + h), (x, y + h))


def _arrow(x: float, y: float, w: float, h: float) -> str:
    return _polygon((x, y), (x + w - _SLANT, y), (x + w, y + h / 2), (x + w - _SLANT, y + h), (x, y + h))


def _sided(x: float, y: float, w: float, h: float) -> str:
    """With a line down each side: something that is done elsewhere."""
    inner = "".join(f'<path class="fg-side" d="M{at:.1f} {y:.1f}V{y + h:.1f}"/>' for at in (x + 7, x + w - 7))
    return _square(x, y, w, h) + inner


_SHAPES: Mapping[str, Callable[[float, float, float, float], str]] = {
    "menu": _hexagon, "ask": _slanted, "record": _slanted, "do": _sided, "call": _sided, "when": _pointed,
    "set": _square, "transfer": _arrow, "return": _stadium, "hangup": _stadium, "exit": _stadium,
}  # fmt: skip
