"""Findings as people and machines read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from ivr.checking.finding import Finding, Severity, Step


def as_text(findings: Sequence[Finding]) -> Iterator[str]:
    """Lines, by file."""
    for file, of_file in groupby(findings, key=lambda finding: finding.place.file):
        yield file
        for finding in of_file:
            place = f"{finding.place.line}:{finding.place.column}"
            yield f"  {place:>8}  {finding.severity.value:7}  {finding.message}  [{finding.code}]"
            if finding.path:
                yield f"            way there: {shown(finding.path)}"
            yield f"            to mend:   {finding.fix}"
        yield ""


def shown(path: Sequence[Step]) -> str:
    """`main.greet > main.menu [2] > bills.ask [(silence) x3] > bills.sorry`"""
    return " > ".join("..." if step.node == "..." else str(step) for step in path)


def counted(findings: Sequence[Finding]) -> str:
    """`1 error, 2 warnings and 3 hints`; `nothing` where there is none."""
    counts = Counter(finding.severity for finding in findings)
    parts = [f"{counts[s]} {s.value}{'s' if counts[s] > 1 else ''}" for s in Severity if counts[s]]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else "nothing"


def as_json(findings: Sequence[Finding], folder: str, revision: str | None) -> dict[str, Any]:
    counts = Counter(finding.severity for finding in findings)
    return {
        "folder": folder,
        "revision": revision,
        "counts": {severity.value: counts[severity] for severity in Severity},
        "findings": [finding.as_json() for finding in findings],
    }
