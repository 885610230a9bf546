"""What was learnt of callers' own words is not learnt again at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest

from speech import intents
from speech.intent_memory import MOST_KEPT, IntentMemory
from speech.intents import IntentRouter
from tests.speech.intent_examples import examples

SAID = {
    "en": ["the whole street went dark an hour ago", "why is my bill so high", "what a lovely day", "a wire sparks"],
    "zh-CN": ["我家停电了", "电费怎么这么多", "今天天气真好", "电线掉在院子里冒火花"],
}


@pytest.fixture
def learning(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The languages that were learnt, in order."""
    learnt: list[str] = []
    learn = intents._learn

    def noted(told: dict[str, tuple[str, ...]], language: str) -> object:
        learnt.append(language)
        return learn(told, language)

    monkeypatch.setattr(intents, "_learn", noted)
    return learnt


@pytest.mark.parametrize("language", sorted(SAID))
def test_what_was_kept_routes_as_what_was_learnt(language: str, tmp_path: Path, learning: list[str]) -> None:
    memory = IntentMemory(tmp_path / "intents")
    first, second = (IntentRouter(examples(language), language) for _ in range(2))
    first.learn(memory)
    second.learn(memory)
    assert learning == [language]
    for said in SAID[language]:
        assert second.route(said) == first.route(said), said


def test_other_examples_are_learnt(tmp_path: Path, learning: list[str]) -> None:
    memory = IntentMemory(tmp_path)
    for phrases in (("my bill",), ("my bill", "the bill")):
        IntentRouter({"billing.bill": phrases}, "en").learn(memory)
    assert learning == ["en", "en"]
    assert len(list(tmp_path.glob("*.json"))) == 2


@pytest.mark.parametrize("left", [b"", b"{", b"[1, 2]", b'[["a"], {"b": 3}, 4, 5, 6, 7]'])
def test_a_file_that_was_spoilt_is_learnt_anew_and_mended(left: bytes, tmp_path: Path, learning: list[str]) -> None:
    memory = IntentMemory(tmp_path)
    told = {"billing.bill": ("my bill", "the bill for my flat")}
    IntentRouter(told, "en").learn(memory)
    (kept,) = tmp_path.glob("*.json")
    whole = kept.read_bytes()
    kept.write_bytes(left)
    router = IntentRouter(told, "en")
    router.learn(memory)
    assert learning == ["en", "en"]
    assert router.route("my bill") is not None
    assert kept.read_bytes() == whole


def test_where_nothing_can_be_written_it_is_learnt_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "intents").write_text("a file is in the way")
    router = IntentRouter({"billing.bill": ("my bill",)}, "en")
    router.learn(IntentMemory(tmp_path / "intents"))
    assert router.route("my bill") is not None


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    memory = IntentMemory(tmp_path)
    for number in range(MOST_KEPT + 3):
        memory.keep({"billing.bill": (f"bill {number}",)}, "en", [number])
    assert len(list(tmp_path.iterdir())) == MOST_KEPT
    assert memory.recall({"billing.bill": (f"bill {MOST_KEPT + 2}",)}, "en") == [MOST_KEPT + 2]
