"""A folder with every kind of node, and the two that judge it: the loader and the schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema
import pytest

from ivr.loader import CALENDARS, FlowError, load
from ivr.loading.intents import INTENTS
from ivr.loading.shared import SHARED
from ivr.schema.build import schema
from ivr.services import Outcome, Service, ValueType
from ivr.yaml_source import Faults, Scalar, Sequence, Value, read

LANGUAGES = ("en", "zh-CN")
SERVICES = {
    "test.look": Service(
        "test.look",
        lambda context, inputs: Outcome("found"),
        frozenset({"found", "none"}),
        {"number": ValueType.DIGITS, "urgent": ValueType.YES_NO},
        {"amount": ValueType.MONEY, "name": ValueType.TEXT},
        optional=frozenset({"urgent"}),
    )
}
FOLDER = {
    "shared.yaml": """
prompts:
  text: {en: Text., zh-CN: 文本。}
  confirm_value: {en: "{value}?", zh-CN: "{value}?"}
  confirm_option: {en: "{phrase}?", zh-CN: "{phrase}?"}
globals:
  danger: {key: "7", intent: danger, phrases: {en: [danger], zh-CN: [危险]}, flow: other, with: {x: "1"}, first: true}
  back: {key: "*", phrases: {en: back, zh-CN: 返回}, action: back}
  other_language: {phrases: {en: chinese, zh-CN: 英语}, action: language, to: en}
  main_menu: {intent: [menu], action: main_menu}
defaults:
  no_input: {say: [text], limit: 3, flow: other, reprompt: true}
  no_match: {say: text, flow: other}
  help: {say: text, limit: 2, flow: other}
  invalid: {say: text, limit: 2, flow: other}
  first_input_s: 5
  inter_digit_s: 2.5
  fault_flow: other
  too_long_flow: other
  main_menu: main/menu
  account_number: {digits: 10, check: luhn}
storm: {main: other}
""",
    "intents.yaml": """
intents:
  danger: {en: [a wire], zh-CN: [电线]}
  menu: {en: [the menu], zh-CN: [菜单]}
  bill: {en: [my bill], zh-CN: [电费]}
""",
    "calendars.yaml": """
calendars:
  service:
    hours: {mon-fri: "08:30-12:00, 13:30-17:30", sat: closed}
    holidays: CN
    exceptions: {2026-12-31: closed, 2027-01-04: {hours: "10:00-16:00", why: stock-taking}}
""",
    "main.yaml": """
flow: main
about: Every kind of node.
takes: {x: {type: digits, default: ""}}
gives: {result: number}
vars:
  a: text
  n: {type: number, default: 3}
  m: {type: money, private: true}
  d: date
  b: {type: yes_no, default: false}
prompts:
  own: {en: "You owe {m}.", zh-CN: "{m}。"}
start: hello
nodes:
  hello: {say: [text, own@en], barge_in: false, next: menu}
  menu:
    menu: text
    into: a
    barge_in: true
    first_input_s: 8
    confirm: always
    options:
      bill: {key: 1, intent: bill, phrases: {en: [bill], zh-CN: [账单]}, next: ask}
      other: {key: "2", next: record}
    no_input: {say: [text, text], limit: 2, next: bye, reprompt: false}
    no_match: {limit: 2}
    help: {say: text}
  ask:
    ask: text
    type: number
    into: n
    min: 1
    max: 5
    min_value: 0
    max_value: 100
    terminator: "#"
    inter_digit_s: 3
    private: false
    invalid: {say: text, limit: 2, next: bye}
    next: ask_date
  ask_date: {ask: text, type: date, into: d, min_value: today, max_value: today+30, next: look}
  record:
    record: text
    into: a
    transcript_into: a
    max_s: 60
    end_silence_s: 3
    no_input: {limit: 1, next: bye}
    next: look
  look:
    do: test.look
    with: {number: "{x}"}
    into: {amount: m}
    outcomes: {found: choose, none: bye, error: bye, late: bye}
    budget_s: 2
  choose:
    when:
      - {if: n > 3 and open("service"), next: set}
      - {if: b, next: set}
      - else: bye
  set: {set: {language: en, a: "{n}"}, next: sub}
  sub: {call: other, with: {x: "1"}, into: {}, next: put}
  put: {transfer: text, to: "+861", timeout_s: 20, outcomes: {answered: back, busy: bye, no-answer: bye, failed: bye}}
  back: {return: {result: "{n}"}}
  bye: {hangup: ""}
""",
    "other.yaml": """
flow: other
takes: {x: {type: digits, default: ""}, reason: {type: text, default: ""}}
nodes:
  bye: {hangup: text}
""",
}
KIND_OF_FILE = {SHARED: "shared", INTENTS: "intents", CALENDARS: "calendars"}


def as_an_editor_reads(value: Value) -> Any:
    """The tree as YAML 1.2 reads it: what has no quotes may be a number, true or nothing."""
    if isinstance(value, Scalar):
        return value.text if value.quoted else _plain(value.text)
    if isinstance(value, Sequence):
        return [as_an_editor_reads(item) for item in value.items]
    return {entry.key: as_an_editor_reads(entry.value) for entry in value}


def _plain(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text in ("", "~", "null"):
        return None
    if re.fullmatch(r"[-+]?\d+", text):
        return int(text)
    if re.fullmatch(r"[-+]?\d+\.\d*", text):
        return float(text)
    return text


def parsed(file: str, text: str) -> Any:
    faults = Faults()
    tree = read(file, text, faults)
    assert not faults.found, faults.found
    assert tree is not None
    return as_an_editor_reads(tree)


@pytest.fixture(scope="session")
def schema_refuses() -> Callable[[Mapping[str, str]], list[str]]:
    """Of a folder, what an editor would mark."""
    validators = {
        kind: jsonschema.Draft202012Validator(schema(kind, LANGUAGES, SERVICES))
        for kind in ("flow", "shared", "intents", "calendars")
    }

    def judge(files: Mapping[str, str]) -> list[str]:
        return [
            f"{file}: {error.json_path}: {error.message}"
            for file, text in files.items()
            for error in validators[KIND_OF_FILE.get(file, "flow")].iter_errors(parsed(file, text))
        ]

    return judge


@pytest.fixture(scope="session")
def loader_refuses() -> Callable[[Mapping[str, str]], list[str]]:
    def judge(files: Mapping[str, str]) -> list[str]:
        try:
            load(files, SERVICES, LANGUAGES)
        except FlowError as error:
            return [str(fault) for fault in error.faults]
        return []

    return judge
