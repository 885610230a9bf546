"""What a conversation test says passes where the hotline does so, and is told apart where it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr.conversations.report import junit, lines
from ivr.conversations.talk import Result

Results = Callable[..., list[Result]]

WHOLE = """
preamble:
  language: en
  from: "+8613800571001"
  services:
    test.look: {outcome: found, gives: {amount: "12345"}, with: {number: "1001"}}
tests:
  the bill:
    talk:
      - hear: For your bill press 1.
      - silence
      - hear: [First silence., For your bill press 1.]
      - expect: {node: which, heard: no_input, not_service: test.look, ended: false}
      - say: my bill
        confidence: 0.9
      - expect: {service: test.look, with: {number: "1001"}, outcome: found, passed: [look, main/owing], option: bill}
      - hear: {contains: [you owe, goodbye], starts: You owe, ends: Riverbend County Power., not: nothing}
      - hear: You owe ... Goodbye ...
      - ended
      - expect: {ended: flow, language: en}
  a message in Mandarin:
    language: zh-CN
    talk:
      - press: "2"
      - hear: 请讲。
      - record: 家里停电
      - hear: 河湾县供电公司,再见。
  put through:
    talk:
      - press: "3"
      - expect: {transfer: "+8657188880000"}
      - transfer ends: busy
      - hear: {contains: There is nothing.}
  the caller leaves:
    talk:
      - hang up
      - expect: {ended: caller}
"""


def test_a_conversation_that_goes_as_written_passes(results: Results) -> None:
    played = results(WHOLE)
    assert [(r.conversation.name, r.difference) for r in played] == [
        ("the bill", None), ("a message in Mandarin", None), ("put through", None), ("the caller leaves", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "message", "line"),
    [
        ("- hear: For your gas press 1.", "the caller hears something else", 5),
        ('- press: "1"', "test.look was asked (number='8000'), and the test does not say what it answers", 5),
        ("- record: hello", "the call waits for keys or words", 5),
        ("- expect: {node: look}", "the call stands at main/which, not at look", 5),
        ("- expect: ended", "the call goes on at main/which: it waits for keys or words", 5),
        ('- press: "12"', "the entry ends after '1': press '2' in a step of its own", 5),
        ('- press: "2"\n      - press: "3"\n      - silence\n      - expect: {language: zh-CN}',
         "the hotline speaks en, not zh-CN", 8),
        ('- hang up\n      - press: "1"', "the call is over: the hotline has hung up", 6),
        ("- hear: {not: bill}", "the caller hears 'bill'", 5),
        ("- silence\n      - expect: {heard: match}", "the verdict was no_input, not match", 6),
    ],
)  # fmt: skip
def test_a_difference_names_its_line_and_what_was_there_instead(
    results: Results, steps: str, message: str, line: int
) -> None:
    (result,) = results(f"tests:\n  it differs:\n    language: en\n    talk:\n      {steps}\n")
    assert result.difference is not None
    assert message in result.difference.message
    assert (result.difference.place.file, result.difference.place.line) == ("tests/talk.yaml", line)


def test_what_differs_is_in_brackets_with_what_was_said_before(results: Results) -> None:
    text = 'tests:\n  t:\n    language: en\n    talk:\n      - press: "2"\n      - hear: Please write.\n'
    (result,) = results(text)
    assert list(lines(result)) == [
        "FAILED  t",
        "    tests/talk.yaml:6: the caller hears something else",
        "      hotline  For your bill press 1.",
        "      caller   presses 2",
        "    - expected Please [write.]",
        "    + hotline  Please [speak.]",
    ]
    assert '<failure message="the caller hears something else">' in junit([(result, 0.01)])


def test_a_list_of_answers_is_given_in_order_and_none_may_be_left_over_or_missing(results: Results) -> None:
    text = """
    preamble: {language: en}
    tests:
      left over:
        services: {test.look: [none, found]}
        talk: [press: "1"]
      never asked:
        services: {test.look: none}
        talk: [press: "2"]
      asked otherwise:
        services: {test.look: {outcome: none, with: {number: "7"}}}
        talk: [press: "1"]
    """
    messages = [result.difference.message for result in results(text) if result.difference]
    assert messages == [
        "test.look was asked 1 of 2 times that the test has answers for (tests/talk.yaml:5:16)",
        "test.look was never asked (tests/talk.yaml:8:16)",
        "test.look was asked with number: '8000', not '7' (tests/talk.yaml:11:27)",
    ]


def test_chinese_is_compared_without_regard_to_spaces_and_line_breaks(results: Results) -> None:
    text = """
    tests:
      t:
        language: zh-CN
        talk:
          - silence
          - hear: >-
              没听到。
              电费请按1。
    """
    (result,) = results(text)
    assert result.passed
