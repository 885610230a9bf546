"""Which words a recogniser has, and the nearest to one it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from speech.lexicon import lexicon
from speech.recognizers import RecognizerChoice, RecognizerUnavailable
from tests.speech.vosk_model import model_folder


def test_the_embedded_recogniser_is_known_without_being_loaded() -> None:
    words = lexicon("en", RecognizerChoice("pocketsphinx"))
    assert words.missing("report an outage") == []
    assert words.missing("pay by WeChat, option 12") == []
    assert words.missing("the sektionaliser in my strasse") == ["sektionaliser", "strasse"]
    assert words.missing("停电") == ["停电"]
    assert words.nearest("outtage") == "outage"
    assert words.nearest("xqzvvkj") is None


def test_the_words_of_a_model_are_read_from_its_files() -> None:
    words = lexicon("ko", RecognizerChoice("vosk", model_folder()))
    assert words.missing("정전 신고") == []
    assert words.missing("report 정전쓰 신고") == ["report", "정전쓰"]
    near = words.nearest("정전쓰")
    assert near is not None
    assert near[:1] == "정"


def test_a_list_of_words_beside_the_graph_is_read_as_well(tmp_path: Path) -> None:
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "words.txt").write_text("<eps> 0\n电费 1\n查 2\n停电 3\n", encoding="utf-8")
    words = lexicon("zh-CN", RecognizerChoice("vosk", tmp_path))
    assert words.missing("查电费") == []
    assert words.missing("查电废") == ["查电废"]
    assert words.nearest("电废") == "电费"


@pytest.mark.parametrize("content", [None, b"", b"\xd6\xfd\xb2\x7e", b"no graph at all" * 400])
def test_a_model_whose_words_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / "graph").mkdir()
    if content is not None:
        (tmp_path / "graph" / "Gr.fst").write_bytes(content)
    with pytest.raises(RecognizerUnavailable, match=r"the words of the model in .* cannot be read"):
        lexicon("ko", RecognizerChoice("vosk", tmp_path))


def test_a_recogniser_of_a_package_is_asked_itself(tricky: str) -> None:
    words = lexicon("fr", RecognizerChoice(tricky))
    assert words.missing("panne") == []
    assert words.missing("xyz") == ["xyz"]
    assert words.nearest("xyz") is None
