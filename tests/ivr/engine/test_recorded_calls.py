"""Callers are told that they are recorded, and what is private is marked, so that it can be left out."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ivr import outputs
from ivr.events import Digits, Recorded
from ivr.outputs import Gather, Record
from ivr.session import resume
from speech.check_digits import complete
from tests.ivr.engine.caller import Caller, flows_with

FLOW = """
flow: told
vars: {pin: {type: digits, private: true}, wish: digits, number: account, message: text}
prompts:
  recorded_notice: {en: This call may be recorded., zh-CN: 本次通话可能会被录音。}
  tell: {en: Please tell., zh-CN: 请讲。}
nodes:
  notice: {say: recorded_notice, next: pin}
  pin:
    {ask: [recorded_notice, tell], type: digits, min: 4, max: 4, private: true, confirm: always, into: pin, next: wish}
  wish: {ask: tell, type: digits, min: 4, max: 4, into: wish, next: number}
  number: {ask: tell, type: account, confirm: never, into: number, next: secret}
  secret: {record: tell, into: message, private: true, next: plain}
  plain: {record: tell, into: message, next: bye}
  bye: {hangup: goodbye}
"""
NOTICE = "This call may be recorded."


def told(**given: Any) -> Caller:
    return Caller(flows_with(FLOW), "told", **given)


@pytest.mark.parametrize("given", [{"recorded": True}, {"recorded": "true"}])
def test_the_notice_is_said_in_a_call_that_is_recorded(given: dict[str, Any]) -> None:
    assert told(**given).hears == [NOTICE, NOTICE, "Please tell."]


@pytest.mark.parametrize("given", [{}, {"recorded": False}, {"recorded": "false"}])
def test_it_is_passed_by_in_any_other(given: dict[str, Any]) -> None:
    assert told(**given).hears == ["Please tell."]


def test_a_call_that_began_before_there_was_a_notice_goes_on_without() -> None:
    caller = told()
    assert caller.turn.state is not None
    del caller.turn.state["base"]["recorded"]
    assert resume(caller.flows, caller.turn.state, Digits("1234")).state is not None


def test_waits_for_what_is_private_say_so() -> None:
    caller = told()
    waits = [caller.turn.outputs[-1]]
    for event in (
        *map(Digits, ("1234", "1", "5678", complete("123456789", "luhn"))), Recorded("r" * 32, 2.0)
    ):  # fmt: skip
        waits.append(caller.does(event).turn.outputs[-1])
    assert [(type(wait), wait.private) for wait in waits if isinstance(wait, Gather | Record)] == [
        (Gather, True),
        (Gather, True),  # asked back
        (Gather, False),
        (Gather, True),  # an account number
        (Record, True),
        (Record, False),
    ]


@pytest.mark.parametrize("wait", [Gather("en", None, None, private=True), Record(60.0, private=True)])
def test_the_mark_is_kept_with_the_turn_and_turns_of_before_have_none(wait: Gather | Record) -> None:
    written = orjson.loads(orjson.dumps(outputs.to_json(wait)))
    assert outputs.from_json(written) == wait
    del written["private"]
    older = outputs.from_json(written)
    assert isinstance(older, Gather | Record)
    assert not older.private
