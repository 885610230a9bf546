"""Conversation tests: tests/*.yaml beside the flows."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.conversations.step_reading import VERDICTS, WORDS
from ivr.flow import FAILURES, TRANSFER_OUTCOMES
from ivr.schema.shapes import (
    NAME,
    TEXT,
    WHOLE_TEXT,
    YES_NO,
    Key,
    Shape,
    mapping,
    named,
    number,
    one_of,
    some,
    table,
)
from ivr.values import Signature

_AT: Shape = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?$"}
_ON_OFF: Shape = {"enum": ["on", "off", True, False]}
_PHONE_KEYS: Shape = {"anyOf": [{"type": "string", "pattern": r"^[0-9*# ]*[0-9*#][0-9*# ]*$"}, {"type": "integer"}]}


def conversations(languages: tuple[str, ...], services: Mapping[str, Signature]) -> Shape:
    setting = (
        Key("flow", NAME, "The flow the call begins with."),
        Key("from", TEXT, "The number that calls."),
        Key("to", TEXT, "The number that is called."),
        Key("direction", one_of(("inbound", "outbound")), "Who calls whom. Default: inbound."),
        Key("language", one_of(languages), "The language the call begins in."),
        Key("at", _AT, "Date and time, local: 2026-11-23 14:30."),
        Key("storm", _ON_OFF, "Whether storm mode is on."),
        Key("variables", mapping(WHOLE_TEXT), "What the flow takes."),
        Key("services", {"anyOf": [{"const": "real"}, _stubs(services)]}, "What services answer, or real."),
        Key("talk", {"type": "array", "items": {"$ref": "#/$defs/step"}}, "What is heard and done, in order."),
    )
    about = Key("about", WHOLE_TEXT, "A line for people.")
    own = Key("preamble", YES_NO, "false leaves the preamble out.")
    needed = tuple(Key(k.name, k.shape, k.about, k.name == "talk") for k in setting)
    shape = table(
        (
            about,
            Key("preamble", {**table(setting), "type": ["object", "null"]}, "What each test begins with."),
            Key("tests", mapping(table((about, own, *needed))), "The conversations, each under its name.",
                required=True),
        )
    )  # fmt: skip
    shape["$defs"] = {"step": {"anyOf": [one_of((*WORDS, "ended")), *_steps(languages, services)]}}
    return shape


def _stubs(services: Mapping[str, Signature]) -> Shape:
    return named({"others": {"const": "real"}, **{name: some(_answer(one)) for name, one in sorted(services.items())}})


def _answer(service: Signature) -> Shape:
    outcome = one_of((*sorted(service.outcomes), *sorted(FAILURES)))
    full = table(
        (
            Key("outcome", outcome, "How it ends.", required=True),
            Key("gives", named(dict.fromkeys(sorted(service.outputs), WHOLE_TEXT)), "What it gives."),
            Key("with", named(dict.fromkeys(sorted(service.inputs), WHOLE_TEXT)), "What it must be asked with."),
        )
    )
    return {"if": {"type": "object"}, "then": full, "else": outcome}


def _steps(languages: tuple[str, ...], services: Mapping[str, Signature]) -> list[Shape]:
    pieces = table(
        (
            Key("contains", some(TEXT), "Words that are heard."),
            Key("starts", TEXT, "How it begins."),
            Key("ends", TEXT, "How it ends."),
            Key("not", some(TEXT), "Words that are not heard."),
        ),
        minProperties=1,
    )
    hear = {"if": {"type": "object"}, "then": pieces, "else": some(WHOLE_TEXT)}
    return [
        table((Key("hear", hear, "What the caller hears; ... stands for any words.", required=True),)),
        table((Key("press", _PHONE_KEYS, "Keys. In quotes.", required=True),)),
        table(
            (
                Key("say", TEXT, "What the caller says.", required=True),
                Key("confidence", number(0, 1), "How sure the recogniser was. Default: 1."),
            )
        ),
        table(
            (
                Key("record", WHOLE_TEXT, "The message that is left.", required=True),
                Key("seconds", number(0.1, 600), "How long it is."),
            )
        ),
        table((Key("transfer ends", one_of(TRANSFER_OUTCOMES), "How the transfer ends.", required=True),)),
        table((Key("at", _AT, "From now on it is that late.", required=True),)),
        table((Key("storm", _ON_OFF, "Storm mode is switched.", required=True),)),
        table((Key("expect", {"anyOf": [{"const": "ended"}, _expect(languages, services)]}, "Where the call stands.",
                   required=True),)),
    ]  # fmt: skip


def _expect(languages: tuple[str, ...], services: Mapping[str, Signature]) -> Shape:
    service = one_of(sorted(services))
    return table(
        (
            Key("node", NAME, "The call stands there: node, or flow/node."),
            Key("passed", some(NAME), "It passed there since the caller last did something."),
            Key("service", service, "It was asked."),
            Key("with", mapping(WHOLE_TEXT), "It was asked so."),
            Key("outcome", NAME, "It answered so."),
            Key("not_service", some(service), "It was not asked."),
            Key("transfer", TEXT, "The caller is being put through to this number."),
            Key("heard", one_of(VERDICTS), "The verdict on the input."),
            Key("option", NAME, "The option that was taken."),
            Key("language", TEXT, "The language that is spoken."),
            Key("ended", TEXT, "true, false, or the reason."),
        ),
        dependentRequired={"with": ["service"], "outcome": ["service"]},
    )
