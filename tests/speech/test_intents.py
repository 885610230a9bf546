"""What callers say in their own words lands where they want to go, or nowhere when it is no business of ours.

Scored on the held-out part of `utterances/` (its head says how it was made); the floors stand a little below what
`bench/understanding.py` measures, so that a change that makes it worse is seen.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from functools import lru_cache

import pytest

from speech.intents import REJECT_BELOW, URGENT, IntentRouter
from speech.wording import is_han, sounded
from tests.speech.intent_examples import LANGUAGES, examples
from tests.speech.labelled import Utterance, utterances

RIGHT = {"en": 0.95, "zh-CN": 0.94}
FALSE_ACCEPTS = 0.05


@lru_cache(maxsize=4)
def router(language: str) -> IntentRouter:
    return IntentRouter(examples(language), language)


def understood(said: str, language: str) -> str | None:
    found = router(language).route(said)
    return found.intent if found is not None and found.confidence >= REJECT_BELOW else None


def share_right(rows: list[Utterance], language: str) -> float:
    return sum(understood(row.said, language) == row.intent for row in rows) / len(rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_never_seen_is_understood(language: str) -> None:
    rows = [row for row in utterances(language, "held-out") if row.intent is not None]
    assert share_right(rows, language) >= RIGHT[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_no_business_of_ours_is_nothing(language: str) -> None:
    rows = [row for row in utterances(language, "held-out") if row.intent is None]
    assert len(rows) > 80
    assert 1 - share_right(rows, language) <= FALSE_ACCEPTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_confidence_means_something(language: str) -> None:
    found = [(router(language).route(row.said), row.intent) for row in utterances(language) if row.intent]
    sure = [routed.intent == intent for routed, intent in found if routed and routed.confidence >= 0.75]
    doubtful = [routed.intent == intent for routed, intent in found if routed and 0.45 <= routed.confidence < 0.75]
    assert sum(sure) / len(sure) >= 0.97
    assert sum(doubtful) / len(doubtful) < sum(sure) / len(sure)


@pytest.mark.parametrize("language", LANGUAGES)
def test_danger_is_hardly_ever_missed(language: str) -> None:
    rows = [row for row in utterances(language) if row.intent == URGENT]
    assert len(rows) >= 30
    assert share_right(rows, language) >= 0.94


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_labelled_set_is_large_and_nothing_of_it_is_learnt_from(language: str) -> None:
    learnt = {re.sub(r"\W", "", phrase.lower()) for phrases in examples(language).values() for phrase in phrases}
    rows = utterances(language)
    assert len(rows) >= 700
    assert {row.intent for row in rows} == {*examples(language), None}
    assert sum(row.intent is None for row in rows) >= 200
    said = [re.sub(r"\W", "", row.said.lower()) for row in rows]
    assert not learnt.intersection(said)
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_example_is_always_understood_as_what_it_is_an_example_of(language: str) -> None:
    for intent, phrases in examples(language).items():
        for phrase in phrases:
            found = router(language).route(phrase)
            assert found is not None
            assert (found.intent, found.confidence) == (intent, 1.0), phrase


def test_a_recognisers_homophones_still_land() -> None:
    """Every second character becomes another one of the same sound, as with a recogniser that knows no context."""
    rows = [row for row in utterances("zh-CN") if row.intent is not None]
    right = [row for row in rows if understood(row.said, "zh-CN") == row.intent]
    still = [row for row in right if understood(damaged(row.said), "zh-CN") == row.intent]
    assert sum(damaged(row.said) != row.said for row in right) > 0.9 * len(right)
    assert len(still) >= 0.8 * len(right)


def damaged(said: str) -> str:
    characters = list(said)
    for place in range(0, len(characters), 2):
        character = characters[place]
        alike = [other for other in _same_sound().get(_sound(character), ()) if other != character]
        if is_han(character) and alike:
            characters[place] = alike[ord(character) % len(alike)]
    return "".join(characters)


@lru_cache(maxsize=1)
def _same_sound() -> dict[str, list[str]]:
    """Characters that callers use, by their toneless syllable."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for character in itertools.chain.from_iterable(row.said for row in utterances("zh-CN")):
        if is_han(character):
            found[_sound(character)][character] = None
    return {sound: list(characters) for sound, characters in found.items()}


def _sound(character: str) -> str:
    read = sounded(character)
    return read[0][1] if read else ""


SAID = {
    "en": {
        "hello, yeah, so the lights went out in my building about ten minutes ago and": "outage.report",
        "no I don't want an agent, I want to pay": "billing.balance",
        "my bill, no wait, I mean the power is out": "outage.report",
        "the power is out, when will it be back?": "outage.status",
        "our lights flicker and there are sparks coming out of the meter": URGENT,
        "there's no fire or smoke, just the power is out": "outage.report",
        "is the power going to be cut tomorrow": "outage.planned",
        "I paid but it still says that I owe": "billing.missing_payment",
        "bill": "billing.bill",
        "how much is my water bill": None,
        "fire my boss": None,
    },
    "zh-CN": {
        "喂你好我想问一下我们小区怎么停电了啥时候能来电啊": "outage.status",
        "喂 你好 我家 没 电 了": "outage.report",
        "加里听电了": "outage.report",
        "不是停电,是电压不稳": "outage.voltage",
        "没有着火也没有冒烟,就是停电了": "outage.report",
        "停电了而且电线掉在地上": URGENT,
        "电费": "billing.balance",
        "我要交水费": None,
        "停水了什么时候来水": None,
    },
}


@pytest.mark.parametrize(
    ("language", "said", "intent"),
    [(language, said, intent) for language, all_ in SAID.items() for said, intent in all_.items()],
)
def test_said_like_this(language: str, said: str, intent: str | None) -> None:
    assert understood(said, language) == intent


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("said", ["", "   ", "...", "?!", "、。", "\x00", "🔥"])
def test_nothing_said_is_nothing(language: str, said: str) -> None:
    assert router(language).route(said) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "said", ["power out " * 2_000, "停电" * 5_000, "a" * 100_000, "not about " * 3_000, "不是" * 3_000]
)
def test_endless_talk_is_borne(language: str, said: str) -> None:
    router(language).route(said)


def test_only_what_can_be_meant_at_a_wait_is_found() -> None:
    said = "how much do I owe"
    assert understood(said, "en") == "billing.balance"
    route = router("en").route
    assert route(said, among=["service.transfer", "agent"]) is None
    assert route(said, among=[]) is None
    assert route(said, among=["no.such.intent"]) is None
    found = route(said, among=["billing.balance", "agent"])
    assert found is not None
    assert found.intent == "billing.balance"


def test_the_only_one_of_a_kind_stands_for_its_kind_with_a_doubt() -> None:
    found = router("en").route("could you tell me how much I owe you", among=["billing.bill", "agent"])
    assert found is not None
    assert found.intent == "billing.bill"
    assert 0.45 <= found.confidence < 0.75
    assert router("en").route("my power is out", among=["outage.danger", "agent"]) is None


def test_intents_of_ones_own_are_learnt_from_their_examples_alone() -> None:
    own = {
        "meter.reading": ["submit a meter reading", "read my meter"],
        "shop": ["where is your shop", "opening hours"],
    }
    found = IntentRouter(own, "en").route("I'd like to submit my meter reading please")
    assert found is not None
    assert found.intent == "meter.reading"
    assert IntentRouter({}, "en").route("hello") is None
    assert IntentRouter({"empty": []}, "zh-CN").route("你好停电了") is None


def test_the_same_examples_always_answer_the_same() -> None:
    said = "the electricity in our street is acting up"
    assert IntentRouter(examples("en"), "en").route(said) == router("en").route(said)
