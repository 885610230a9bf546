"""What a caller hears, turn by turn. The state goes through JSON at every turn, as it does between two webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ivr.events import CallStarted, Digits, Event, HungUp, NoInput, Recorded, ServiceResult, Speech
from ivr.flow import FlowSet
from ivr.outputs import CallService, Fault, Gather, Hangup, Heard, LanguageChanged, Record, Say
from ivr.session import Limits, SessionError, Turn, resume, start

FlowsOf = Callable[..., FlowSet]


class Caller:
    """Talks to one flow."""

    def __init__(self, flows: FlowSet, flow: str, language: str = "en", **variables: Any) -> None:
        self.flows = flows
        event = CallStarted("+8613800138000", "95598", "inbound", language, "2026-11-23", variables)
        self.turn: Turn = start(flows, flow, event)

    def does(self, event: Event) -> Caller:
        state = json.loads(json.dumps(self.turn.state))
        self.turn = resume(self.flows, state, event)
        return self

    @property
    def hears(self) -> list[str]:
        return [segment.text for output in self.turn.outputs if isinstance(output, Say) for segment in output.segments]

    @property
    def waits_for(self) -> object:
        return self.turn.outputs[-1]

    def output(self, kind: type) -> Any:
        return next(o for o in self.turn.outputs if isinstance(o, kind))


MENU = """
flow: menu
vars: {choice: text}
prompts:
  which: {en: One or two?, zh-CN: 一还是二?}
  done: {en: "You took {choice}.", zh-CN: "您选了{choice}。"}
nodes:
  which:
    menu: which
    into: choice
    options:
      bill: {key: "1", phrases: {en: [my bill], zh-CN: [电费]}, next: done}
      chinese: {key: "2", phrases: {en: [chinese], zh-CN: [中文]}, next: chinese}
  chinese:
    set: {language: zh-CN}
    next: which
  done:
    hangup: done
"""


def test_a_menu_is_answered_by_key_or_by_phrase(flows_of: FlowsOf) -> None:
    flows = flows_of(MENU)
    assert Caller(flows, "menu").hears == ["One or two?"]
    assert Caller(flows, "menu").does(Digits("1")).hears == ["You took bill."]
    spoken = Caller(flows, "menu").does(Speech("my bill", 0.9))
    assert spoken.hears == ["You took bill."]
    heard = spoken.output(Heard)
    assert (heard.verdict, heard.option, heard.phrase, heard.confidence) == ("match", "bill", "my bill", 0.9)
    assert spoken.turn.state is None


def test_the_grammar_of_a_wait_holds_its_own_phrases_and_the_global_ones(flows_of: FlowsOf) -> None:
    gather = Caller(flows_of(MENU), "menu").waits_for
    assert isinstance(gather, Gather)
    assert gather.speech is not None
    assert set(gather.speech.phrases) == {"my bill", "chinese", "danger", "repeat"}
    assert gather.keys is not None
    assert gather.keys.max_digits == 1


def test_silence_and_what_does_not_fit_are_counted_apart_and_taper(flows_of: FlowsOf) -> None:
    caller = Caller(flows_of(MENU), "menu")
    assert caller.does(NoInput()).hears == ["First silence.", "One or two?"]
    assert caller.does(Digits("5")).hears == ["First not understood.", "One or two?"]
    assert caller.does(NoInput()).hears == ["Second silence.", "One or two?"]
    # The third silence reaches its limit and goes to a person; it does not hang up without a word.
    assert caller.does(NoInput()).hears == ["An agent will call."]


def test_speech_that_was_not_recognised_is_no_match_and_not_silence(flows_of: FlowsOf) -> None:
    flows = flows_of(MENU)
    assert Caller(flows, "menu").does(Speech("", 0.0)).output(Heard).verdict == "no_match"
    assert Caller(flows, "menu").does(Speech("my bill", 0.1)).output(Heard).verdict == "no_match"


def test_counters_start_anew_when_a_wait_is_entered_again(flows_of: FlowsOf) -> None:
    caller = Caller(flows_of(MENU), "menu").does(NoInput()).does(NoInput()).does(Digits("2"))
    assert caller.output(LanguageChanged).language == "zh-CN"
    assert caller.hears == ["一还是二?"]
    assert caller.does(NoInput()).hears == ["没听到。", "一还是二?"]


def test_repeat_says_the_wait_again_and_danger_leaves_everything(flows_of: FlowsOf) -> None:
    flows = flows_of(MENU)
    assert Caller(flows, "menu").does(Digits("9")).hears == ["One or two?"]
    assert Caller(flows, "menu").does(Speech("danger", 0.9)).hears == ["An agent will call."]
    assert Caller(flows, "menu").does(Digits("7")).turn.state is None


ASK = """
flow: ask
vars: {pin: {type: digits, private: true}, wish: text}
prompts:
  pin: {en: Your PIN?, zh-CN: 密码?}
  again: {en: "It was {pin:digits}.", zh-CN: "{pin:digits}。"}
  wish: {en: Your wish?, zh-CN: 请讲。}
nodes:
  pin:
    ask: pin
    type: digits
    min: 4
    max: 6
    private: true
    into: pin
    next: again
  again:
    say: again
    next: wish
  wish:
    ask: wish
    type: text
    into: wish
    next: bye
  bye:
    hangup: goodbye
"""


@pytest.mark.parametrize(("digits", "verdict"), [("123", "no_match"), ("1234", "match"), ("123456", "match"),
                                                 ("1234567", "no_match"), ("12*4", "no_match")])  # fmt: skip
def test_an_entry_of_the_wrong_length_is_no_match_and_never_cut(flows_of: FlowsOf, digits: str, verdict: str) -> None:
    assert Caller(flows_of(ASK), "ask").does(Digits(digits)).output(Heard).verdict == verdict


def test_what_is_private_is_masked_in_the_timeline_and_marked_where_it_is_said(flows_of: FlowsOf) -> None:
    caller = Caller(flows_of(ASK), "ask").does(Digits("1234"))
    assert caller.turn.private
    assert caller.output(Heard).text == "•••"
    assert caller.output(Say).private


def test_a_free_answer_is_kept_but_a_command_in_it_is_obeyed(flows_of: FlowsOf) -> None:
    flows = flows_of(ASK)
    asked = Caller(flows, "ask").does(Digits("1234"))
    assert isinstance(asked.waits_for, Gather)
    assert asked.waits_for.keys is not None
    assert asked.waits_for.keys.commands == ("*7", "*9")
    assert asked.does(Digits("*7")).hears == ["An agent will call."]
    asked = Caller(flows, "ask").does(Digits("1234"))
    assert asked.does(Speech("please read my meter on Monday", 0.9)).hears == ["Goodbye from Riverbend County Power."]
    assert Caller(flows, "ask").does(Digits("1234")).does(Speech("danger", 0.9)).hears == ["An agent will call."]


LOOK = """
flow: look
vars: {owed: {type: money, private: true}, who: text, rich: yes_no}
prompts:
  found: {en: "{who} owes {owed}.", zh-CN: "{who}欠{owed}。"}
nodes:
  look:
    do: test.look
    with: {number: "{last(caller_number, 4)}", urgent: "true"}
    into: {amount: owed, name: who}
    outcomes: {found: much, none: bye}
  much:
    when:
      - {if: owed > 10000 and who != "", next: flag}
      - else: bye
  flag:
    set: {rich: "true"}
    next: found
  found:
    say: found
    next: bye
  bye:
    hangup: goodbye
"""


def test_a_service_is_an_output_and_its_result_an_event(flows_of: FlowsOf) -> None:
    caller = Caller(flows_of(LOOK), "look")
    assert caller.waits_for == CallService("test.look", {"number": "8000", "urgent": "true"}, 1.5)
    caller.does(ServiceResult("test.look", "found", {"amount": 12345, "name": "Ann"}))
    assert caller.hears[0].startswith("Ann owes ")
    assert "123" in caller.hears[0]
    assert caller.hears[1] == "Goodbye from Riverbend County Power."


def test_a_service_that_fails_costs_an_apology_and_leads_to_a_person(flows_of: FlowsOf) -> None:
    caller = Caller(flows_of(LOOK), "look").does(ServiceResult("test.look", "error"))
    assert caller.hears == ["Sorry.", "An agent will call."]
    assert caller.output(Fault).message == "the service 'test.look' failed"


def test_an_event_that_the_wait_cannot_take_is_refused_and_changes_nothing(flows_of: FlowsOf) -> None:
    caller = Caller(flows_of(MENU), "menu")
    before = json.dumps(caller.turn.state)
    with pytest.raises(SessionError, match="'recorded' does not answer node 'which'"):
        caller.does(Recorded("r", 3.0))
    assert json.dumps(caller.turn.state) == before


SUB = """
flow: outer
vars: {answer: number}
prompts: {said: {en: "It is {answer}.", zh-CN: "是{answer}。"}}
nodes:
  inner:
    call: inner
    with: {base: "20"}
    into: {sum: answer}
    next: said
  said:
    hangup: said
"""
INNER = """
flow: inner
takes: {base: number}
gives: {sum: number}
prompts: {more: {en: How much?, zh-CN: 多少?}}
nodes:
  more:
    ask: more
    type: number
    into: sum
    next: back
  back:
    return: {sum: "{sum + base}"}
"""


def test_a_sub_flow_takes_arguments_and_gives_a_result(flows_of: FlowsOf) -> None:
    said = Caller(flows_of(SUB, INNER), "outer").does(Digits("3")).hears
    assert len(said) == 1
    assert said[0].startswith("It is ")
    assert "23" in said[0] or "twenty-three" in said[0]


def test_a_flow_that_never_waits_is_stopped_and_ends_with_an_apology(flows_of: FlowsOf) -> None:
    loop = "flow: loop\nvars: {n: number}\nnodes:\n  a: {set: {n: '{n + 1}'}, next: b}\n  b: {set: {n: '0'}, next: a}\n"
    event = CallStarted("1", "2", "inbound", "en")
    turn = start(flows_of(loop), "loop", event, Limits(max_steps=50))
    assert "passed 50 nodes" in next(o.message for o in turn.outputs if isinstance(o, Fault))
    assert [s.text for o in turn.outputs if isinstance(o, Say) for s in o.segments] == ["Sorry.", "An agent will call."]
    assert turn.outputs[-1] == Hangup("flow")


def test_a_recording_is_kept_by_its_id_and_silence_asks_again(flows_of: FlowsOf) -> None:
    flow = """
    flow: message
    vars: {recording: text, words: text}
    prompts: {speak: {en: Speak., zh-CN: 请讲。}, got: {en: "Got {words}.", zh-CN: "{words}"}}
    nodes:
      speak: {record: speak, into: recording, transcript_into: words, max_s: 30, next: got}
      got: {hangup: got}
    """
    caller = Caller(flows_of(flow), "message")
    assert caller.waits_for == Record(30.0, 4.0, commands=("7", "9"))
    assert caller.does(NoInput()).hears == ["First silence.", "Speak."]
    assert caller.does(Recorded("abc", 4.2, "hello")).hears == ["Got hello."]


def test_hanging_up_ends_the_session_wherever_it_stands(flows_of: FlowsOf) -> None:
    caller = Caller(flows_of(MENU), "menu").does(HungUp())
    assert caller.turn.state is None
    assert caller.turn.outputs == (Hangup("caller"),)


def test_the_same_input_always_gives_the_same_turn(flows_of: FlowsOf) -> None:
    flows = flows_of(MENU)
    state = Caller(flows, "menu").turn.state
    assert state is not None
    kept = json.dumps(state)
    assert resume(flows, state, Digits("2")) == resume(flows, state, Digits("2"))
    assert json.dumps(state) == kept


def test_an_argument_that_a_flow_needs_must_be_given(flows_of: FlowsOf) -> None:
    with pytest.raises(SessionError, match="flow 'inner' needs base"):
        Caller(flows_of(INNER), "inner")
    assert Caller(flows_of(INNER), "inner", base=1).hears == ["How much?"]
