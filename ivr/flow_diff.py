"""What changed from one set of flow files to another, file by file, as a unified diff."""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

CONTEXT = 3
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


class Change(enum.StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class LineKind(enum.StrEnum):
    HUNK = "hunk"
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`old`, `new`: its number in the one file and the other, None where it is not there."""

    kind: LineKind
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True)
class FileDiff:
    name: str
    change: Change
    lines: tuple[DiffLine, ...]

    @property
    def added(self) -> int:
        return sum(line.kind is LineKind.ADDED for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.kind is LineKind.REMOVED for line in self.lines)


def diff(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[FileDiff, ...]:
    """Files that differ, by name."""
    found = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before != after:
            change = Change.ADDED if before is None else Change.REMOVED if after is None else Change.CHANGED
            found.append(FileDiff(name, change, tuple(_lines(before or "", after or ""))))
    return tuple(found)


def unified(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """The text that `patch` takes."""
    texts: list[str] = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before != after:
            lines = difflib.unified_diff(
                (before or "").splitlines(), (after or "").splitlines(),
                "/dev/null" if before is None else f"a/{name}", "/dev/null" if after is None else f"b/{name}",
                n=CONTEXT, lineterm="",
            )  # fmt: skip
            texts.extend(f"{line}\n" for line in lines)
    return "".join(texts)


def _lines(before: str, after: str) -> Iterator[DiffLine]:
    old = new = 0
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=CONTEXT, lineterm="")
    for number, line in enumerate(found):
        if number < 2:  # the names of the files
            continue
        hunk = _HUNK.match(line)
        if hunk and line.startswith("@@"):
            old, new = int(hunk[1]), int(hunk[2])
            yield DiffLine(LineKind.HUNK, line)
        elif line.startswith("+"):
            yield DiffLine(LineKind.ADDED, line[1:], None, new)
            new += 1
        elif line.startswith("-"):
            yield DiffLine(LineKind.REMOVED, line[1:], old, None)
            old += 1
        else:
            yield DiffLine(LineKind.SAME, line[1:], old, new)
            old, new = old + 1, new + 1
