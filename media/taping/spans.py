"""Stretches of a recording that are left out, in samples since it began."""

from __future__ import annotations

from collections.abc import Iterator

from speech.audio import RATE


class Spans:
    """Kept in order and apart: what touches becomes one."""

    def __init__(self, milliseconds: list[list[int]] | None = None) -> None:
        self._spans = [(start * RATE // 1000, end * RATE // 1000) for start, end in milliseconds or ()]

    def add(self, start: int, end: int) -> None:
        if end <= start:
            return
        apart = [span for span in self._spans if span[1] < start or span[0] > end]
        met = [span for span in self._spans if span not in apart]
        one = (min([start, *(span[0] for span in met)]), max([end, *(span[1] for span in met)]))
        self._spans = sorted([*apart, one])

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of the spans that lie from `start` to `end`."""
        for first, last in self._spans:
            if first < end and last > start:
                yield max(first, start), min(last, end)

    def milliseconds(self, end: int) -> list[list[int]]:
        """[from, to] of each, as rows keep them: no more than is left out. What would lie after `end` is cut off."""
        return [[-(-first * 1000 // RATE), min(last, end) * 1000 // RATE] for first, last in self._spans if first < end]
