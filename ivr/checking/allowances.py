"""`# check: allow CODE why`: a finding the author knows of and wants so.

It stands on the line of the finding, on the line that heads it (a node, a prompt, an option), or alone above either.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ivr.checking.finding import Finding, Notes
from ivr.yaml_source import Faults, Place, Scalar, Sequence, Value, read
from ivr.yaml_source import Mapping as YamlMapping

_COMMENT = re.compile(r"(?:^|\s)#\s*check:\s*allow\b[ \t]*(?P<code>[\w-]*)[ \t:]*(?P<why>.*)$")


@dataclass(frozen=True, slots=True)
class Allowance:
    place: Place
    code: str
    why: str
    last_line: int  # from `first_line` on it covers findings
    first_line: int

    def covers(self, finding: Finding) -> bool:
        return (
            finding.code == self.code
            and finding.place.file == self.place.file
            and self.first_line <= finding.place.line <= self.last_line
        )


def allowances(files: Mapping[str, str]) -> list[Allowance]:
    found = []
    for file, text in sorted(files.items()):
        if "check:" not in text:
            continue
        lines = text.splitlines()
        heads = dict(_heads(read(file, text, Faults())))
        for number, line in enumerate(lines, start=1):
            comment = _COMMENT.search(line)
            if comment is None:
                continue
            first = number
            if not line[: comment.start()].strip():
                first = next((n for n in range(number + 1, len(lines) + 1) if _says(lines[n - 1])), number)
            place = Place(file, number, line.index("#", comment.start()) + 1)
            found.append(Allowance(place, comment["code"], comment["why"].strip(), heads.get(first, first), first))
    return found


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith("#")


def _heads(value: Value | None, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Lines with a key that stands above others -> the last line under it. A file's sections are too much to head."""
    if isinstance(value, Sequence):
        for item in value.items:
            yield from _heads(item, depth + 1)
    if isinstance(value, YamlMapping):
        for entry in value:
            if depth:
                yield entry.key_place.line, _last(entry.value, entry.key_place.line)
            if entry.value.place.line >= entry.key_place.line:  # an alias stands for what is written elsewhere
                yield from _heads(entry.value, depth + 1)


def _last(value: Value, line: int) -> int:
    if value.place.line < line or isinstance(value, Scalar):
        return max(line, value.place.line)
    inner = value.items if isinstance(value, Sequence) else tuple(e.value for e in value)
    lines = [entry.key_place.line for entry in value] if isinstance(value, YamlMapping) else []
    return max([line, *lines, *(_last(v, value.place.line) for v in inner)])


def apply(files: Mapping[str, str], findings: list[Finding], notes: Notes, known: Collection[str]) -> list[Finding]:
    """Findings that no allowance covers. What is wrong with the allowances goes to `notes`."""
    left = findings
    for allowance in allowances(files):
        if allowance.code not in known:
            notes.add(
                "allowance-wrong", allowance.place,
                f"'{allowance.code}' is no code of a finding." if allowance.code else "it does not say what it allows.",
                "Write '# check: allow CODE why'; `hotline flow check --explain` lists the codes.",
            )  # fmt: skip
        elif not allowance.why:
            notes.add(
                "allowance-wrong", allowance.place,
                f"it does not say why '{allowance.code}' is right here.", "Write the reason after the code.",
            )  # fmt: skip
        else:
            kept = [finding for finding in left if not allowance.covers(finding)]
            if len(kept) == len(left) and not any(allowance.covers(finding) for finding in findings):
                notes.add(
                    "allowance-unused", allowance.place,
                    f"there is no '{allowance.code}' here any more.", "Delete the comment.",
                )  # fmt: skip
            left = kept
    return left
