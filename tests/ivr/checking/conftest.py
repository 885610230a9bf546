"""The corpus of broken flows. `pytest tests/ivr/checking --update-findings` writes golden files and docs anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.checking.check import Checked, check
from ivr.services import Outcome, Service, ValueType
from speech.lexicon import Lexicon, lexicon
from speech.phrase_words import segmented, words_of_phrase
from speech.recognizers import RecognizerChoice

CORPUS = Path(__file__).parent / "corpus"
LANGUAGES = ("en", "zh-CN")
UTILITY = {"en": "Riverbend County Power", "zh-CN": "河湾县供电公司"}
ENTRIES = {"main": "answers inbound calls"}
LOOK = Service(
    "test.look",
    lambda context, inputs: Outcome("found", {}),
    frozenset({"found", "none"}),
    {"number": ValueType.PHONE, "urgent": ValueType.YES_NO},
    {"amount": ValueType.MONEY, "name": ValueType.TEXT, "due_on": ValueType.DATE},
    optional=frozenset({"urgent"}),
)
SERVICES = {LOOK.name: LOOK}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-findings", action="store_true", help="Write the golden files of flow check anew.")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-findings", default=False))


def base() -> dict[str, str]:
    """A small set of flows in order: what a case does not write itself."""
    return {path.name: path.read_text(encoding="utf-8") for path in (CORPUS / "base").glob("*.yaml")}


def files_of(case: str) -> dict[str, str]:
    own = {path.name: path.read_text(encoding="utf-8") for path in (CORPUS / case).glob("*.yaml")}
    return base() | own


def checked(
    files: dict[str, str], recordings: set[tuple[str, str]] | None = None, ears: dict[str, Lexicon] | None = None
) -> Checked:
    return check(files, SERVICES, LANGUAGES, UTILITY, ENTRIES, recordings or set(), ears=ears)


def ears_of(case: str) -> dict[str, Lexicon]:
    """A case with a file `ears.txt` is heard by PocketSphinx in English, and in Mandarin by a model of these words."""
    listed = CORPUS / case / "ears.txt"
    if not listed.exists():
        return {}
    words = frozenset(listed.read_text(encoding="utf-8").split())

    def missing(phrase: str) -> list[str]:
        return [word for word in words_of_phrase(phrase) if segmented(word, words.__contains__) is None]

    return {"en": lexicon("en", RecognizerChoice("pocketsphinx")), "zh-CN": Lexicon("zh-CN", "vosk", missing, words)}
