"""Callers who answer in words of their own: what they want is known by examples."""

from __future__ import annotations

import pytest

from ivr.listening import EXAMPLES_OF_AN_OPTION
from ivr.loader import FlowError
from ivr.outputs import Gather, Heard
from settings import SHIPPED_FLOWS
from tests.ivr.engine.caller import SHARED, Caller, flows_with

INTENTS = (SHIPPED_FLOWS / "intents.yaml").read_text(encoding="utf-8")
FLOW = """
flow: open
vars: {wish: text}
nodes:
  open:
    menu: home
    options:
      report: {key: "1", intent: outage.report, next: told}
      bill: {key: "2", phrases: {en: [billing], zh-CN: [账单]}, intent: [billing.balance], next: told}
  told: {ask: home, type: text, into: wish, next: bye}
  bye: {hangup: goodbye}
"""
WITH_INTENTS = SHARED.replace('danger: {key: "7",', 'danger: {key: "7", intent: outage.danger,').replace(
    'agent: {key: "0",', 'agent: {key: "0", intent: agent,'
)
RESCUED = "Keep away."


def opening(language: str = "en") -> Caller:
    return Caller(flows_with(FLOW, shared=WITH_INTENTS, intents=INTENTS), "open", language)


@pytest.mark.parametrize(
    ("language", "said", "option"),
    [
        ("en", "hello the lights went out in my house", "report"),
        ("en", "could you tell me how much I owe you", "bill"),
        ("en", "billing", "bill"),
        ("zh-CN", "你好我们家里停电了", "report"),
        ("zh-CN", "帮我查一下我欠了多少电费", "bill"),
    ],
)
def test_words_of_ones_own_lead_to_the_right_option(language: str, said: str, option: str) -> None:
    caller = opening(language).says(said)
    assert caller.one(Heard).option == option
    assert caller.one(Heard).phrase


@pytest.mark.parametrize("said", ["there is a power line down on my street", "my power is out and the pole is on fire"])
def test_danger_is_known_by_its_meaning_and_beats_what_else_is_said(said: str) -> None:
    assert opening().says(said).hears[0] == RESCUED
    assert opening().keys("1").says(said).hears[0] == RESCUED  # also in the midst of a free answer


def test_what_is_about_nothing_of_ours_is_not_understood() -> None:
    assert opening().says("what will the weather be in paris").verdict == "no_match"


def test_a_free_answer_is_no_command_because_of_its_meaning() -> None:
    assert opening().keys("1").says("I want a real person to read the meter on Monday").over


def test_the_ears_are_given_the_first_examples_and_not_thousands() -> None:
    caller = opening()
    gather = caller.turn.outputs[-1]
    assert isinstance(gather, Gather)
    assert gather.speech is not None
    examples = caller.flows.intents["outage.report"].phrases["en"]
    heard = [phrase for phrase in gather.speech.phrases if phrase in examples]
    assert heard[:EXAMPLES_OF_AN_OPTION] == list(examples[:EXAMPLES_OF_AN_OPTION])
    assert {"billing", "danger"} <= set(gather.speech.phrases)
    assert len(gather.speech.phrases) < 60
    assert gather.speech.free


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("intent: outage.report", "intent: outage.reprot", "there is no intent 'outage.reprot'. Did you mean"),
        ("intent: outage.report", "intent: outage.danger", "is that of 'danger', which comes first everywhere"),
        (
            "intent: outage.report",
            "intent: billing.balance",
            "the intent 'billing.balance' is already that of 'report'",
        ),
    ],
)
def test_an_intent_that_is_not_there_or_leads_two_ways_is_a_fault(old: str, new: str, fault: str) -> None:
    with pytest.raises(FlowError, match=fault):
        flows_with(FLOW.replace(old, new), shared=WITH_INTENTS, intents=INTENTS)


def test_intents_have_phrases_in_every_language() -> None:
    with pytest.raises(FlowError) as raised:
        flows_with(intents="intents:\n  lone: {en: [a]}\n  odd: [a]\n")
    assert [str(fault) for fault in raised.value.faults] == [
        "intents.yaml:2:9: intent 'lone': there are no phrases in zh-CN.",
        "intents.yaml:3:8: the intents: intent 'odd' has phrases for each language under it.",
    ]
