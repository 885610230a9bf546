"""docs/flow-check.md says what the check does."""

from __future__ import annotations

from pathlib import Path

from ivr.checking.catalogue import CODES
from ivr.checking.documentation import document

PAGE = Path(__file__).resolve().parents[3] / "docs" / "flow-check.md"


def test_the_page_is_what_the_codes_say(update: bool) -> None:
    if update:
        PAGE.write_text(document(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == document()


def test_every_code_has_its_place_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [code for code in CODES if f"### {code}\n" not in text] == []
