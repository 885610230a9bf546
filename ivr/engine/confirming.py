"""Asking back what was understood: a state within a wait, with counters of its own.

The caller says yes or no (1 or 2), mends it in one step ("no, 4 not 5", "no, 138..."), says another value, or wishes
for what works everywhere. What was mended is asked back again; a plain no has the wait's own question asked anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.engine import waits
from ivr.engine.walk import Walk
from ivr.events import Digits, Event, NoInput, Speech
from ivr.flow import AskNode, Option, PromptUse
from ivr.listening import NO_KEY, YES_KEY, confirming
from ivr.loading.shared import CONFIRM_OPTION, CONFIRM_VALUE
from ivr.outputs import Heard
from ivr.routing import Said, Understood, Wait, said_option, with_verdict
from ivr.slots import Slot, slot_of_digits, spoken
from ivr.values import ValueType
from speech.corrections import corrected, new_value_said
from speech.heard import read_yes_no
from speech.phrases import match

_LIKE_DIGITS = frozenset({ValueType.DIGITS, ValueType.PHONE, ValueType.ACCOUNT, ValueType.NUMBER})


def ask_back(walk: Walk, wait: Wait, understood: Understood, verdict: str) -> None:
    """`verdict`: confirm, or corrected when it was asked back before and the caller mended it."""
    walk.outputs.append(with_verdict(understood.heard, verdict))
    asked: dict[str, Any] = {}
    if understood.option is not None:
        asked = {"option": understood.option.name, "phrase": _phrase(wait, understood)}
    elif understood.slot is not None:
        asked = {"value": understood.slot.value}
    walk.state["wait"]["confirm"] = asked
    _ask(walk, wait)


def heard(walk: Walk, wait: Wait, event: Event) -> None:
    """An input while something is asked back."""
    asked = walk.state["wait"]["confirm"]
    if isinstance(event, NoInput):
        walk.outputs.append(Heard(wait.node.name, "silence", "no_input"))
        _again(walk, wait, "no_input")
    elif isinstance(event, Digits):
        _keys(walk, wait, event)
    elif isinstance(event, Speech):
        _speech(walk, wait, event, asked)


def _keys(walk: Walk, wait: Wait, event: Digits) -> None:
    option = next((option for option in (*wait.first, *wait.rest) if option.key == event.digits), None)
    if event.digits in (YES_KEY, NO_KEY):
        _answered(walk, wait, Heard(wait.node.name, "keys", "match", event.digits), yes=event.digits == YES_KEY)
    elif option is not None:
        _wish(walk, wait, Heard(wait.node.name, "keys", "match", event.digits, option=option.name), option)
    else:
        walk.outputs.append(Heard(wait.node.name, "keys", "no_match", wait.shown(event.digits)))
        _again(walk, wait, "no_match")


def _speech(walk: Walk, wait: Wait, event: Speech, asked: Mapping[str, Any]) -> None:
    said = Heard(wait.node.name, "speech", "no_match", wait.shown(event.text), event.confidence)
    if not event.text.strip() or event.confidence < wait.reject_below:
        walk.outputs.append(said)
        _again(walk, wait, "no_match")
        return
    named = said_option(wait, event.text)
    if named is not None and named.option.first:
        _wish(walk, wait, _with_option(said, named), named.option)
        return
    answer = _yes_no(wait, event.text)
    if answer is not None:
        _answered(walk, wait, with_verdict(said, "match"), yes=answer)
        return
    if isinstance(wait.node, AskNode):
        slot = _mended(wait, wait.node, asked.get("value"), event.text)
        if slot is not None and not slot.valid:
            walk.outputs.append(with_verdict(said, "invalid"))
            _leave(walk)
            waits.again(walk, wait.node, wait.node.invalid, "invalid")
            return
        if slot is not None:
            ask_back(walk, wait, Understood(said, slot=slot), "corrected")
            return
    else:
        named = named or said_option(wait, new_value_said(event.text, wait.language))
    if named is None:
        walk.outputs.append(said)
        _again(walk, wait, "no_match")
    elif named.option.action or named.option.flow:
        _wish(walk, wait, _with_option(said, named), named.option)
    else:
        _other_option(walk, wait, said, named, asked)


def _other_option(walk: Walk, wait: Wait, said: Heard, named: Said, asked: Mapping[str, Any]) -> None:
    """Named instead of a yes or no: the same one again is a yes."""
    if named.option.name == asked.get("option"):
        _answered(walk, wait, with_verdict(said, "match"), yes=True)
    else:
        ask_back(walk, wait, Understood(_with_option(said, named), named.option), "corrected")


def _yes_no(wait: Wait, text: str) -> bool | None:
    answer = read_yes_no(text, wait.language)
    intents = wait.flows.intents
    if answer is not None or not {"yes", "no"} <= intents.keys():
        return answer
    phrases = {name: intents[name].phrases.get(wait.language, ()) for name in ("yes", "no")}
    found = match(text, phrases, wait.language, threshold=0.95)
    return None if found is None else found.option == "yes"


def _mended(wait: Wait, node: AskNode, value: Any, text: str) -> Slot | None:
    """The value after "no, 4 not 5" or "no, 138...", or another value that was said in place of yes or no."""
    if node.type in _LIKE_DIGITS:

        def possible(digits: str) -> bool:
            slot = slot_of_digits(node, digits, wait.rules)
            return slot is not None and slot.valid

        digits = corrected(str(value), text, wait.language, possible)
        if digits is not None:
            return slot_of_digits(node, digits, wait.rules) or Slot(digits, valid=False)
    rest = new_value_said(text, wait.language)
    return spoken(node, rest, wait.language, wait.rules) if rest else None


# --- what comes of it


def _answered(walk: Walk, wait: Wait, said: Heard, *, yes: bool) -> None:
    node, asked = wait.node, walk.state["wait"]["confirm"]
    _leave(walk)
    if not yes:
        _denied(walk, wait, said)
        return
    if "option" in asked:
        option = next(o for o in (*wait.own, *wait.rest) if o.name == asked["option"])
        walk.outputs.append(Heard(node.name, said.by, "match", said.text, said.confidence, option.name))
        waits.take_option(walk, node, option)
    else:
        assert isinstance(node, AskNode)
        walk.outputs.append(said)
        waits.take_value(walk, node, asked["value"])


def _denied(walk: Walk, wait: Wait, said: Heard) -> None:
    """The first time it is only asked anew; from then on a no counts as not understood."""
    walk.outputs.append(with_verdict(said, "no_match"))
    if waits.counted(walk.state["wait"], "denied") == 1:
        waits.enter_again(walk, wait.node)
    else:
        waits.again(walk, wait.node, wait.node.no_match, "no_match")


def _wish(walk: Walk, wait: Wait, said: Heard, option: Option) -> None:
    """Something that works everywhere. Help and repetition are about what is asked back."""
    walk.outputs.append(with_verdict(said, "help") if option.action == "help" else said)
    if option.action in ("repeat", "help"):
        _ask(walk, wait)
        return
    _leave(walk)
    waits.obey(walk, wait.node, option)


def _again(walk: Walk, wait: Wait, counter: str) -> None:
    """Silence and misunderstanding while asking back are counted apart from those of the wait itself."""
    node = wait.node
    escalation = node.no_input if counter == "no_input" else node.no_match
    count = waits.counted(walk.state["wait"]["confirm"], counter)
    if count >= escalation.limit:
        waits.escalate(walk, escalation)
    else:
        _ask(walk, wait, waits.tapered(escalation, count))


def _leave(walk: Walk) -> None:
    del walk.state["wait"]["confirm"]


def _ask(walk: Walk, wait: Wait, before: tuple[PromptUse, ...] = ()) -> None:
    if walk.over_long():
        return
    node, asked = wait.node, walk.state["wait"]["confirm"]
    walk.say(before)
    if "option" in asked:
        walk.say_shared(CONFIRM_OPTION, {"phrase": asked["phrase"]})
    else:
        assert isinstance(node, AskNode)
        formats = {"value": node.type.value}
        walk.say_shared(CONFIRM_VALUE, {"value": asked["value"]}, formats, private=node.private)
    walk.outputs.append(confirming(walk.flows, walk.flow.name, node, walk.language))
    walk.wait()


def _phrase(wait: Wait, understood: Understood) -> str:
    """What the option is called when it is asked back: the phrase it was known by, else its first."""
    option = understood.option
    assert option is not None
    known = (understood.heard.phrase or "", *option.phrases.get(wait.language, ()))
    by_intent = (
        phrase for name in option.intents for phrase in wait.flows.intents[name].phrases.get(wait.language, ())
    )
    return next((phrase for phrase in (*known, *by_intent) if phrase), option.name)


def _with_option(heard: Heard, named: Said) -> Heard:
    confidence = round(min(named.confidence, heard.confidence or 0.0), 3)
    return Heard(heard.node, heard.by, "match", heard.text, confidence, named.option.name, named.phrase)
