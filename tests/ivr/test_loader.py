"""A flow author sees every fault at once, each with its place and a way to mend it."""

from __future__ import annotations

import textwrap

import pytest

from ivr.flow_store import read_files
from ivr.loader import FlowError, load, revision_of
from settings import SHIPPED_FLOWS
from speech.spoken import FORMATS
from tests.ivr.conftest import AGENT, LANGUAGES, SERVICES, SHARED, UTILITY

TWENTY_FAULTS = """\
flow: broken
abuot: a misspelt key
vars:
  amount: mony
  caller_number: phone
  count: {type: number, default: many}
prompts:
  hello: {en: "Hello {nmae}."}
  empty: {en: "", zh-CN: "{amount:monye}"}
start: gret
nodes:
  greet:
    say: helo
    next: askk
  ask:
    ask: hello
    type: digit
    min: 12
    max: 3
    into: nowhere
    next: look
  look:
    do: test.lok
    outcomes: {found: greet}
  look_again:
    do: test.look
    with: {nummber: "{count}"}
    into: {amount: count, nam: count}
    outcomes: {fond: greet}
  choose:
    menu: hello
    options:
      one: {key: "1", phrases: {en: [one], fr: [un]}, next: greet}
      two: {key: "1", next: greet}
      three: {key: "#", next: greet}
  branch:
    when:
      - {if: count > limt, next: greet}
      - {if: "count >", next: greet}
  nothing:
    sya: hello
    next: greet
  sub:
    call: agnt
    next: greet
  greet:
    hangup: hello
"""


def faults_of(**files: str) -> list[str]:
    named = {"shared.yaml": SHARED, "agent.yaml": AGENT} | {f"{name}.yaml": text for name, text in files.items()}
    with pytest.raises(FlowError) as raised:
        load(named, SERVICES, LANGUAGES, UTILITY)
    return [str(fault) for fault in raised.value.faults]


def test_every_fault_of_a_flow_is_listed_at_once_with_place_and_suggestion() -> None:
    assert faults_of(broken=TWENTY_FAULTS) == [
        "broken.yaml:2:1: flow 'broken' has no key 'abuot'. Did you mean 'about'?",
        "broken.yaml:4:11: 'amount': 'mony' is no type. Did you mean 'money'?",
        "broken.yaml:5:3: flow 'broken': 'caller_number' is built in and cannot be declared.",
        "broken.yaml:6:34: 'count': 'default' is 'many', not a number from -1e+12 to 1e+12.",
        "broken.yaml:8:3: prompt 'hello': there is no text in zh-CN.",
        "broken.yaml:8:15: flow 'broken': there is no variable 'nmae'. There are: amount, count.",
        "broken.yaml:9:15: prompt 'empty': the text in en is empty.",
        f"broken.yaml:9:26: prompt 'empty': 'monye' is no way to say a value; there are: {', '.join(sorted(FORMATS))}.",
        "broken.yaml:10:8: flow 'broken': there is no node 'gret'. Did you mean 'greet'?",
        "broken.yaml:13:10: flow 'broken': there is no prompt 'helo'. Did you mean 'hello'?",
        "broken.yaml:14:11: flow 'broken': there is no node 'askk'. Did you mean 'ask'?",
        "broken.yaml:16:5: node 'ask': 'min' is 12, more than 'max', 3.",
        "broken.yaml:17:11: node 'ask': 'digit' is no type. Did you mean 'digits'?",
        "broken.yaml:20:11: flow 'broken': there is no variable 'nowhere' to write to. There are: amount, count.",
        "broken.yaml:23:9: node 'look': there is no service 'test.lok'. Did you mean 'test.look'?",
        "broken.yaml:26:5: node 'look_again': the outcome 'found' of the service leads nowhere. Name a node for it.",
        "broken.yaml:26:5: node 'look_again': the outcome 'none' of the service leads nowhere. Name a node for it.",
        "broken.yaml:26:5: node 'look_again': the service needs 'number', which 'with' does not give.",
        "broken.yaml:27:12: node 'look_again': the service takes no 'nummber'. Did you mean 'number'?",
        "broken.yaml:28:32: node 'look_again': the service gives no 'nam'. Did you mean 'name'?",
        "broken.yaml:29:22: node 'look_again': the service has no outcome 'fond'. Did you mean 'found'?",
        "broken.yaml:33:32: node 'choose', option 'one': there are no phrases in zh-CN.",
        "broken.yaml:33:44: node 'choose', option 'one': 'fr' is no language of this hotline. There are: en, zh-CN.",
        "broken.yaml:34:18: node 'choose', option 'two': key 1 is already taken by 'one'.",
        "broken.yaml:35:20: node 'choose', option 'three': '#' cannot be pressed; a key is 0 to 9 or '*'.",
        "broken.yaml:37:5: node 'branch': there is no 'else': a call for which no branch holds would be stuck.",
        "broken.yaml:38:14: flow 'broken': there is no variable 'limt'. There are: amount, count.",
        "broken.yaml:39:14: node 'branch', branch 2: 'count >' cannot be read: invalid syntax.",
        "broken.yaml:41:5: node 'nothing': it has no kind. Did you mean 'say'?",
        "broken.yaml:44:11: there is no flow 'agnt'. Did you mean 'agent'?",
        "broken.yaml:46:3: 'greet' stands here a second time; first on line 12.",
    ]


def test_what_is_no_yaml_is_said_with_its_line() -> None:
    assert faults_of(torn="flow: torn\nnodes:\n  greet: [say") == [
        "torn.yaml:4:1: this is not YAML: did not find expected ',' or ']'. Check the indentation and quotes here."
    ]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "nodes: {}"])
def test_a_file_that_is_no_flow_is_refused(text: str) -> None:
    assert all(fault.startswith("odd.yaml:1:1: ") for fault in faults_of(odd=text))


def test_keys_and_words_are_taken_as_written_not_as_yaml_1_1_reads_them() -> None:
    text = textwrap.dedent(
        """
        flow: plain
        prompts: {p: {en: no, zh-CN: 010}}
        nodes:
          m:
            menu: p
            options:
              yes: {key: 1, phrases: {en: [yes], zh-CN: [on]}, next: no}
          no:
            hangup: p
        """
    )
    flow = load({"shared.yaml": SHARED, "agent.yaml": AGENT, "plain.yaml": text}, SERVICES, LANGUAGES).flows["plain"]
    assert flow.nodes["m"].options[0].key == "1"  # type: ignore[attr-defined]
    assert flow.prompts["p"]["en"].source == "no"
    assert flow.prompts["p"]["zh-CN"].source == "010"


def test_the_same_files_are_the_same_revision_and_any_change_is_another() -> None:
    files = read_files(SHIPPED_FLOWS)
    assert revision_of(files) == revision_of(dict(reversed(files.items())))
    changed = files | {"main.yaml": files["main.yaml"] + " "}
    assert revision_of(changed) != revision_of(files)


def test_a_condition_may_not_reach_outside_the_language() -> None:
    flow = "flow: sly\nnodes:\n  a:\n    when:\n      - {if: '().__class__', next: a}\n      - else: a\n"
    assert faults_of(sly=flow) == [
        "sly.yaml:5:14: node 'a', branch 1: '().__class__' uses Attribute, which conditions do not have."
    ]
