"""What a channel is to listen for at a wait: which keys end it, which words are its grammar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr.flow import AskNode, FlowSet, MenuNode, Option
from ivr.outputs import Gather, KeyInput, SpeechInput
from ivr.slots import FREE
from ivr.values import ValueType
from speech.vocabulary import vocabulary

STAR = "*"
# So many examples of an intent go to the ears: a grammar of two thousand phrases takes a recogniser a second to load,
# and travels with every turn. What was heard is held against all of them.
EXAMPLES_OF_AN_OPTION = 8
EXAMPLES_OF_A_WISH = 3
YES_KEY, NO_KEY = "1", "2"
_SPOKEN_DIGITS = frozenset({ValueType.DIGITS, ValueType.PHONE, ValueType.NUMBER, ValueType.ACCOUNT})
# What the words of a value are called in `speech.vocabulary`. Text and addresses have no few words.
_VALUES: Mapping[ValueType, str] = {
    **dict.fromkeys((ValueType.DIGITS, ValueType.PHONE, ValueType.ACCOUNT), "digits"),
    ValueType.NUMBER: "number",
    ValueType.MONEY: "money",
    ValueType.DATE: "date",
    ValueType.TIME: "time",
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
    if node.type is ValueType.YES_NO:
        phrases = (*yes_no_phrases(flows, language), *phrases)
    speech = SpeechInput(
        phrases,
        digits=node.type in _SPOKEN_DIGITS,
        free=node.type in FREE,
        end_silence_s=1.2,
        values=_VALUES.get(node.type, ""),
    )
    return Gather(language, keyed, speech, node.first_input_s, node.barge_in, unrecorded(node))


def unrecorded(node: AskNode) -> bool:
    """Who a caller is to us is no business of whoever hears the recording: account numbers stand in timelines, by
    which tickets are worked on, and nowhere else."""
    return node.private or node.type is ValueType.ACCOUNT


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
        value = node.type if isinstance(node, AskNode) else None  # it may be said again in the same breath
        speech = SpeechInput(
            phrases,
            digits=value in _SPOKEN_DIGITS,
            free=value in FREE,
            values=_VALUES.get(value, "") if value is not None else "",
        )
        private = isinstance(node, AskNode) and unrecorded(node)
        gather = flows.waits[key] = Gather(language, _chosen(keys), speech, node.first_input_s, True, private)
    return gather


def grammar(speech: SpeechInput, language: str) -> tuple[tuple[str, ...], bool]:
    """What the ears are to expect: phrases, and whether any row of them may be said.

    The words of a value are put in here: eight hundred dates need not travel with every turn.
    """
    if not speech.values:
        return speech.phrases, False
    words = vocabulary(speech.values, language)
    return (*words.phrases, *speech.phrases), words.repeat


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
