"""The labelled utterances beside this file: what callers say, and what of it a power utility has to do with.

`utterances/LANGUAGE.tsv`: part (dev or held-out), intent (- for none), what is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "utterances"


@dataclass(frozen=True, slots=True)
class Utterance:
    part: str
    intent: str | None
    said: str


def utterances(language: str, part: str | None = None) -> list[Utterance]:
    rows = []
    for line in (FOLDER / f"{language}.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            of_part, intent, said = line.split("\t")
            rows.append(Utterance(of_part, None if intent == "-" else intent, said))
    return [row for row in rows if part in (None, row.part)]
