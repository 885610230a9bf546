"""What a channel is to listen for at a wait: which keys end it, which words are its grammar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr.flow import AskNode, FlowSet, MenuNode, Option
from ivr.outputs import Gather, KeyInput, SpeechInput
from ivr.slots import FREE
from ivr.values import ValueType

STAR = "*"
# So many examples of an intent go to the ears: a grammar of two thousand phrases takes a recogniser a second to load,
# and travels with every turn. What was heard is held against all of them.
EXAMPLES_OF_AN_OPTION = 8
EXAMPLES_OF_A_WISH = 3
YES_KEY, NO_KEY = "1", "2"
_SPOKEN_DIGITS = frozenset({ValueType.DIGITS, ValueType.PHONE, ValueType.NUMBER, ValueType.ACCOUNT})
# Heard word by word, not digit by digit: the ears are given no grammar for them.
_SPOKEN_FREELY = FREE | {ValueType.DATE, ValueType.TIME, ValueType.MONEY}
_DIGITS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "zero",
        "oh",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "double",
        "triple",
    ),
    "zh-CN": (*"零一幺二两三四五六七八九",),
}
# How yes and no are said at the least; the intents `yes` and `no` add to it.
_YES_NO: Mapping[str, tuple[str, ...]] = {
    "en": ("yes", "no", "that is right", "that is wrong", "correct"),
    "zh-CN": ("是", "是的", "对", "不是", "不对", "没错"),
}


def listened(flows: FlowSet, flow: str, node: MenuNode | AskNode, language: str) -> Gather:
    """The wait at `node`; made once, as it is the same for every caller."""
    key = (flow, node.name, language)
    gather = flows.waits.get(key)
    if gather is None:
        gather = flows.waits[key] = gather_for(node, flows, language)
    return gather


def gather_for(node: MenuNode | AskNode, flows: FlowSet, language: str) -> Gather:
    if isinstance(node, MenuNode):
        return _menu(node, flows, language)
    commands = star_commands(node, flows.globals)
    keyed = None
    if node.type not in FREE:
        keyed = KeyInput(node.min_digits, node.max_digits, node.terminator, node.inter_digit_s, tuple(commands))
    elif commands:  # spoken freely, but the commands can be keyed
        longest = max(map(len, commands))
        keyed = KeyInput(1, longest, node.terminator, node.inter_digit_s, tuple(commands))
    phrases = phrases_of(flows, flows.globals, language)
    if node.type in _SPOKEN_DIGITS:
        phrases = (*_DIGITS.get(language, ()), *phrases)
    if node.type is ValueType.YES_NO:
        phrases = (*yes_no_phrases(flows, language), *phrases)
    free = node.type in _SPOKEN_FREELY
    speech = SpeechInput(phrases, digits=node.type in _SPOKEN_DIGITS, free=free, end_silence_s=1.2)
    return Gather(language, keyed, speech, node.first_input_s, node.barge_in)


def _menu(node: MenuNode, flows: FlowSet, language: str) -> Gather:
    options = (*node.options, *flows.globals)
    phrases = phrases_of(flows, options, language)
    keys = [option.key for option in options if option.key]
    # With intents a caller may answer in words of their own: the ears are not held to the phrases.
    free = bool(flows.intents) and any(option.intents for option in node.options)
    speech = SpeechInput(phrases, free=free) if phrases or free else None
    return Gather(language, _chosen(keys), speech, node.first_input_s, node.barge_in)


def confirming(flows: FlowSet, flow: str, node: MenuNode | AskNode, language: str) -> Gather:
    """The wait for yes, no or a correction after something was asked back."""
    key = (flow, node.name, language, "confirm")
    gather = flows.waits.get(key)
    if gather is None:
        keys = [YES_KEY, NO_KEY, *(option.key for option in flows.globals if option.key)]
        own = node.options if isinstance(node, MenuNode) else ()
        phrases = (*yes_no_phrases(flows, language), *phrases_of(flows, (*own, *flows.globals), language))
        digits = isinstance(node, AskNode) and node.type in _SPOKEN_DIGITS
        free = isinstance(node, AskNode) and node.type in _SPOKEN_FREELY
        speech = SpeechInput(phrases, digits=digits, free=free)
        gather = flows.waits[key] = Gather(language, _chosen(keys), speech, node.first_input_s, True)
    return gather


def _chosen(keys: list[str]) -> KeyInput | None:
    longest = max((len(key) for key in keys), default=0)
    commands = tuple(keys) if longest > 1 else ()  # a short key need not wait for one that is longer
    return KeyInput(1, longest, "#", node_inter_digit_s(longest), commands) if keys else None


def node_inter_digit_s(longest: int) -> float:
    return 3.0 if longest > 1 else 1.0


def phrases_of(flows: FlowSet, options: Iterable[Option], language: str) -> tuple[str, ...]:
    """The phrases of options, and the first examples of the intents they stand for."""
    found: list[str] = []
    for option in options:
        examples = EXAMPLES_OF_A_WISH if option.action or option.flow else EXAMPLES_OF_AN_OPTION
        found += option.phrases.get(language, ())
        for intent in option.intents:
            found += flows.intents[intent].phrases.get(language, ())[:examples]
    return tuple(dict.fromkeys(found))


def yes_no_phrases(flows: FlowSet, language: str) -> tuple[str, ...]:
    found = list(_YES_NO.get(language, ()))
    for name in ("yes", "no"):
        if name in flows.intents:
            found += flows.intents[name].phrases.get(language, ())[:EXAMPLES_OF_AN_OPTION]
    return tuple(dict.fromkeys(found))


def message_commands(globals_: tuple[Option, ...]) -> tuple[str, ...]:
    """While a message is spoken no value is keyed: a key is what it is everywhere else."""
    return tuple(option.key for option in globals_ if option.key and len(option.key) == 1)


def star_commands(node: AskNode, globals_: tuple[Option, ...]) -> Mapping[str, Option]:
    """At an ask digits are a value: what works everywhere is keyed after a star, `*` alone is the one with that key.

    Where the star ends the entry there is none of it.
    """
    if node.terminator == STAR:
        return {}
    keyed = [option for option in globals_ if option.key]
    return {option.key if option.key == STAR else f"{STAR}{option.key}": option for option in keyed}
