"""The nodes of a flow: every kind with its keys."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow import FAILURES, KINDS, LEAVE_KEYS, TRANSFER_OUTCOMES, Confirm
from ivr.schema.shapes import (
    NAME,
    TEXT,
    WHOLE_TEXT,
    YES_NO,
    Key,
    Shape,
    mapping,
    named,
    never,
    number,
    of_language,
    one_of,
    some,
    table,
    when,
    whole,
)
from ivr.values import NUMBERS, Signature, ValueType

LARGEST = 10**12
# Types whose entries have a length of their own, so that `min` and `max` say nothing.
SHAPED = (ValueType.ACCOUNT, ValueType.DATE, ValueType.TIME, ValueType.YES_NO)
BOUNDED = (*sorted(NUMBERS), ValueType.DATE)
PROMPTS = some({"type": "string"})
NEXT = Key("next", NAME, "The node where the call goes on.", required=True)
BARGE_IN = Key("barge_in", YES_NO, "Whether the caller may interrupt. Default: true.")
WITH = Key("with", mapping(WHOLE_TEXT), "What is handed over: its name and a value, or {an expression}.")
KEY_OF_PHONE: Shape = {"anyOf": [{"type": "string", "pattern": "^[0-9*]+$"}, {"type": "integer", "minimum": 0}]}
PLACEHOLDER: Shape = {"type": "string", "pattern": r"\{"}

ESCALATION = (
    Key("say", PROMPTS, "What is said the first time, the second, ...; the last one from then on."),
    Key("limit", whole(1, 10), "At this time the call goes to `next`. Default: 3."),
    Key("reprompt", YES_NO, "Whether the wait's own prompt follows. Default: true."),
)
NODE_ESCALATION = table(
    (*ESCALATION, Key("next", NAME, "Where the call goes at the limit; to the shared file's flow when not said."))
)


def option_keys(languages: tuple[str, ...]) -> tuple[Key, ...]:
    phrases = of_language(languages, some(TEXT), "What callers say")
    return (
        Key("key", KEY_OF_PHONE, "The key on the telephone: 0 to 9, or *. In quotes."),
        Key("phrases", {**phrases, "type": ["object", "null"]}, "What callers say, in every language."),
        Key("intent", some({"type": "string"}), "Names of intents.yaml: what callers want who take this option."),
    )


CHOSEN: Shape = {"anyOf": [{"required": [key]} for key in ("key", "phrases", "intent")]}


def _waiting(kind: str, about: str, languages: tuple[str, ...]) -> tuple[Key, ...]:
    return (
        Key(kind, PROMPTS, about, required=True),
        BARGE_IN,
        Key("first_input_s", number(1, 60), "Seconds to wait for an answer, from the end of the prompt."),
        Key("no_input", NODE_ESCALATION, "What happens when nothing is heard."),
        Key("no_match", NODE_ESCALATION, "What happens when something is heard that does not fit."),
        Key("help", NODE_ESCALATION, "What is said to a caller who asks for help."),
        Key("confirm", one_of(Confirm), "Whether the caller is asked back: auto (when heard badly), always, never."),
    )


def kinds(languages: tuple[str, ...], services: Mapping[str, Signature]) -> dict[str, Shape]:
    """Kind -> the schema of its nodes. Without `services` any may be named."""
    option = table((*option_keys(languages), Key("next", NAME, "Where this option leads.", required=True)), **CHOSEN)
    found: dict[str, Shape] = {
        "say": table((Key("say", PROMPTS, "The prompts to say, in order.", required=True), BARGE_IN, NEXT),
                     "Says something."),
        "menu": table(
            (
                *_waiting("menu", "The prompts that offer the options.", languages),
                Key("options", {"type": "object", "additionalProperties": option, "minProperties": 1},
                    "What the caller may choose, each under a name.", required=True),
                Key("into", NAME, "The variable that keeps the name of the option taken."),
            ),
            "Lets the caller choose by key or by voice.",
        ),
        "ask": _ask(languages),
        "record": table(
            (
                Key("record", PROMPTS, "What is said before the tone.", required=True),
                Key("into", NAME, "The variable that keeps the recording's id.", required=True),
                Key("transcript_into", NAME, "The variable that keeps its words, where somebody heard them."),
                Key("max_s", number(1, 600), "The longest message, in seconds. Default: 120."),
                Key("end_silence_s", number(1, 30), "Seconds of silence that end it. Default: 4."),
                Key("private", YES_NO, "true keeps the message out of the recording of the call."),
                Key("no_input", NODE_ESCALATION, "What happens when nothing is said."),
                NEXT,
            ),
            "Records a message.",
        ),
        "do": _do(services),
        "when": _when(),
        "set": table(
            (
                Key("set", {"type": "object", "additionalProperties": WHOLE_TEXT, "minProperties": 1,
                            "properties": {"language": {"anyOf": [one_of(languages), PLACEHOLDER]}}},
                    "Variables and their new values. `language` changes what is spoken.", required=True),
                NEXT,
            ),
            "Keeps values in variables.",
        ),
        "call": table(
            (
                Key("call", NAME, "The flow to run; the call goes on here when it returns.", required=True),
                WITH,
                Key("into", mapping(NAME), "Its results, and the variables of this flow that keep them."),
                NEXT,
            ),
            "Runs another flow and comes back.",
        ),
        "transfer": table(
            (
                Key("transfer", PROMPTS, "What is said before it.", required=True),
                Key("to", TEXT, "The number to dial, or agents.", required=True),
                Key("timeout_s", number(5, 1800), "How long it may ring (120 at most) or an agent is waited for, in "
                    "seconds. Default: 30."),
                Key("leave_key", one_of(LEAVE_KEYS), "Who waits for an agent may press it: as no-answer."),
                Key("outcomes", table(Key(name, NAME, f"Where the call goes when it ended so: {name}.", required=True)
                                      for name in TRANSFER_OUTCOMES), "Where the call goes on.", required=True),
            ),
            "Puts the caller through to another number, or to an agent.",
        ),
        "return": table(
            (Key("return", mapping(WHOLE_TEXT), "The results of this flow.", required=True),),
            "Goes back to the flow that called this one.",
        ),
        "hangup": table(
            (Key("hangup", some(WHOLE_TEXT), 'What is said before it; "" for nothing.', required=True),),
            "Ends the call.",
        ),
    }  # fmt: skip
    assert found.keys() == KINDS.keys(), "the schema knows other kinds of nodes than the engine"
    return found


def _ask(languages: tuple[str, ...]) -> Shape:
    day = {"type": "string", "pattern": r"^(today([+-]\d{1,4})?|\d{4}-\d\d-\d\d)$"}
    bound: Shape = {"anyOf": [whole(-LARGEST, LARGEST), day]}
    return table(
        (
            *_waiting("ask", "The prompts that ask for the value.", languages),
            Key("type", one_of(ValueType), "What is asked for.", required=True),
            Key("into", NAME, "The variable that keeps it.", required=True),
            Key("min", whole(1, 40), "The fewest keys of an entry."),
            Key("max", whole(1, 40), "The most keys; they end the entry."),
            Key("min_value", bound, "The least value: a number, cents, a date, or today-7."),
            Key("max_value", bound, "The largest value: a number, cents, a date, or today+30."),
            Key("terminator", one_of(("#", "*", "")), "The key that ends the entry. Default: #."),
            Key("inter_digit_s", number(1, 30), "Seconds between two keys until the entry counts as complete."),
            Key("private", YES_NO, "true keeps the answer out of timelines and logs."),
            Key("invalid", NODE_ESCALATION, "What happens when it is a value that cannot be."),
            NEXT,
        ),
        "Asks for one value.",
        allOf=[
            when("type", SHAPED, never("min", "max")),
            when("type", (t for t in ValueType if t not in BOUNDED), never("min_value", "max_value")),
            when("type", NUMBERS, {"properties": {"min_value": {"type": "integer"}, "max_value": {"type": "integer"}}}),
            when("type", (ValueType.DATE,), {"properties": {"min_value": day, "max_value": day}}),
            when("type", (ValueType.MONEY,), {"properties": {"terminator": {"enum": ["#", ""]}}}),
        ],
    )


def _do(services: Mapping[str, Signature]) -> Shape:
    outcomes = mapping(NAME, type="object")
    shape = table(
        (
            Key("do", one_of(sorted(services)) if services else NAME, "The service to ask.", required=True),
            WITH,
            Key("into", mapping(NAME), "What it gives, and the variables that keep it."),
            Key("outcomes", outcomes, "Where the call goes on, by how it ended.", required=True),
            Key("budget_s", number(0.1, 10), "How long the caller waits for it, in seconds. Default: 1.5."),
        ),
        "Asks a service of the house.",
    )
    if services:
        shape["allOf"] = [when("do", (name,), _service(service)) for name, service in sorted(services.items())]
    return shape


def _service(service: Signature) -> Shape:
    needed = sorted(service.inputs.keys() - service.optional)
    given = named({name: {**WHOLE_TEXT, "description": type_.value} for name, type_ in service.inputs.items()})
    kept = named({name: {**NAME, "description": type_.value} for name, type_ in service.outputs.items()})
    ends = named(dict.fromkeys((*sorted(service.outcomes), *sorted(FAILURES)), NAME), type="object")
    ends["required"] = sorted(service.outcomes)
    shape: Shape = {"properties": {"with": given, "into": kept, "outcomes": ends}}
    if needed:
        given |= {"required": needed, "type": "object"}
        shape["required"] = ["with"]
    return shape


def _when() -> Shape:
    condition = Key("if", TEXT, 'A condition: balance > 100 and language == "en".', required=True)
    otherwise = Key("else", NAME, "Where the call goes when no condition holds.", required=True)
    branches = {
        "type": "array",
        "minItems": 1,
        "items": {"if": {"required": ["else"]}, "then": table((otherwise,)), "else": table((condition, NEXT))},
        "contains": {"required": ["else"]},
        "maxContains": 1,
    }
    key = Key("when", branches, "Branches, tried in order; the last one is `else: NODE`.", required=True)
    return table((key,), "Goes on by a condition.")
