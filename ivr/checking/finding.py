"""What a check says: a code, a place, a way there, and how to mend it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.yaml_source import Place


class Severity(enum.StrEnum):
    """An error breaks calls, a warning probably does or misleads callers, a hint is worth a look."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Step:
    """A node passed on the way, and what happened there: `event` as it is shown, `times` in a row. `by_caller`: it is
    something a caller does or fails to do, a key, words, silence; else an outcome, a branch, or nothing to tell."""

    flow: str
    node: str
    event: str = ""
    times: int = 1
    by_caller: bool = False

    def __str__(self) -> str:
        often = f" x{self.times}" if self.times > 1 else ""
        return f"{self.flow}.{self.node}" + (f" [{self.event}{often}]" if self.event else "")


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    severity: Severity
    place: Place
    message: str
    fix: str
    path: tuple[Step, ...] = ()

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        return (self.place.file, self.place.line, self.place.column, self.code, self.message)

    @property
    def keys(self) -> tuple[str, ...]:
        """What the caller does on the way: `2`, `(silence)`, "report an outage"."""
        return tuple(step.event for step in self.path if step.by_caller for _ in range(step.times))

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity.value,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "message": self.message,
            "fix": self.fix,
            "keys": list(self.keys),
            "path": [str(step) for step in self.path],
        }


@dataclass(slots=True)
class Notes:
    """Findings as they are made. The severity is the code's own unless the finding knows better."""

    severities: Mapping[str, Severity]
    found: dict[tuple[str, Place, str], Finding] = field(default_factory=dict)

    def add(
        self,
        code: str,
        place: Place,
        message: str,
        fix: str,
        path: Iterable[Step] = (),
        *,
        severity: Severity | None = None,
    ) -> None:
        """What an anchor holds is met once for each alias, and noted once."""
        finding = Finding(code, severity or self.severities[code], place, message, fix, tuple(path))
        self.found.setdefault((code, place, message), finding)
