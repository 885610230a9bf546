"""What an editor marks is what the loader refuses: both read the same files, and know the same keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jsonschema
import pytest

from app import signatures
from ivr.conversations.reading import ConversationError, Surroundings, read_conversations
from ivr.flow import KINDS
from ivr.flow_store import read_files
from ivr.loader import load
from ivr.reading import Reader
from ivr.schema.build import schema
from settings import SHIPPED_FLOWS, Settings
from tests.ivr.schema.conftest import FOLDER, KIND_OF_FILE, LANGUAGES, SERVICES, parsed

Judge = Callable[[Mapping[str, str]], list[str]]


def test_a_folder_with_every_kind_of_node_pleases_both(schema_refuses: Judge, loader_refuses: Judge) -> None:
    assert loader_refuses(FOLDER) == []
    assert schema_refuses(FOLDER) == []


def test_the_shipped_flows_please_the_schema_of_the_house(settings: Settings) -> None:
    services, languages = signatures(settings), tuple(settings.utility.name)
    for file, text in read_files(SHIPPED_FLOWS).items():
        kind = KIND_OF_FILE.get(file, "flow")
        found = jsonschema.Draft202012Validator(schema(kind, languages, services)).iter_errors(parsed(file, text))
        assert [f"{file} {error.json_path}: {error.message}" for error in found] == []
    for path in sorted((SHIPPED_FLOWS / "tests").glob("*.yaml")):
        validator = jsonschema.Draft202012Validator(schema("tests", languages, services))
        found = validator.iter_errors(parsed(path.name, path.read_text(encoding="utf-8")))
        assert [f"{path.name} {error.json_path}: {error.message}" for error in found] == []


@pytest.mark.parametrize("kind", ["flow", "shared", "intents", "calendars", "tests"])
def test_every_schema_is_one_and_says_what_each_key_is_for(kind: str, settings: Settings) -> None:
    found = schema(kind, tuple(settings.utility.name), signatures(settings))
    jsonschema.Draft202012Validator.check_schema(found)
    for key, shape in found["properties"].items():
        assert shape["description"], key


# What a tired author writes. Each is wrong for both.
BROKEN = [
    ("main.yaml", "flow: main", "flwo: main"),
    ("main.yaml", "barge_in: false", "bargein: false"),
    ("main.yaml", "barge_in: false", "barge_in: never"),
    ("main.yaml", "next: menu}", "nxt: menu}"),
    ("main.yaml", "next: menu}", "next: {to: menu}}"),
    ("main.yaml", "hello: {say: [text, own@en], barge_in: false,", "hello: {says: text,"),
    ("main.yaml", "hello: {say:", "hello: {hangup: text, say:"),
    ("main.yaml", "first_input_s: 8", "first_input_s: 0"),
    ("main.yaml", "first_input_s: 8", "first_input_s: soon"),
    ("main.yaml", "confirm: always", "confirm: sometimes"),
    ("main.yaml", "into: a\n    barge_in", "into: [a]\n    barge_in"),
    ("main.yaml", 'key: "2", next', 'key: "x", next'),
    ("main.yaml", '{key: "2", next: record}', "{next: record}"),
    ("main.yaml", '{key: "2", next: record}', '{key: "2"}'),
    ("main.yaml", "phrases: {en: [bill], zh-CN: [账单]}", "phrases: {en: [bill]}"),
    ("main.yaml", "phrases: {en: [bill], zh-CN: [账单]}", "phrases: {en: [bill], zh-CN: [账单], fr: [facture]}"),
    ("main.yaml", "limit: 2, next: bye, reprompt", "limit: 11, next: bye, reprompt"),
    ("main.yaml", "limit: 2, next: bye, reprompt", "limit: 2.5, next: bye, reprompt"),
    ("main.yaml", "no_match: {limit: 2}", "no_match: 2"),
    ("main.yaml", "no_match: {limit: 2}", "no_match: {limt: 2}"),
    ("main.yaml", "type: number\n", "type: numbr\n"),
    ("main.yaml", "    into: n\n", ""),
    ("main.yaml", "max: 5", "max: 50"),
    ("main.yaml", "max_value: 100", "max_value: many"),
    ("main.yaml", "max_value: today+30", "max_value: next month"),
    ("main.yaml", "type: date, into: d, min_value: today", "type: date, into: d, min: 4, min_value: today"),
    ("main.yaml", "min_value: today, max_value: today+30", "min_value: 3"),
    ("main.yaml", 'terminator: "#"', "terminator: '5'"),
    ("main.yaml", "private: false", "private: maybe"),
    ("main.yaml", "max_s: 60", "max_s: 6000"),
    ("main.yaml", "do: test.look", "do: test.lok"),
    ("main.yaml", 'with: {number: "{x}"}', "with: {}"),
    ("main.yaml", 'with: {number: "{x}"}', 'with: {number: "{x}", nmbr: "1"}'),
    ("main.yaml", "into: {amount: m}", "into: {amout: m}"),
    ("main.yaml", "outcomes: {found: choose, none: bye,", "outcomes: {found: choose,"),
    ("main.yaml", "error: bye, late: bye", "error: bye, lost: bye"),
    ("main.yaml", "budget_s: 2", "budget_s: 20"),
    ("main.yaml", "      - else: bye\n", ""),
    ("main.yaml", "      - {if: b, next: set}\n", "      - {if: b}\n"),
    ("main.yaml", "      - {if: b, next: set}\n", "      - b\n"),
    ("main.yaml", "      - {if: b, next: set}\n", "      - {else: bye}\n"),
    ("main.yaml", "set: {language: en, a", "set: {language: fr, a"),
    ("main.yaml", 'set: {set: {language: en, a: "{n}"}', "set: {set: {}"),
    ("main.yaml", "into: {}, next: put", "into: {}"),
    ("main.yaml", "timeout_s: 20", "timeout_s: 2"),
    ("main.yaml", 'to: "+861", ', ""),
    ("main.yaml", "no-answer: bye, failed", "failed"),
    ("main.yaml", "no-answer: bye", "noanswer: bye, no-answer: bye"),
    ("main.yaml", "a: text\n", "a: txt\n"),
    ("main.yaml", "a: text\n", "a: [text]\n"),
    ("main.yaml", "a: text\n", "a: text\n  language: text\n"),
    ("main.yaml", "a: text\n", "a: text\n  my-name: text\n"),
    ("main.yaml", "{type: number, default: 3}", "{type: number, default: three}"),
    ("main.yaml", "{type: yes_no, default: false}", "{type: yes_no, default: maybe}"),
    ("main.yaml", "{type: yes_no, default: false}", "{typ: yes_no}"),
    ("main.yaml", 'own: {en: "You owe {m}.", ', "own: {"),
    ("main.yaml", 'own: {en: "You owe {m}.", ', 'own: {fr: "{m}", en: "You owe {m}.", '),
    ("main.yaml", 'own: {en: "You owe {m}.", ', 'own: {en: "  ", '),
    ("main.yaml", "nodes:", "node:"),
    ("shared.yaml", "action: back}", "action: backwards}"),
    ("shared.yaml", "action: back}", "action: back, flow: other}"),
    ("shared.yaml", ", action: back}", "}"),
    ("shared.yaml", "action: back}", "action: back, to: en}"),
    ("shared.yaml", "action: back}", "action: back, first: true}"),
    ("shared.yaml", "to: en", "to: fr"),
    ("shared.yaml", "fault_flow: other", "fault_flw: other"),
    ("shared.yaml", "  no_match: {say: text, flow: other}\n", ""),
    ("shared.yaml", "no_match: {say: text, flow: other}", "no_match: {say: text}"),
    ("shared.yaml", "first_input_s: 5", "first_input_s: 500"),
    ("shared.yaml", "main_menu: main/menu", "main_menu: main"),
    ("shared.yaml", "check: luhn", "check: mod97"),
    ("shared.yaml", "digits: 10", "digits: 1"),
    ("shared.yaml", "storm: {main: other}", "storm: {main: [other]}"),
    ("shared.yaml", "storm:", "strom:"),
    ("intents.yaml", "bill: {en: [my bill], zh-CN: [电费]}", "bill: {en: [my bill]}"),
    ("intents.yaml", "bill: {en: [my bill], zh-CN: [电费]}", "bill: [my bill]"),
    ("intents.yaml", "intents:", "intent:"),
    ("calendars.yaml", "mon-fri", "mon-fry"),
    ("calendars.yaml", '"08:30-12:00, 13:30-17:30"', '"8.30 to 12"'),
    ("calendars.yaml", '"08:30-12:00, 13:30-17:30"', '"08:30-25:00"'),
    ("calendars.yaml", "holidays: CN", "holidays: China"),
    ("calendars.yaml", "2026-12-31: closed", "31.12.2026: closed"),
    ("calendars.yaml", "hours: \"10:00-16:00\", why", "hous: \"10:00-16:00\", why"),
    ("calendars.yaml", "hours: {mon", "hour: {mon"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new"), BROKEN)
def test_what_the_loader_refuses_the_editor_marks(
    schema_refuses: Judge, loader_refuses: Judge, file: str, old: str, new: str
) -> None:
    assert FOLDER[file].count(old) == 1, "the sample must be in the file, once"
    broken = {**FOLDER, file: FOLDER[file].replace(old, new)}
    assert loader_refuses(broken) != []
    assert schema_refuses(broken) != []


# What may be written otherwise. Right for both.
UNUSUAL = [
    ("main.yaml", "say: [text, own@en]", "say: text"),
    ("main.yaml", "next: menu}", "next: menu}  # why"),
    ("main.yaml", "about: Every kind of node.\n", ""),
    ("main.yaml", "about: Every kind of node.\n", "about: 3\n"),
    ("main.yaml", "key: 1,", 'key: "10",'),
    ("main.yaml", "phrases: {en: [bill], zh-CN: [账单]}", "phrases: {en: bill, zh-CN: 账单}"),
    ("main.yaml", "no_match: {limit: 2}", "no_match: {}"),
    ("main.yaml", "with: {x: \"1\"}, into: {}", "with: {x: 1}, into: ~"),
    ("main.yaml", 'back: {return: {result: "{n}"}}', "back: {return: }"),
    ("main.yaml", 'bye: {hangup: ""}', "bye: {hangup: [text]}"),
    ("main.yaml", "- else: bye", "- {else: bye}"),
    ("main.yaml", "set: {language: en, a", 'set: {language: "{a}", a'),
    ("main.yaml", "{type: number, default: 3}", "number"),
    ("main.yaml", 'to: "+861"', 'to: "{a}"'),
    ("shared.yaml", "storm: {main: other}", "storm:"),
    ("shared.yaml", "say: [text], limit: 3, flow: other, reprompt: true", "flow: other"),
    ("calendars.yaml", '"08:30-12:00, 13:30-17:30"', '["08:30-12:00", "13:30-17:30"]'),
    ("calendars.yaml", "    holidays: CN\n", ""),
    ("calendars.yaml", "mon-fri", '"mon-wed, fri"'),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new"), UNUSUAL)
def test_what_the_loader_takes_the_editor_does_not_mark(
    schema_refuses: Judge, loader_refuses: Judge, file: str, old: str, new: str
) -> None:
    assert FOLDER[file].count(old) == 1, "the sample must be in the file, once"
    changed = {**FOLDER, file: FOLDER[file].replace(old, new)}
    assert loader_refuses(changed) == []
    assert schema_refuses(changed) == []


def test_the_loader_asks_for_the_keys_that_the_schema_knows_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, set[str]] = defaultdict(set)
    finish = Reader.finish

    def watched(reader: Reader, also: Iterable[str] = ()) -> None:
        words = reader.what.split(",")
        kind = next((kind for kind in KINDS if kind in reader.mapping), "")
        name = words[-1].split("'")[0].strip() if len(words) > 1 else kind or reader.what.split("'")[0].strip()
        asked[name] |= reader._asked
        finish(reader, also)

    monkeypatch.setattr(Reader, "finish", watched)
    load(FOLDER, SERVICES, LANGUAGES)
    flow, shared = schema("flow", LANGUAGES, SERVICES), schema("shared", LANGUAGES, SERVICES)
    for kind in KINDS:
        assert asked[kind] == set(flow["$defs"][kind]["properties"]), kind
    assert asked["flow"] == flow["properties"].keys()
    assert asked["the shared file"] == shared["properties"].keys()
    assert asked["defaults"] == shared["properties"]["defaults"]["properties"].keys()
    own_option = _keys(flow["$defs"]["menu"]["properties"]["options"]["additionalProperties"])
    global_option = _keys(shared["properties"]["globals"]["additionalProperties"])
    assert asked["option"] == own_option | global_option
    for escalation in ("no_input", "no_match", "help", "invalid"):
        in_nodes = _keys(flow["$defs"]["ask"]["properties"][escalation])
        in_defaults = _keys(shared["properties"]["defaults"]["properties"][escalation])
        assert asked[escalation] == in_nodes | in_defaults, escalation


def _keys(shape: Mapping[str, Any]) -> set[str]:
    return set(shape["properties"])


CONVERSATION = """
about: a file
preamble: {flow: main, from: "+861", to: "95598", language: en, storm: on}
tests:
  one:
    about: a test
    preamble: false
    direction: outbound
    at: 2026-11-23 14:30
    variables: {x: 1}
    services: {others: real, test.look: [none, {outcome: found, gives: {amount: 1}, with: {number: 1}}]}
    talk:
      - hear: Hello ...
      - hear: {contains: [a, b], starts: a, ends: b, not: c}
      - press: "1#"
      - say: words
        confidence: 0.5
      - silence
      - record: words
        seconds: 3
      - transfer ends: busy
      - at: 2026-11-23 15:00
      - storm: off
      - call too long
      - expect: {node: menu, passed: [hello], service: test.look, with: {number: 1}, outcome: found}
      - expect: {not_service: test.look, transfer: "+861", heard: match, option: bill, language: en, ended: false}
      - hang up
      - ended
"""
BROKEN_CONVERSATION = [
    ("language: en, storm", "language: fr, storm"), ("about: a test", "abuot: a test"), ("outbound", "out"),
    ("at: 2026-11-23 14:30", "at: tomorrow"), ("storm: on", "storm: maybe"), ("[none, {", "[nothing, {"),
    ("gives: {amount", "gives: {amont"), ("with: {number: 1}}]", "with: {nr: 1}}]"), ("test.look: [", "test.lok: ["),
    ("others: real", "others: unreal"), ("- silence", "- silense"), ("contains: [a, b]", "contians: a"),
    ('press: "1#"', "press: abc"), ("confidence: 0.5", "confidence: 5"), ("seconds: 3", "secs: 3"),
    ("transfer ends: busy", "transfer ends: engaged"), ("heard: match", "heard: macth"),
    ("service: test.look, with", "service: test.lok, with"), ("passed: [hello]", "pased: [hello]"),
    ("{not_service: test.look, ", "{outcome: found, "), ("    talk:", "    tlak:"), ("tests:", "test:"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [("about: a file", "about: a file"), *BROKEN_CONVERSATION])
def test_conversations_are_judged_alike(old: str, new: str) -> None:
    assert CONVERSATION.count(old) == 1
    text = CONVERSATION.replace(old, new)
    validator = jsonschema.Draft202012Validator(schema("tests", LANGUAGES, SERVICES))
    marked = [error.message for error in validator.iter_errors(parsed("t.yaml", text))]
    refused: list[str] = []
    try:
        read_conversations({"t.yaml": text}, Surroundings(load(FOLDER, SERVICES, LANGUAGES), SERVICES))
    except ConversationError as error:
        refused = [str(fault) for fault in error.faults]
    assert bool(marked) == bool(refused) == (old != new), (marked, refused)
