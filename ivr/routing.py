"""What an input means at a wait: which option, which value, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.events import Digits, Event, NoInput, Speech
from ivr.flow import AskNode, MenuNode, Option
from ivr.outputs import Gather, Heard, KeyInput, SpeechInput
from ivr.values import ValueType
from speech.heard import read_digits, read_number
from speech.phrases import match

MASK = "•••"
_SPOKEN_DIGITS = {ValueType.DIGITS, ValueType.PHONE}


@dataclass(frozen=True, slots=True)
class Understood:
    """`heard` goes to the timeline. An option, or a value of an ask, or neither (its verdict says why)."""

    heard: Heard
    option: Option | None = None
    value: Any = None


def gather_for(node: MenuNode | AskNode, globals_: tuple[Option, ...], language: str) -> Gather:
    """What the channel is to listen for at `node`."""
    global_phrases = tuple(p for option in globals_ for p in option.phrases.get(language, ()))
    if isinstance(node, MenuNode):
        keys = [option.key for option in (*node.options, *globals_) if option.key]
        phrases = tuple(p for option in node.options for p in option.phrases.get(language, ())) + global_phrases
        longest = max((len(key) for key in keys), default=0)
        return Gather(
            language,
            KeyInput(1, longest, "#", node_inter_digit_s(longest)) if keys else None,
            SpeechInput(phrases) if phrases else None,
            node.first_input_s,
            node.barge_in,
        )
    keyed = None
    if node.type is not ValueType.TEXT:
        keyed = KeyInput(node.min_digits, node.max_digits, node.terminator, node.inter_digit_s)
    listening = SpeechInput(
        global_phrases, digits=node.type is not ValueType.TEXT, free=node.type is ValueType.TEXT, end_silence_s=1.2
    )
    return Gather(language, keyed, listening, node.first_input_s, node.barge_in)


def node_inter_digit_s(longest: int) -> float:
    return 3.0 if longest > 1 else 1.0


def understand(
    node: MenuNode | AskNode, globals_: tuple[Option, ...], event: Event, language: str, reject_below: float
) -> Understood:
    """Raises TypeError for an event that is no input."""
    if isinstance(event, NoInput):
        return Understood(Heard(node.name, "silence", "no_input"))
    if isinstance(event, Digits):
        return _keys(node, globals_, event)
    if isinstance(event, Speech):
        return _speech(node, globals_, event, language, reject_below)
    raise TypeError(f"{event.kind} is no input")


def _keys(node: MenuNode | AskNode, globals_: tuple[Option, ...], event: Digits) -> Understood:
    if isinstance(node, AskNode):
        shown = MASK if node.private else event.digits
        value = None
        if node.min_digits <= len(event.digits) <= node.max_digits:
            value = _value(node.type, event.digits)
        verdict = "no_match" if value is None else "match"
        return Understood(Heard(node.name, "keys", verdict, shown), value=value)
    for option in (*node.options, *globals_):
        if option.key == event.digits:
            return Understood(Heard(node.name, "keys", "match", event.digits, option=option.name), option)
    return Understood(Heard(node.name, "keys", "no_match", event.digits))


def _value(type_: ValueType, digits: str) -> str | int | None:
    if not digits.isascii() or not digits.isdecimal():
        return None
    return int(digits) if type_ is ValueType.NUMBER else digits


def _speech(
    node: MenuNode | AskNode, globals_: tuple[Option, ...], event: Speech, language: str, reject_below: float
) -> Understood:
    shown = MASK if isinstance(node, AskNode) and node.private else event.text
    nothing = Understood(Heard(node.name, "speech", "no_match", shown, event.confidence))
    if not event.text.strip() or event.confidence < reject_below:
        return nothing
    own = node.options if isinstance(node, MenuNode) else ()
    options: Mapping[str, Option] = {option.name: option for option in (*globals_, *own)}
    if isinstance(node, AskNode):
        value = _spoken_value(node, event.text, language)
        if value is not None:
            # In a free answer a global command is one only when it is all that was said, or danger is in it.
            command = match(event.text, _phrases(options, language), language) if node.type is ValueType.TEXT else None
            if command is None or len(event.text) > 2 * len(command.phrase):
                return Understood(Heard(node.name, "speech", "match", shown, event.confidence), value=value)
    found = match(event.text, _phrases(options, language), language)
    if found is None:
        return nothing
    confidence = round(min(found.confidence, event.confidence), 3)
    heard = Heard(node.name, "speech", "match", shown, confidence, found.option, found.phrase)
    return Understood(heard, options[found.option])


def _phrases(options: Mapping[str, Option], language: str) -> dict[str, tuple[str, ...]]:
    return {name: phrases for name, option in options.items() if (phrases := option.phrases.get(language))}


def _spoken_value(node: AskNode, text: str, language: str) -> str | int | None:
    if node.type is ValueType.TEXT:
        return text.strip()
    if node.type in _SPOKEN_DIGITS:
        digits = read_digits(text, language)
        return digits if digits and node.min_digits <= len(digits) <= node.max_digits else None
    number = read_number(text, language)
    return None if number is None or number != int(number) else int(number)
