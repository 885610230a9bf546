"""Wordings that callers use, a table a language: kind, what was said, the value as text, "-" where it must stay open.

Said on Wednesday, 11 March 2026. Corrections have the value that was read back as well.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from speech import heard
from speech.corrections import corrected

TODAY = date(2026, 3, 11)
FOLDER = Path(__file__).with_name("wordings")
READERS: dict[str, Callable[[str, str], Any]] = {
    "digits": heard.read_digits,
    "phone": heard.read_phone,
    "number": heard.read_number,
    "money": heard.read_money,
    "date": partial(heard.read_date, today=TODAY),
    "time": heard.read_time,
    "yes_no": heard.read_yes_no,
    "address": heard.read_address,
}


def _rows(name: str) -> Iterator[list[str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        yield from rows


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else str(value)
    return {None: "-", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else str(value)


@pytest.mark.parametrize("kind", sorted(READERS))
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_wordings_are_read_as_the_table_says(kind: str, language: str) -> None:
    wordings = [row for row in _rows(f"{language}.tsv") if row[0] == kind]
    assert len(wordings) >= 15
    wrong = [
        f"{said!r}: {value}, not {expected}"
        for _, said, expected in wordings
        if (value := _shown(READERS[kind](said, language))) != expected
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("language", "value", "said", "expected"), list(_rows("corrections.tsv")))
def test_corrections_are_understood_as_the_table_says(language: str, value: str, said: str, expected: str) -> None:
    assert (corrected(value, said, language) or "-") == expected
