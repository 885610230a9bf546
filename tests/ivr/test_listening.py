"""What the ears are told to expect at a wait: its phrases, and the words of the value that is asked for."""

from __future__ import annotations

import pytest

from ivr.flow import AskNode, FlowSet
from ivr.listening import confirming, gather_for, grammar
from ivr.outputs import from_json, to_json
from tests.ivr.engine.caller import ASK, flows_with


def asking(type_: str, more: str = "") -> tuple[FlowSet, AskNode]:
    flows = flows_with(ASK.format(type_=type_, more=more))
    node = flows.flows["asking"].nodes["value"]
    assert isinstance(node, AskNode)
    return flows, node


@pytest.mark.parametrize(
    ("type_", "english", "mandarin", "in_a_row"),
    [
        ("digits", "double", "幺", True),
        ("phone", "oh", "零", True),
        ("number", "a hundred and", "百", True),
        ("money", "yuan", "块", True),
        ("date", "the third of may", "后天", False),
        ("time", "half past eight", "点钟", True),
    ],
)
def test_the_words_of_a_value_are_expected_beside_the_commands(
    type_: str, english: str, mandarin: str, in_a_row: bool
) -> None:
    flows, node = asking(type_)
    for language, word, any_row in (("en", english, in_a_row), ("zh-CN", mandarin, True)):
        speech = gather_for(node, flows, language).speech
        assert speech is not None
        assert not speech.free
        phrases, repeat = grammar(speech, language)
        assert word in phrases
        assert set(speech.phrases) < set(phrases)
        assert word not in speech.phrases  # they do not travel with the turn
        assert repeat is any_row


@pytest.mark.parametrize("type_", ["text", "address"])
def test_what_has_no_few_words_is_decoded_freely(type_: str) -> None:
    flows, node = asking(type_)
    speech = gather_for(node, flows, "en").speech
    assert speech is not None
    assert speech.free
    assert grammar(speech, "en") == (speech.phrases, False)


def test_when_it_is_asked_back_the_value_may_be_said_again() -> None:
    flows, node = asking("time")
    speech = confirming(flows, "asking", node, "en").speech
    assert speech is not None
    phrases, repeat = grammar(speech, "en")
    assert {"yes", "no", "half past eight"} <= set(phrases)
    assert repeat


def test_it_comes_back_from_a_stored_turn_as_it_was() -> None:
    flows, node = asking("money")
    gather = gather_for(node, flows, "en")
    assert from_json(to_json(gather)) == gather
