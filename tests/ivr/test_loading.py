"""What may be wrong with the shared file and with waits: each fault with its place and a way to mend it."""

from __future__ import annotations

import pytest

from ivr.flow import AskNode, Confirm, MenuNode
from ivr.loader import FlowError
from tests.ivr.engine.caller import ASK, SHARED, flows_with

FIRST_VERSION = """
globals:
  repeat: {key: "9", phrases: {en: [repeat], zh-CN: [重听]}, action: repeat}
defaults:
  no_input: {say: [again], limit: 3, flow: agent}
  no_match: {say: [again], limit: 2, flow: agent}
  fault_flow: agent
"""


def faults(*flows: str, shared: str = SHARED) -> list[str]:
    with pytest.raises(FlowError) as raised:
        flows_with(*flows, shared=shared)
    return [str(fault).split(": ", 1)[1] for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("action: repeat", "action: repaet", "'repaet' is nothing a caller can ask for. Did you mean 'repeat'?"),
        ("action: repeat", "", "it has either 'action' (repeat, back, main_menu, help, language) or 'flow: NAME'."),
        (
            "action: repeat",
            "action: repeat, flow: agent",
            "it has either 'action' (repeat, back, main_menu, help, lang",
        ),
        (
            "action: repeat",
            "action: repeat, first: true",
            "what comes first everywhere leads to a flow. Write 'flow: N",
        ),
        ("action: language", "action: language, to: fr", "'fr' is no language of this hotline. There are: en, zh-CN."),
        (
            'danger: {key: "7"',
            'danger: {key: "1"',
            "key 1 answers yes or no when something is asked back. Take another.",
        ),
        ("main_menu: home/home", "main_menu: home", "'main_menu' is 'home'. Write FLOW/NODE, as in main/menu."),
        ("main_menu: home/home", "main_menu: home/hme", "flow 'home' has no node 'hme'. Did you mean 'home'?"),
        ("main_menu: home/home", "main_menu: hime/home", "there is no flow 'hime'. Did you mean 'home'?"),
        (
            "  main_menu: home/home\n",
            "",
            "'main_menu' leads to the main menu: say where that is. Write 'main_menu: FLOW",
        ),
        ("too_long_flow: ending", "too_long_flow: endng", "there is no flow 'endng'. Did you mean 'ending'?"),
        ("check: luhn", "check: lun", "'lun' is no way to make a check digit. Did you mean 'luhn'?"),
        ("storm: {home: storm}", "storm: {home: home}", "'home' cannot stand in for itself."),
        ("storm: {home: storm}", "storm: {hone: storm}", "there is no flow 'hone'. Did you mean 'home'?"),
        ("storm: {home: storm}", "storms: {home: storm}", "the shared file has no key 'storms'. Did you mean 'storm'?"),
        ("You said {value}. Right?", "You said {valeu}. Right?", "a shared prompt knows no 'valeu'."),
        ('{en: "Goodbye from {utility}."', '{en: "Goodbye {value}."', "a shared prompt knows no 'value'."),
        ("{say: [invalid_1]", "{say: [invalid_9]", "there is no prompt 'invalid_9'. Did you mean 'invalid_1'?"),
    ],
)
def test_the_shared_file_is_held_to_what_it_names(old: str, new: str, fault: str) -> None:
    assert old in SHARED
    assert [found for found in faults(shared=SHARED.replace(old, new)) if fault in found]


@pytest.mark.parametrize(
    ("type_", "more", "fault"),
    [
        ("digits", "confirm: allways,", "'confirm' is 'allways'. Did you mean 'always'?"),
        (
            "digits",
            "max_value: 3,",
            "'max_value' does not go here: a value of type 'digits' has no bounds; number, money",
        ),
        ("date", "min: 4,", "'min' does not go here: an entry of type 'date' has a length of its own. Leave it out."),
        ("account", "max: 9,", "'max' does not go here: an entry of type 'account' has a length of its own."),
        ("date", "min_value: tomorrow,", "'min_value' is 'tomorrow', no day. Write 2026-12-31, today, today+30 or "),
        ("number", "min_value: 9, max_value: 3,", "'min_value' is 9, more than 'max_value', 3."),
        ("number", "min_value: few,", "'min_value' is 'few', not a number from -1e+12 to 1e+12."),
        ("money", 'terminator: "*",', "'*' is the decimal point of an amount and cannot end it. Leave it '#'."),
        ("digits", "invalid: {say: [sorry]},", "there is no prompt 'sorry'."),
        ("digits", "help: soon,", "'help' has 'say', 'limit' and 'next' under it."),
    ],
)
def test_a_question_is_held_to_its_type(type_: str, more: str, fault: str) -> None:
    assert [found for found in faults(ASK.format(type_=type_, more=more)) if fault in found]


def test_what_comes_first_everywhere_cannot_be_covered() -> None:
    flow = """
    flow: own
    nodes:
      which: {menu: home, options: {mine: {key: "7", next: bye}}}
      bye: {hangup: goodbye}
    """
    assert faults(flow) == [
        "node 'which', option 'mine': key 7 is that of 'danger', which comes first everywhere. Take another key."
    ]


def test_confirming_needs_words_to_ask_back_with() -> None:
    bare = "\n".join(line for line in SHARED.splitlines() if "confirm_" not in line)
    assert faults(ASK.format(type_="digits", more="confirm: always,"), shared=bare) == [
        "node 'value': there is no prompt to ask back with: 'confirm_value' of the shared file."
    ]


def test_a_condition_asks_calendars_by_name_only() -> None:
    flow = "flow: odd\nnodes:\n  a: {when: [{if: 'open(1 + 2)', next: b}, {else: b}]}\n  b: {hangup: goodbye}\n"
    assert faults(flow) == [
        "node 'a', branch 1: 'open(1 + 2)': open() takes the name of one calendar, as in open(service)."
    ]
    assert faults(flow.replace("1 + 2", "service")) == ["there is no calendar 'service'. Declare it in calendars.yaml."]


def test_a_flow_in_the_place_of_another_is_given_no_more_than_that() -> None:
    flow = "flow: needy\ntakes: {account: digits}\nnodes:\n  bye: {hangup: goodbye}\n"
    assert faults(flow, shared=SHARED.replace("{home: storm}", "{home: needy}")) == [
        "flow 'needy' needs 'account', which 'home' does not take. Give it a default, or let 'home' take it as well."
    ]


def test_what_a_wait_leaves_out_is_as_the_defaults_say() -> None:
    flows = flows_with(ASK.format(type_="account", more=""))
    ask, menu = flows.flows["asking"].nodes["value"], flows.flows["home"].nodes["home"]
    assert isinstance(ask, AskNode)
    assert isinstance(menu, MenuNode)
    assert (ask.min_digits, ask.max_digits, ask.confirm) == (10, 10, Confirm.AUTO)
    assert (ask.invalid.limit, ask.invalid.flow) == (2, "agent")
    assert [prompt.id for prompt in menu.help.prompts] == ["help_1", "help_2"]
    assert flows.account_check.check == "luhn"
    assert (flows.main_menu, flows.storm, flows.too_long_flow) == (("home", "home"), {"home": "storm"}, "ending")


def test_flows_of_the_first_version_of_the_language_are_still_read() -> None:
    names = ("home", "goodbye", "rescue", "person", "shortly", "ending", "apology", "again")
    prompts = "".join(f"  {name}: {{en: {name}, zh-CN: {name}}}\n" for name in names)
    flows = flows_with(shared=f"prompts:\n{prompts}{FIRST_VERSION}")
    assert flows.main_menu is None
    menu = flows.flows["home"].nodes["home"]
    assert isinstance(menu, MenuNode)
    assert (menu.help.flow, menu.confirm) == ("agent", Confirm.NEVER)
