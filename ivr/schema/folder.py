"""The files beside the flows: shared.yaml, intents.yaml, calendars.yaml."""

from __future__ import annotations

from ivr.calendars import WEEKDAYS
from ivr.flow import ACTIONS
from ivr.schema.flows import prompts
from ivr.schema.nodes import CHOSEN, ESCALATION, WITH, option_keys
from ivr.schema.shapes import (
    IDENTIFIER,
    NAME,
    TEXT,
    WHOLE_TEXT,
    YES_NO,
    Key,
    Shape,
    mapping,
    number,
    of_language,
    one_of,
    some,
    table,
    whole,
)
from speech.check_digits import SCHEMES

_DAYS = "|".join(WEEKDAYS)
_DAY_KEY = rf"^\s*(?:{_DAYS})(?:\s*-\s*(?:{_DAYS}))?(?:\s*,\s*(?:{_DAYS})(?:\s*-\s*(?:{_DAYS}))?)*\s*$"
_TIME = r"(?:[01]?\d|2[0-4]):[0-5]\d"
_SPAN = rf"\s*{_TIME}\s*[-–]\s*{_TIME}\s*"
_HOURS: Shape = {
    "anyOf": [
        {"type": "string", "pattern": rf"^(?:closed|{_SPAN}(?:,{_SPAN})*)$"},
        {"type": "array", "items": {"type": "string", "pattern": f"^{_SPAN}$"}},
    ]
}


def shared(languages: tuple[str, ...]) -> Shape:
    option = table(
        (
            *option_keys(languages),
            Key("action", one_of(ACTIONS), "What the hotline does then."),
            Key("flow", NAME, "The flow to which the call goes for good."),
            WITH,
            Key("to", one_of(languages), "The language that is spoken then; the hotline's next one when not said."),
            Key("first", YES_NO, "Beats everything, is never asked back, and works in storm mode: for danger."),
        ),
        allOf=[
            CHOSEN,
            {"oneOf": [{"required": ["action"]}, {"required": ["flow"]}]},
            {"if": {"required": ["to"]}, "then": {"properties": {"action": {"const": "language"}},
                                                  "required": ["action"]}},
            {"if": {"properties": {"first": {"const": True}}, "required": ["first"]}, "then": {"required": ["flow"]}},
        ],
    )  # fmt: skip
    return table(
        (
            Key("prompts", prompts(languages), "What any flow may say."),
            Key("globals", mapping(option), "What callers may say or press at every wait."),
            Key("defaults", _defaults(), "What happens at a wait that does not say otherwise.", required=True),
            Key("storm", mapping(NAME), "Flow, and the one that runs in its place while storm mode is on."),
        )
    )


def _defaults() -> Shape:
    escalation = table((*ESCALATION, Key("flow", NAME, "Where the call goes at the limit.", required=True)))
    account = table(
        (
            Key("digits", whole(2, 20), "How many digits an account number has. Default: 10."),
            Key("check", one_of(sorted(SCHEMES)), "How its last digit is made. Default: none."),
        )
    )
    return table(
        (
            Key("no_input", escalation, "When nothing is heard.", required=True),
            Key("no_match", escalation, "When something is heard that does not fit.", required=True),
            Key("help", escalation, "When a caller asks for help."),
            Key("invalid", escalation, "When a value cannot be."),
            Key("first_input_s", number(1, 60), "Seconds to wait for an answer. Default: 5."),
            Key("inter_digit_s", number(1, 30), "Seconds between two keys. Default: 3."),
            Key("fault_flow", NAME, "Where a call goes on when its flow cannot.", required=True),
            Key("too_long_flow", NAME, "Where a call goes that has passed its length limit."),
            Key("main_menu", {"type": "string", "pattern": "^[^/]+/.+$"}, "The main menu, as flow/node."),
            Key("account_number", {**account, "type": ["object", "null"]}, "What an account number looks like."),
        )
    )


def intents(languages: tuple[str, ...]) -> Shape:
    phrases = of_language(languages, some(TEXT), "How callers say it")
    named_ = {"type": "object", "additionalProperties": phrases}
    return table((Key("intents", named_, "What callers may want, each with examples.", required=True),))


def calendars() -> Shape:
    day = table(
        (Key("hours", _HOURS, "The hours of that day, or closed.", required=True), Key("why", WHOLE_TEXT, "Why."))
    )
    hours = {
        "type": "object",
        "propertyNames": {"pattern": _DAY_KEY},
        "additionalProperties": _HOURS,
    }
    exceptions = {
        "type": ["object", "null"],
        "propertyNames": {"pattern": r"^\d{4}-\d\d-\d\d$"},
        "additionalProperties": {"if": {"type": "object"}, "then": day, "else": _HOURS},
    }
    calendar = table(
        (
            Key("hours", hours, 'Weekdays and their hours: {mon-fri: "08:30-17:30"}.', required=True),
            Key("holidays", {"type": "string", "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,3})?$"},
                "The country whose public holidays hold: CN, DE, DE-BY."),
            Key("exceptions", exceptions, "Days that are otherwise: 2026-12-31: closed."),
        )
    )  # fmt: skip
    named_ = mapping(calendar, propertyNames={"pattern": IDENTIFIER})
    return table((Key("calendars", named_, "Opening hours, each under a name.", required=True),))
