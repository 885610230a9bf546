"""A labelled set of what callers say at a menu, in both languages, with what none of the options means."""

from __future__ import annotations

import pytest

from speech.phrases import Match, match

ENGLISH = {
    "outage": ["report an outage", "power cut", "no power", "power is out", "lights are out", "no electricity"],
    "billing": ["billing", "pay my bill", "my bill", "check my balance", "payment"],
    "complaint": ["complaint", "make a complaint", "i want to complain"],
    "agent": ["agent", "speak to a person", "talk to an agent", "operator", "human"],
    "repeat": ["repeat", "repeat that", "say that again", "pardon"],
    "yes": ["yes", "yeah", "correct", "that is right", "it is fixed", "fixed", "power is back"],
    "no": ["no", "nope", "not fixed", "it is not fixed", "wrong"],
    "still_out": ["still out", "still no power", "power is still out"],
    "chinese": ["chinese", "mandarin", "speak chinese"],
}
MANDARIN = {
    "outage": ["报修", "停电", "家里停电了", "没电了", "故障报修", "没有电"],
    "billing": ["电费", "查电费", "交电费", "缴费", "账单"],
    "complaint": ["投诉", "我要投诉"],
    "agent": ["人工", "转人工", "人工服务", "找客服"],
    "repeat": ["重复", "再说一遍", "再听一遍"],
    "yes": ["是", "是的", "对", "修好了", "来电了"],
    "no": ["不是", "不对", "没修好", "还没修好"],
    "still_out": ["还没来电", "还是没电", "还在停电"],
    "english": ["英语", "说英语", "英文服务"],
}

SAID_IN_ENGLISH = {
    "outage": [
        "I want to report an outage please",
        "report outage",
        "there's no power",
        "we have no power at my house",
        "the power is out",
        "a power cut",
        "reporting an outage",
        "report an out age",
        "lights are out in my street",
    ],
    "billing": ["billing", "I'd like to pay my bill", "it's about my bill", "paying my bill", "check my balance"],
    "complaint": ["I'd like to make a complaint", "complaints", "i want to complain about something"],
    "agent": ["agent", "can I talk to an agent", "let me speak to a person please", "operator please", "a human"],
    "repeat": ["repeat that please", "say that again", "could you repeat that"],
    "yes": ["yes", "yes please", "yeah", "that's right", "it's fixed", "the power is back"],
    "no": ["no", "it's not fixed", "no it is not fixed", "it isn't fixed", "nope"],
    "still_out": ["the power is still out", "still no power", "it's still out"],
    "chinese": ["chinese please", "do you speak chinese"],
    None: [
        "what's the weather tomorrow",
        "i want a pizza",
        "my dog ate my homework",
        "hello",
        "the train leaves at seven",
        "banana",
        "how old are you",
        "i don't know",
        "power",
        "the bill of rights",
        "it is not right",
        "not a complaint",
        "i know nothing",
        "",
        "...",
    ],
}
SAID_IN_MANDARIN = {
    # With what a recogniser makes of it: other characters of the same sound, or nearly.
    "outage": ["我要报修", "保修", "报休", "我家停电了", "家里没电了", "听电了", "故障保修"],
    "billing": ["查一下电费", "我要交电费", "店费", "电费账单", "焦电费"],
    "complaint": ["我要投诉", "头诉", "投诉你们"],
    "agent": ["转人工", "人工服务", "传人工", "帮我找客服", "仁工"],
    "repeat": ["再说一遍", "请再说一遍", "在说一遍", "重复一下"],
    "yes": ["是", "是的", "对", "已经修好了", "来电了"],
    "no": ["不是", "没修好", "还没有修好", "不对"],
    "still_out": ["还没来电", "还是没电", "现在还是没电", "还在停电"],
    "english": ["说英语", "英文服务", "我要英语"],
    None: [
        "今天天气怎么样",
        "我想订一个披萨",
        "你叫什么名字",
        "我家的狗很可爱",
        "火车几点开",
        "苹果",
        "我不知道",
        "电",
        "不投诉",
        "没有停电",
    ],
}


@pytest.mark.parametrize(
    ("said", "option"), [(said, option) for option, all_said in SAID_IN_ENGLISH.items() for said in all_said]
)
def test_english(said: str, option: str | None) -> None:
    found = match(said, ENGLISH, "en")
    assert (found and found.option) == option


@pytest.mark.parametrize(
    ("said", "option"), [(said, option) for option, all_said in SAID_IN_MANDARIN.items() for said in all_said]
)
def test_mandarin(said: str, option: str | None) -> None:
    found = match(said, MANDARIN, "zh-CN")
    assert (found and found.option) == option


def test_the_match_says_which_phrase_and_how_surely() -> None:
    assert match("Billing!", ENGLISH, "en") == Match("billing", 1.0, "billing")
    around = match("I have a question about billing", ENGLISH, "en")
    assert around is None or around.confidence < 1.0


def test_what_fits_two_options_equally_well_is_neither() -> None:
    options = {"north": ["north office"], "south": ["south office"]}
    assert match("office", options, "en") is None
    assert match("best office", options, "en") is None
    assert match("office", {"one": ["office"], "other": ["the office"]}, "en") is None


def test_the_longer_phrase_wins() -> None:
    options = {"bill": ["bill"], "explain": ["explain my bill"]}
    found = match("please explain my bill to me", options, "en")
    assert found is not None
    assert found.option == "explain"


def test_the_threshold_is_the_callers() -> None:
    assert match("report an outrage", ENGLISH, "en", threshold=0.75) is not None
    assert match("report an outrage", ENGLISH, "en", threshold=0.99) is None


def test_no_options_no_match() -> None:
    assert match("billing", {}, "en") is None
    assert match("billing", {"a": []}, "en") is None
