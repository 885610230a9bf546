"""A file of conversations that cannot be played says what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr.conversations.reading import ConversationError
from ivr.conversations.steps import Conversation, Press

Read = Callable[[str], list[Conversation]]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("tests: {t: {talk: [silense]}}", "'silense' is no step. Did you mean 'silence'?"),
        ("tests: {t: {talk: [{prss: '1'}]}}", "Did you mean 'press'?"),
        ("tests: {t: {talk: [{press: '1', say: x}]}}", "Make two steps of it."),
        ("tests: {t: {talk: [{press: x}]}}", "'x' cannot be pressed; keys are 0 to 9, '*' and '#'."),
        ("tests: {t: {flow: mian, talk: []}}", "there is no flow 'mian'. Did you mean 'main'?"),
        ("tests: {t: {language: fr, talk: []}}", "there is no language 'fr'."),
        ("tests: {t: {services: {test.lok: none}, talk: []}}", "there is no service 'test.lok'. Did you mean"),
        ("tests: {t: {services: {test.look: lost}, talk: []}}", "the service has no outcome 'lost'."),
        ("tests: {t: {services: {test.look: {outcome: found, gives: {amont: 1}}}, talk: []}}", "it gives no 'amont'."),
        ("tests: {t: {services: {test.look: {outcome: found, gives: {amount: x}}}, talk: []}}", "'x' is no money"),
        ("tests: {t: {services: {test.look: {outcome: found, with: {nr: 1}}}, talk: []}}", "it takes no 'nr'."),
        ("tests: {t: {services: fake, talk: []}}", "'services' is 'fake'."),
        ("tests: {t: {at: tomorrow, talk: []}}", "'at' is 'tomorrow', not a date and time such as 2026-11-23 14:30."),
        ("tests: {t: {storm: maybe, talk: []}}", "'storm' is 'maybe', not on or off."),
        ("tests: {t: {talk: [{hear: a}, {hear: b}]}}", "Write one 'hear' with a list."),
        ("tests: {t: {talk: [{hear: {contians: a}}]}}", "has no key 'contians'. Did you mean 'contains'?"),
        ("tests: {t: {talk: [{expect: {service: x}}]}}", "there is no service 'x'."),
        ("tests: {t: {talk: [{expect: {with: {a: b}}}]}}", "'with' and 'outcome' are those of a 'service'."),
        ("tests: {t: {talk: [{expect: {heard: macth}}]}}", "'macth' is no verdict. Did you mean 'match'?"),
        ("tests: {t: {talk: [{transfer ends: engaged}]}}", "a transfer does not end as 'engaged'."),
        ("tests: {t: {flow: agent, variables: {danger: perhaps}, talk: []}}", "'perhaps' is no yes_no for 'danger'."),
        ("tests: {t: {variables: {x: y}, talk: []}}", "flow 'main' takes no 'x'."),
        ("tests: {t: {}}", "test 't': 'talk' is missing."),
        ("preamble: {}", "the file: 'tests' is missing."),
        ("- a", "a file of conversations has 'tests', and may have a 'preamble'."),
    ],
)
def test_a_fault_is_named(read: Read, text: str, fault: str) -> None:
    with pytest.raises(ConversationError) as caught:
        read(text)
    assert fault in str(caught.value)
    assert str(caught.value).startswith("tests/talk.yaml:1:")


def test_all_faults_are_listed_at_once(read: Read) -> None:
    with pytest.raises(ConversationError) as caught:
        read("tests:\n  a: {talk: [x]}\n  b: {talk: [y]}\n")
    assert [fault.place.line for fault in caught.value.faults] == [2, 3]


def test_a_test_takes_what_the_preamble_says_and_may_say_otherwise(read: Read) -> None:
    first, second, third = read(
        """
        preamble: {from: "+86111", at: 2026-12-01 08:00, storm: on, services: {test.look: none}, talk: [{press: "9"}]}
        tests:
          a: {talk: [{press: "1"}]}
          b: {from: "+86222", at: 2026-12-02T09:30, storm: off, talk: []}
          c: {preamble: false, direction: outbound, talk: []}
        """
    )
    assert (first.setting.from_number, str(first.setting.at), first.setting.storm) == (
        "+86111",
        "2026-12-01 08:00:00",
        True,
    )
    assert [step.keys for step in first.talk if isinstance(step, Press)] == ["9", "1"]
    assert (second.setting.from_number, second.setting.storm) == ("+86222", False)
    assert str(second.setting.at) == "2026-12-02 09:30:00"
    assert second.setting.stubs.keys() == {"test.look"}
    assert (third.setting.from_number, third.setting.to_number) == ("95598", "+8613800138000")
    assert not third.setting.stubs
    assert not third.talk
