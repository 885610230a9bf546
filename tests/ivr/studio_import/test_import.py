"""Studio flows become flows that load, and callers of them meet what they met before, as far as it can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivr.events import CallStarted, DialEnded, Digits, Event, NoInput, Recorded, Speech
from ivr.flow import FlowSet
from ivr.flow import MenuNode as Menu
from ivr.loader import load
from ivr.moment import Moment
from ivr.outputs import Gather, Hangup, Record, Say, Transfer
from ivr.session import Turn, resume, start
from ivr.studio_import.definition import StudioError, read_definition
from ivr.studio_import.folder import Imported, import_definition

LANGUAGES = ("en", "zh-CN")
DEFINITIONS = Path(__file__).parent / "definitions"
SAMPLES = sorted(path.stem for path in DEFINITIONS.glob("*.json"))


def imported(name: str, **options: str) -> Imported:
    return import_definition((DEFINITIONS / f"{name}.json").read_text(encoding="utf-8"), LANGUAGES, **options)


class Caller:
    def __init__(
        self, sample: str, /, *, direction: str = "inbound", at: str = "", language: str = "en", **given: str
    ) -> None:
        brought = imported(sample)
        self.flows: FlowSet = load(brought.files, {}, LANGUAGES)
        self.moment = Moment.noon_of("2026-11-23")
        if at:
            hour, minute = (int(part) for part in at.split(":"))
            self.moment = Moment(self.moment.now.replace(hour=hour, minute=minute))
        event = CallStarted("+4930123", "+4930555", direction, language, "2026-11-23", given)
        self.turn: Turn = start(self.flows, brought.flow, event, moment=self.moment)

    def does(self, *events: Event) -> Caller:
        for event in events:
            assert self.turn.state is not None
            self.turn = resume(self.flows, self.turn.state, event, moment=self.moment)
        return self

    @property
    def hears(self) -> str:
        return " ".join(output.text for output in self.turn.outputs if isinstance(output, Say))

    @property
    def waits_for(self) -> Any:
        return self.turn.outputs[-1]


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_brought_over_loads_and_says_what_it_stands_for(name: str) -> None:
    brought = imported(name)
    flows = load(brought.files, {}, LANGUAGES)
    assert brought.flow in flows.flows
    flow = flows.flows[brought.flow]
    for note in brought.notes:
        assert not note.node or note.node in flow.nodes, note
    text = brought.files[f"{brought.flow}.yaml"]
    other = next(one for one in LANGUAGES if one != brought.language)
    assert text.count(f"{other}: '[{brought.language}] ") + text.count(f"[{brought.language}] ") >= len(flow.prompts)


def test_a_message_is_said_as_often_as_it_was_and_the_call_ends() -> None:
    caller = Caller("greeting")
    closed = "Hello, you have reached the water works. We are closed today."
    assert caller.hears == f"{closed} {closed}"
    assert isinstance(caller.waits_for, Hangup)


def test_keys_and_words_of_a_split_become_the_options_of_a_menu() -> None:
    caller = Caller("menu")
    assert isinstance(caller.waits_for, Gather)
    assert caller.waits_for.first_input_s == 7
    assert Caller("menu").does(Digits("1")).hears == "Readings are taken in March."
    assert Caller("menu").does(Speech("reading", 0.9)).hears == "Readings are taken in March."
    assert Caller("menu").does(Speech("new flat", 0.9)).hears.startswith("Tell us two weeks before")
    assert Caller("menu").does(Digits("5")).hears.startswith("That is not on offer. For readings press 1")
    quiet = Caller("menu").does(NoInput())
    assert "For readings press 1" in quiet.hears, "the prompt was said twice before it gave up"
    assert quiet.does(NoInput()).hears == "Call again when it suits you."
    menu = caller.flows.flows["main"].nodes["ask_topic"]
    assert isinstance(menu, Menu)
    assert [(option.key, option.phrases.get("en")) for option in menu.options] == [
        ("1", ("reading",)), ("2", ("moving", "new flat")),
    ]  # fmt: skip
    assert "by_key" not in caller.flows.flows["main"].nodes, "the split is the menu now"


def test_values_are_asked_for_kept_counted_and_compared() -> None:
    caller = Caller("account").does(Digits("12345678"))
    assert caller.hears == "Enter the reading."
    caller.does(Digits("123456"))
    assert caller.hears.startswith("1 2 3 4 5 6 is too much for meter 1 2 3 4 5 6 7 8.")
    assert caller.does(Digits("100000"), Digits("100001")).hears.endswith("Thank you. We have noted 100001.")


def test_a_call_that_we_made_begins_where_studio_began_it() -> None:
    caller = Caller("account", direction="outbound", customer_name="Ann", month="May")
    assert caller.hears.startswith("Hello Ann, your reading for May is missing.")


def test_the_clock_decides_and_a_transfer_ends_as_it_did() -> None:
    assert isinstance(Caller("office_hours", at="07:30").waits_for, Record)
    caller = Caller("office_hours", at="10:00")
    assert caller.waits_for == Transfer("+4930555010", 20.0)
    assert caller.does(DialEnded("answered")).hears == "Goodbye."
    unanswered = Caller("office_hours", at="10:00").does(DialEnded("no-answer"))
    assert unanswered.waits_for == Record(120.0, 5.0)
    assert "We call" in unanswered.does(Recorded("r", 3.0, "call me")).hears


def test_the_language_is_the_one_the_widgets_speak() -> None:
    brought = imported("mandarin")
    assert (brought.language, brought.untranslated) == ("zh-CN", 2)
    assert Caller("mandarin", language="zh-CN").does(Digits("2")).hears == "目前没有停水。"
    assert imported("mandarin", language="en").language == "en"


def test_every_kind_of_widget_is_turned_or_listed() -> None:
    definition = read_definition((DEFINITIONS / "everything.json").read_text(encoding="utf-8"))
    brought = imported("everything")
    listed = {note.widget for note in brought.notes}
    ours = {
        "trigger", "say-play", "gather-input-on-call", "split-based-on", "set-variables", "record-voicemail",
    }  # fmt: skip
    for widget in definition.widgets.values():
        assert widget.type in ours or widget.name in listed, widget.type
    types = {widget.type for widget in definition.widgets.values()}
    assert len(types) >= 22
    text = brought.files["main.yaml"]
    assert "# stands for make-http-request (POST https://example.org/bill)" in text
    assert "# it also led on: failed -> sorry" in text
    assert {"shared.yaml", "hand_over.yaml", "main.yaml"} < brought.files.keys()
    assert any(name.startswith("subflow_") for name in brought.files)


def test_a_caller_gets_through_all_that_stands_in() -> None:
    assert "This step is still missing: profile." in Caller("everything").does(Digits("1")).hears
    assert "You owe ." in Caller("everything").does(Digits("1")).hears
    assert "I will pass you to my colleagues." in Caller("everything").does(Digits("3")).hears
    assert "This part is not there yet." in Caller("everything").does(Digits("6")).hears
    spoken = Caller("everything").does(Digits("2"), Speech("by the bridge", 0.9))
    assert isinstance(spoken.waits_for, Record)
    reminded = Caller("everything", direction="outbound", name="Ann")
    assert reminded.hears.startswith("Hello Ann. Your bill is open.")


def test_what_is_odd_is_told_and_does_no_harm() -> None:
    brought = imported("awkward")
    why = {note.why for note in brought.notes}
    assert any("regex '(?i)^x+y?$'" in one for one in why)
    assert any("starts_with 'abc'" in one for one in why)
    assert any("https://example.org/sounds/wait.mp3" in one for one in why)
    assert any("SSML" in one for one in why)
    assert {note.widget for note in brought.notes if note.type == "variable"} == {
        "{% if x %}", "{% endif %}", "trigger.call.FromCity",
    }  # fmt: skip
    assert [note.widget for note in brought.notes if "left out" in note.why and note.type != "say-play"] == [
        "text_back"
    ]
    flow = load(brought.files, {}, LANGUAGES).flows["main"]
    assert flow.start == "1_hello_you"
    assert "language" not in flow.variables, "a variable of that name would change what is spoken"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda d: "{", "this is not JSON"),
        (lambda d: [], "it has no list of 'states'"),
        (lambda d: {**d, "states": []}, "it has no list of 'states'"),
        (lambda d: {**d, "initial_state": "Start"}, "'initial_state' is 'Start', and no widget is named so"),
        (lambda d: {**d, "states": [*d["states"], d["states"][1]]}, "two widgets are named 'hello'"),
        (lambda d: {**d, "states": [{"name": "x"}]}, "state 1 has no 'name' or no 'type'"),
        (lambda d: {**d, "states": [{**d["states"][0], "transitions": [{}]}]}, "has no 'event'"),
        (lambda d: {**d, "states": d["states"][:1]}, "leads to 'hello' on incomingCall, and no widget is named so"),
    ],
)
def test_what_is_no_definition_is_refused_with_a_reason(change: Callable[[Any], Any], why: str) -> None:
    changed = change(json.loads((DEFINITIONS / "greeting.json").read_text(encoding="utf-8")))
    with pytest.raises(StudioError, match=why.replace("[", r"\[")):
        import_definition(changed if isinstance(changed, str) else json.dumps(changed), LANGUAGES)


def test_the_resource_of_a_flow_is_taken_as_well_as_its_definition() -> None:
    definition = json.loads((DEFINITIONS / "greeting.json").read_text(encoding="utf-8"))
    resource = json.dumps({"sid": "FW1", "friendly_name": "Greeting", "definition": definition})
    assert import_definition(resource, LANGUAGES).files == imported("greeting").files
