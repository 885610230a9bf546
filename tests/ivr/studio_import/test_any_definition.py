"""Whatever a definition says, what comes of it loads, or is refused with a reason."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.events import CallStarted, Digits, NoInput
from ivr.loader import load
from ivr.outputs import Gather
from ivr.session import resume, start
from ivr.studio_import.folder import import_definition
from ivr.studio_import.widgets import known_types

LANGUAGES = ("en", "zh-CN")
NAMES = st.sampled_from(
    ["a", "b 1", "say", "the_end", "language", "菜单", "1", "no", "x-y", "hand_over", "{z}", "true"]
)
LIQUID = st.sampled_from(
    [
        "{{widgets.a.Digits}}",
        "{{ widgets.b 1.SpeechResult | upcase }}",
        "{{flow.variables.language}}",
        "{{}}",
        "{{ | }}",
        "{{flow.variables.x | plus: 1}}",
        "{{trigger.call.From}}",
        '{{"now" | date: "%H:%M"}}',
        "{% if a %}",
        "{",
        "}}",
        "{{flow.data.storm}}",
        "{{widgets.a}}",
        "{{flow.channel.address | default: 'no \"one\"'}}",
        "<b>x</b>",
        "# no",
        ": y",
    ]
)
TEXT = st.lists(LIQUID | st.text(max_size=12), max_size=4).map(" ".join)
VALUE: st.SearchStrategy[Any] = TEXT | st.integers(-5, 5000) | st.booleans() | st.none()
CONDITION = st.fixed_dictionaries(
    {
        "friendly_name": st.just("c"),
        "arguments": st.lists(LIQUID, max_size=1),
        "type": st.sampled_from(
            ["equal_to", "matches_any_of", "contains", "regex", "less_than", "is_blank", "is_after_time", "odd"]
        ),
        "value": TEXT | st.sampled_from(["1", "2", "1, 2", "^(a|b)$", "08:00", ""]),
    }
)
EVENTS = st.sampled_from(
    [
        "audioComplete",
        "keypress",
        "speech",
        "timeout",
        "match",
        "noMatch",
        "next",
        "success",
        "failed",
        "callCompleted",
        "recordingComplete",
        "noAudio",
        "callComplete",
        "completed",
        "return",
        "answered",
        "incomingCall",
        "incomingRequest",
        "incomingMessage",
    ]
)
PROPERTIES = st.dictionaries(
    st.sampled_from(
        [
            "say",
            "play",
            "digits",
            "loop",
            "timeout",
            "number_of_digits",
            "finish_on_key",
            "noun",
            "to",
            "max_length",
            "transcribe",
            "queue_name",
            "flow_sid",
            "url",
            "input",
            "language",
        ]
    ),
    VALUE,
    max_size=6,
)
PAIRS = st.lists(st.fixed_dictionaries({"key": NAMES, "value": TEXT}), max_size=3)


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(NAMES, unique=True, max_size=6))
    targets = st.sampled_from([*names, "", None])
    states = []
    for name in ["Trigger", *names]:
        transitions = [
            {"event": draw(EVENTS), "next": draw(targets), "conditions": draw(st.lists(CONDITION, max_size=2))}
            for _ in range(draw(st.integers(0, 4)))
        ]
        type_ = "trigger" if name == "Trigger" else draw(st.sampled_from([*known_types(), "unheard-of"]))
        properties = draw(PROPERTIES) | {"variables": draw(PAIRS), "parameters": draw(PAIRS)}
        states.append({"name": name, "type": type_, "transitions": transitions, "properties": properties})
    return {"description": draw(TEXT), "states": states, "initial_state": "Trigger"}


@given(definition=definitions(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_what_comes_of_any_definition_loads_and_can_be_called(definition: dict[str, Any], data: st.DataObject) -> None:
    brought = import_definition(json.dumps(definition), LANGUAGES)
    flows = load(brought.files, {}, LANGUAGES)
    turn = start(flows, brought.flow, CallStarted("+861", "95598", "inbound", "en", "2026-11-23"))
    for _ in range(4):
        if turn.state is None or not isinstance(turn.outputs[-1], Gather):
            return
        turn = resume(flows, turn.state, data.draw(st.sampled_from([NoInput(), Digits("1"), Digits("12")])))
