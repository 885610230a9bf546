"""What is said of a stored call when it is played again, where values are missing, and where flows have changed."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from ivr import events, outputs
from ivr.events import CallStarted, Digits, Event, HungUp, NoInput, ServiceResult, Speech
from ivr.flow import FlowSet
from ivr.loader import load
from ivr.moment import Moment
from ivr.outputs import CallService, Output, ServiceCalled
from ivr.replay.calls import Replay, Verdict, replay
from ivr.replay.stored import StoredCall, StoredTurn
from ivr.replay.summary import summary
from ivr.routing import MASK
from ivr.services import Outcome, Service, ValueType
from ivr.session import Limits, resume, start
from speech.check_digits import complete
from tests.ivr.conftest import AGENT, LANGUAGES, SHARED, UTILITY

MOMENT = Moment.noon_of("2026-11-23")
LOOK = Service(
    "test.look", lambda context, inputs: Outcome("found"), frozenset({"found", "none"}), {"number": ValueType.ACCOUNT},
    {"amount": ValueType.MONEY, "paid": ValueType.YES_NO}, private=frozenset({"amount", "paid"}),
)  # fmt: skip
ACCOUNT = complete("123456789", "luhn")
MAIN = """
flow: main
vars:
  account: {type: account, private: true}
  amount: {type: money, private: true}
  paid: {type: yes_no, private: true}
prompts:
  which: {en: Which account?, zh-CN: 户号?}
  owing: {en: "You owe {amount}.", zh-CN: "欠费{amount}。"}
  settled: {en: "It was {amount} and is paid.", zh-CN: "{amount},已付。"}
  more: {en: Anything else?, zh-CN: 还有吗?}
nodes:
  which: {ask: which, type: account, private: true, into: account, next: look}
  look:
    do: test.look
    with: {number: "{account}"}
    into: {amount: amount, paid: paid}
    outcomes: {found: how, none: which}
  how:
    when:
      - {if: paid, next: settled}
      - else: owing
  owing: {say: owing, next: more}
  settled: {say: settled, next: more}
  more:
    menu: more
    options:
      again: {key: "1", phrases: {en: [again], zh-CN: [再来]}, next: which}
"""


def flows_of(main: str = MAIN, shared: str = SHARED) -> FlowSet:
    shared = shared.replace("  apology:", '  confirm_value: {en: "{value}, right?", zh-CN: "{value}?"}\n  apology:')
    shared += "  account_number: {digits: 10, check: luhn}\n"
    files = {"shared.yaml": shared, "agent.yaml": AGENT, "main.yaml": textwrap.dedent(main)}
    return load(files, {LOOK.name: LOOK}, LANGUAGES, UTILITY)


def called(*inputs: Event, flows: FlowSet | None = None, **given: Any) -> StoredCall:
    """A call as the runner stores it: what is private is masked. `given`: what the service gave."""
    flows = flows or flows_of()
    first: Event = CallStarted("+8613800138000", "95598", "inbound", "en", "2026-11-23")
    turns, state = [], None
    for number, event in enumerate((first, *inputs)):
        if isinstance(event, CallStarted):
            turn = start(flows, "main", event, moment=MOMENT)
        else:
            turn = resume(flows, state or {}, event, moment=MOMENT)
        said: list[Output] = []
        private = turn.private
        while turn.state is not None and isinstance(turn.outputs[-1], CallService):
            wanted = turn.outputs[-1]
            said += turn.outputs[:-1]
            masked = {name: MASK if name in LOOK.private else value for name, value in given.items()}
            said.append(ServiceCalled(wanted.service, "found", wanted.inputs, masked))
            turn = resume(flows, turn.state, ServiceResult(wanted.service, "found", given), moment=MOMENT)
        data = events.to_json(event)
        if private:
            data |= {key: MASK for key in ("digits", "text") if key in data}
        rows = [outputs.to_json(output) for output in (*said, *turn.outputs)]
        turns.append(StoredTurn(number, json.loads(json.dumps(data)), json.loads(json.dumps(rows)), MOMENT))
        state = turn.state
    return StoredCall("c1", "main", flows.revision, tuple(turns))


def played(call: StoredCall, flows: FlowSet | None = None) -> Replay:
    return replay(call, flows or flows_of(), {LOOK.name: LOOK}, Limits())


@pytest.mark.parametrize("paid", [True, False])
@pytest.mark.parametrize(
    "inputs",
    [
        (Digits(ACCOUNT),),
        (Speech(" ".join(ACCOUNT), 0.9),),
        (Digits("12", timed_out=True), NoInput(), Digits(ACCOUNT)),
        (Digits(complete("123456789", "luhn")[:-1] + str((int(ACCOUNT[-1]) + 1) % 10)), Digits(ACCOUNT)),
        (Speech(" ".join(ACCOUNT), 0.5), Speech("yes", 0.9)),
        (Speech(" ".join(ACCOUNT), 0.5), Digits("1")),
        (Speech(" ".join(ACCOUNT), 0.5), Digits("2"), Digits(ACCOUNT)),
        (Digits("*9"), Speech("repeat", 0.9), Digits(ACCOUNT)),
        (Digits(ACCOUNT), Digits("1"), Digits(ACCOUNT), HungUp()),
    ],
)
def test_a_private_call_is_played_with_placeholders_and_is_the_same(inputs: tuple[Event, ...], paid: bool) -> None:
    done = played(called(*inputs, amount=12345, paid=paid))
    assert (done.verdict, done.turns) == (Verdict.SAME, len(inputs) + 1), done
    assert any("'amount' of test.look" in note for note in done.notes)


def test_danger_at_a_private_question_goes_where_it_went() -> None:
    assert played(called(Digits("*7"))).verdict is Verdict.SAME
    assert played(called(Speech("danger", 0.9))).verdict is Verdict.SAME


def test_other_words_around_a_private_value_are_a_difference_and_another_value_is_none() -> None:
    call = called(Digits(ACCOUNT), amount=12345, paid=False)
    changed = played(call, flows_of(MAIN.replace("You owe {amount}.", "Please pay {amount}.")))
    assert changed.verdict is Verdict.DIFFERENT
    assert changed.parting is not None
    assert (changed.parting.turn, changed.parting.node) == (1, "main/owing")
    assert (changed.parting.then, changed.parting.now) == (MASK, MASK), "what is private is not shown"


def test_a_way_that_no_placeholder_leads_is_said_to_be_unknown() -> None:
    call = called(Digits(ACCOUNT), amount=12345, paid=False)
    changed = played(call, flows_of(MAIN.replace("if: paid,", "if: amount > 12000,")))
    assert changed.verdict is Verdict.SAME, "another amount leads the way it went"
    lost = played(call, flows_of(MAIN.replace("- else: owing", "- else: settled")))
    assert lost.verdict is Verdict.CANNOT
    assert lost.reason == "the way on from main/how hangs on a value that is private and not kept"
    assert lost.parting is not None


def test_how_prompts_are_cut_is_nothing_a_caller_hears() -> None:
    one = MAIN.replace("more: {en: Anything else?", "more: {en: One more thing. Anything else?")
    two = MAIN.replace("menu: more", "menu: [thing, more]").replace(
        "  more: {en", "  thing: {en: One more thing., zh-CN: 还有。}\n  more: {en"
    )
    call = called(Digits(ACCOUNT), flows=flows_of(one.replace("还有吗?", "还有。 还有吗?")), amount=1, paid=False)
    assert played(call, flows_of(two)).verdict is Verdict.SAME


def test_a_call_that_ends_where_it_went_on_is_different() -> None:
    call = called(Digits(ACCOUNT), NoInput(), amount=1, paid=False)
    ends = played(call, flows_of(MAIN.replace("owing: {say: owing, next: more}", "owing: {hangup: owing}")))
    assert ends.verdict is Verdict.DIFFERENT
    assert ends.parting is not None
    assert ends.parting.message == "less is said"
    silent = MAIN.replace("    menu: more\n", "    menu: more\n    no_input: {limit: 1, next: which}\n")
    assert played(call, flows_of(silent)).parting is not None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda call: replace(call, turns=()),
            "the call has no turns: it was never answered, or they were deleted (recordings.keep_days)",
        ),
        (
            lambda call: replace(call, turns=(replace(call.turns[0], event={"kind": "waved"}),)),
            "turn 0 was written by another release: no such event: 'waved'",
        ),
        (
            lambda call: replace(call, turns=(replace(call.turns[0], outputs=[{"kind": "say"}]),)),
            "turn 0 was written by another release: 'segments'",
        ),
    ],
)
def test_a_call_that_cannot_be_read_is_told_so(change: Callable[[StoredCall], StoredCall], reason: str) -> None:
    done = played(change(called()))
    assert (done.verdict, done.reason) == (Verdict.CANNOT, reason)


def test_a_flow_that_is_gone_is_a_difference() -> None:
    gone: Mapping[str, Any] = {**flows_of().flows}
    done = played(called(), replace(flows_of(), flows={name: f for name, f in gone.items() if name != "main"}))
    assert done.verdict is Verdict.DIFFERENT
    assert done.parting is not None
    assert done.parting.message == "there is no flow 'main'"


def test_many_are_grouped_by_place_the_largest_first() -> None:
    call = called(Digits(ACCOUNT), amount=1, paid=False)
    changed = flows_of(MAIN.replace("You owe", "Please pay"))
    early = flows_of(MAIN.replace("Which account?", "Your account?"))
    found = summary([played(call), played(call, early), played(call, changed), played(call, changed)])
    assert found.same == 1
    assert [(group.node, len(group.calls)) for group in found.different] == [("main/owing", 2), ("main/which", 1)]
    assert found.cannot == ()
