"""The engine: `start` and `resume` take an event and give the outputs up to the next wait, and the state as JSON.

Pure: no rows, no clock, no chance. The same flows, state and event always give the same turn, so that a call can be
played again. The state holds no object, only what JSON holds, and it is the caller's to keep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ivr import flow as nodes
from ivr.events import CallStarted, DialEnded, Digits, Event, HungUp, NoInput, Recorded, ServiceResult, Speech
from ivr.expressions import ExpressionError
from ivr.flow import KIND_OF, Escalation, Flow, FlowSet, Node, PromptUse
from ivr.moment import Moment
from ivr.outputs import (
    CallService,
    Fault,
    Hangup,
    Heard,
    LanguageChanged,
    NodeEntered,
    Output,
    Record,
    Say,
    Segment,
    Transfer,
)  # fmt: skip
from ivr.routing import Understood, gather_for, understand
from ivr.values import ValueType, coerce

State = dict[str, Any]
MAX_DEPTH = 20


class SessionError(Exception):
    """The event does not fit the wait that the call stands at (a remote's fault, not the flow's)."""


class FlowFaulted(Exception):
    """The flow cannot go on: too many steps, a value that does not fit, an outcome that leads nowhere."""


@dataclass(frozen=True, slots=True)
class Limits:
    max_steps: int = 200  # nodes passed in one turn
    reject_below: float = 0.45  # speech of less confidence was not understood


@dataclass(frozen=True, slots=True)
class Turn:
    """`state` is None when the call is over. `private`: the event answered a private question; do not keep its text."""

    outputs: tuple[Output, ...]
    state: State | None
    language: str
    private: bool = False


def start(
    flows: FlowSet, flow: str, event: CallStarted, limits: Limits = Limits(), moment: Moment | None = None
) -> Turn:
    """Begins `flow`. Raises SessionError where the flow does not exist or an argument it needs is not given."""
    if flow not in flows.flows:
        raise SessionError(f"there is no flow '{flow}'")
    takes = flows.flows[flow].takes
    missing = [name for name, variable in takes.items() if variable.required and name not in event.variables]
    if missing:
        raise SessionError(f"flow '{flow}' needs {', '.join(missing)}")
    state: State = {
        "language": event.language,
        "base": {
            "caller_number": event.from_number,
            "called_number": event.to_number,
            "direction": event.direction,
            "today": event.today,
            "answered_by": str(event.variables.get("answered_by", "")),
        },
        "frames": [_frame(flows.flows[flow], {k: v for k, v in event.variables.items() if k in takes})],
        "wait": None,
        "faulted": False,
    }
    return _Walk(flows, state, limits).enter()


def resume(
    flows: FlowSet, state: State, event: Event, limits: Limits = Limits(), moment: Moment | None = None
) -> Turn:
    """Goes on from a wait. Raises SessionError for an event that the wait cannot take; `state` is left as it was."""
    return _Walk(flows, orjson.loads(orjson.dumps(state)), limits).on(event)


def _frame(flow: Flow, arguments: Mapping[str, Any]) -> dict[str, Any]:
    variables = {name: variable.default for name, variable in flow.variables.items()}
    variables |= {name: _typed(flow.variables[name].type, name, value) for name, value in arguments.items()}
    return {"flow": flow.name, "node": flow.start, "vars": variables, "into": {}, "next": ""}


class _Walk:
    """One turn under way."""

    def __init__(self, flows: FlowSet, state: State, limits: Limits) -> None:
        self.flows = flows
        self.state = state
        self.limits = limits
        self.outputs: list[Output] = []
        self.private = False
        self.waiting = False

    # --- where we are

    @property
    def frame(self) -> dict[str, Any]:
        frame: dict[str, Any] = self.state["frames"][-1]
        return frame

    @property
    def flow(self) -> Flow:
        return self.flows.flows[self.frame["flow"]]

    @property
    def node(self) -> Node:
        return self.flow.nodes[self.frame["node"]]

    @property
    def language(self) -> str:
        language: str = self.state["language"]
        return language

    @property
    def variables(self) -> dict[str, Any]:
        utility = self.flows.utility.get(self.language, "")
        return {**self.state["base"], "language": self.language, "utility": utility, **self.frame["vars"]}

    # --- the turn

    def enter(self) -> Turn:
        return self._guarded(lambda: None)

    def on(self, event: Event) -> Turn:
        if isinstance(event, HungUp):
            self.state["frames"] = []
            self.outputs.append(Hangup(event.reason))
            return Turn(tuple(self.outputs), None, self.language)
        node = self.node
        if isinstance(event, Digits | Speech | NoInput) and isinstance(node, nodes.MenuNode | nodes.AskNode):
            self.private = isinstance(node, nodes.AskNode) and node.private
            return self._guarded(lambda: self._input(node, event))
        if isinstance(node, nodes.RecordNode) and isinstance(event, Recorded | NoInput | Digits):
            return self._guarded(lambda: self._recorded(node, event))
        if isinstance(event, ServiceResult) and isinstance(node, nodes.DoNode) and event.service == node.service:
            return self._guarded(lambda: self._service_result(node, event))
        if isinstance(event, DialEnded) and isinstance(node, nodes.TransferNode):
            return self._guarded(lambda: self._go(node.outcomes.get(event.status, node.outcomes["failed"])))
        raise SessionError(f"'{event.kind}' does not answer node '{node.name}' of flow '{self.flow.name}'")

    def _guarded(self, first: Callable[[], None]) -> Turn:
        """Runs to the next wait. A flow that cannot go on is left once for the fault flow, then the call is ended."""
        try:
            first()
            self._run()
        except (FlowFaulted, ExpressionError) as error:
            self.outputs.append(Fault(str(error)))
            self._fall_back()
        state = self.state if self.state["frames"] else None
        return Turn(tuple(self.outputs), state, self.language, self.private)

    def _fall_back(self) -> None:
        self._say_shared("apology")
        if not self.state["faulted"]:
            self.state["faulted"] = True
            self.state["frames"] = []
            self.waiting = False
            try:
                self._jump(self.flows.fault_flow, {"reason": "fault"})
                self._run()
                return
            except (FlowFaulted, ExpressionError) as error:
                self.outputs.append(Fault(str(error)))
        self._end("fault")

    def _run(self) -> None:
        for _ in range(self.limits.max_steps):
            if self.waiting or not self.state["frames"]:
                return
            node = self.node
            self.outputs.append(NodeEntered(self.flow.name, node.name, KIND_OF[type(node)]))
            _ENTER[type(node)](self, node)
        raise FlowFaulted(
            f"flow '{self.flow.name}' passed {self.limits.max_steps} nodes without waiting for the caller"
        )

    # --- moves

    def _go(self, node: str) -> None:
        self.frame["node"] = node
        self.state["wait"] = None

    def _jump(self, flow: str, arguments: Mapping[str, Any]) -> None:
        """Leaves everything for `flow`: what an escalation and a global option do."""
        takes = self.flows.flows[flow].takes
        self.state["frames"] = [_frame(self.flows.flows[flow], {k: v for k, v in arguments.items() if k in takes})]
        self.state["wait"] = None

    def _end(self, reason: str) -> None:
        self.state["frames"] = []
        self.outputs.append(Hangup(reason))

    def _wait(self) -> None:
        self.waiting = True
        if self.state["wait"] is None:
            self.state["wait"] = {"no_input": 0, "no_match": 0}

    def _say(self, prompts: tuple[PromptUse, ...], *, barge_in: bool = True) -> None:
        segments, private = [], False
        variables, formats = self.variables, self.flow.formats
        secret = {name for name, variable in self.flow.variables.items() if variable.private}
        for prompt in prompts:
            language = prompt.language or self.language
            template = self.flows.texts(self.flow, prompt.id)[language]
            text = template.spoken(variables | {"utility": self.flows.utility.get(language, "")}, formats, language)
            segments.append(Segment(text, language, prompt.id if template.fixed else None))
            private = private or bool(template.names & secret)
        if segments:
            self.outputs.append(Say(tuple(segments), barge_in, private))

    def _say_shared(self, prompt: str) -> None:
        texts = self.flows.prompts.get(prompt)
        if texts is not None:
            self.outputs.append(Say((Segment(texts[self.language].source, self.language, prompt),)))

    # --- nodes entered

    def _enter_say(self, node: nodes.SayNode) -> None:
        self._say(node.prompts, barge_in=node.barge_in)
        self._go(node.next)

    def _enter_wait(
        self, node: nodes.MenuNode | nodes.AskNode, before: tuple[PromptUse, ...] = (), again: bool = True
    ) -> None:
        self._say((*before, *(node.prompts if again else ())), barge_in=node.barge_in)
        key = (self.flow.name, node.name, self.language)
        gather = self.flows.waits.get(key)
        if gather is None:
            gather = self.flows.waits[key] = gather_for(node, self.flows.globals, self.language)
        self.outputs.append(gather)
        self._wait()

    def _enter_record(self, node: nodes.RecordNode, before: tuple[PromptUse, ...] = ()) -> None:
        self._say((*before, *node.prompts), barge_in=False)
        self.outputs.append(Record(node.max_s, node.end_silence_s))
        self._wait()

    def _enter_do(self, node: nodes.DoNode) -> None:
        variables = self.variables
        inputs = {name: template.value(variables) for name, template in node.arguments.items()}
        self.outputs.append(CallService(node.service, inputs, node.budget_s))
        self._wait()

    def _enter_when(self, node: nodes.WhenNode) -> None:
        variables = self.variables
        for branch in node.branches:
            if branch.condition is None or branch.condition.value(variables):
                self._go(branch.next)
                return

    def _enter_set(self, node: nodes.SetNode) -> None:
        variables = self.variables
        for name, template in node.values.items():
            value = template.value(variables)
            if name == "language":
                self._speak(str(value))
            else:
                self.frame["vars"][name] = _typed(self.flow.variables[name].type, name, value)
        self._go(node.next)

    def _speak(self, language: str) -> None:
        if language not in self.flows.languages:
            raise FlowFaulted(f"'{language}' is no language of this hotline")
        if language != self.language:
            self.state["language"] = language
            self.outputs.append(LanguageChanged(language))

    def _enter_call(self, node: nodes.CallNode) -> None:
        if len(self.state["frames"]) >= MAX_DEPTH:
            raise FlowFaulted(f"flows call each other more than {MAX_DEPTH} deep")
        variables = self.variables
        called = self.flows.flows[node.flow]
        frame = _frame(called, {name: template.value(variables) for name, template in node.arguments.items()})
        frame |= {"into": dict(node.into), "next": node.next}
        self.state["frames"].append(frame)
        self.state["wait"] = None

    def _enter_return(self, node: nodes.ReturnNode) -> None:
        variables = self.variables
        results = {name: self.frame["vars"][name] for name in self.flow.gives}
        results |= {name: template.value(variables) for name, template in node.results.items()}
        done = self.state["frames"].pop()
        if not self.state["frames"]:
            self._end("flow")
            return
        for result, variable in done["into"].items():
            self.frame["vars"][variable] = results[result]
        self._go(done["next"])

    def _enter_transfer(self, node: nodes.TransferNode) -> None:
        self._say(node.prompts, barge_in=False)
        self.outputs.append(Transfer(str(node.to.value(self.variables)), node.timeout_s))
        self._wait()

    def _enter_hangup(self, node: nodes.HangupNode) -> None:
        self._say(node.prompts, barge_in=False)
        self._end("flow")

    # --- answers to a wait

    def _input(self, node: nodes.MenuNode | nodes.AskNode, event: Event) -> None:
        understood = understand(node, self.flows.globals, event, self.language, self.limits.reject_below)
        self.outputs.append(understood.heard)
        if understood.heard.verdict == "no_input":
            self._again(node, node.no_input, "no_input")
        elif understood.heard.verdict == "no_match":
            self._again(node, node.no_match, "no_match")
        else:
            self._understood(node, understood)

    def _understood(self, node: nodes.MenuNode | nodes.AskNode, understood: Understood) -> None:
        option = understood.option
        if option is not None and option.action == "repeat":
            self.state["wait"] = None
            self._enter_wait(node)
        elif option is not None and option.flow:
            variables = self.variables
            self._jump(option.flow, {name: t.value(variables) for name, t in option.arguments.items()})
        elif option is not None and isinstance(node, nodes.MenuNode):
            if node.into:
                self.frame["vars"][node.into] = option.name
            self._go(option.next)
        elif isinstance(node, nodes.AskNode):
            self.frame["vars"][node.into] = understood.value
            self._go(node.next)

    def _again(
        self, node: nodes.MenuNode | nodes.AskNode | nodes.RecordNode, escalation: Escalation, counter: str
    ) -> None:
        wait = self.state["wait"]
        wait[counter] += 1
        count = wait[counter]
        if count >= escalation.limit:
            self._escalate(escalation)
            return
        tapered = escalation.prompts[min(count, len(escalation.prompts)) - 1 :][:1] if escalation.prompts else ()
        if isinstance(node, nodes.RecordNode):
            self._enter_record(node, tapered)
        else:
            self._enter_wait(node, tapered, escalation.reprompt)

    def _escalate(self, escalation: Escalation) -> None:
        if escalation.next:
            self._go(escalation.next)
        else:
            self._jump(escalation.flow, {"reason": "not_understood"})

    def _recorded(self, node: nodes.RecordNode, event: Event) -> None:
        if not isinstance(event, Recorded):
            self.outputs.append(Heard(node.name, "silence", "no_input"))
            self._again(node, node.no_input, "no_input")
            return
        self.outputs.append(Heard(node.name, "recording", "match", event.transcript))
        self.frame["vars"][node.into] = event.recording_id
        if node.transcript_into:
            self.frame["vars"][node.transcript_into] = event.transcript
        self._go(node.next)

    def _service_result(self, node: nodes.DoNode, event: ServiceResult) -> None:
        if event.outcome == "error" and "error" not in node.outcomes:
            raise FlowFaulted(f"the service '{event.service}' failed")
        if event.outcome not in node.outcomes:
            raise FlowFaulted(f"the outcome '{event.outcome}' of '{event.service}' leads nowhere")
        for output, variable in node.into.items():
            if output in event.outputs:
                self.frame["vars"][variable] = event.outputs[output]
        self._go(node.outcomes[event.outcome])


def _typed(type_: ValueType, name: str, value: Any) -> Any:
    """A literal in a flow file is text; it becomes what the variable is."""
    try:
        return coerce(type_, value)
    except (ValueError, TypeError):
        raise FlowFaulted(f"'{value}' is no {type_.value} for '{name}'") from None


_ENTER: Mapping[type[Node], Callable[[_Walk, Any], None]] = {
    nodes.SayNode: _Walk._enter_say,
    nodes.MenuNode: _Walk._enter_wait,
    nodes.AskNode: _Walk._enter_wait,
    nodes.RecordNode: _Walk._enter_record,
    nodes.DoNode: _Walk._enter_do,
    nodes.WhenNode: _Walk._enter_when,
    nodes.SetNode: _Walk._enter_set,
    nodes.CallNode: _Walk._enter_call,
    nodes.ReturnNode: _Walk._enter_return,
    nodes.TransferNode: _Walk._enter_transfer,
    nodes.HangupNode: _Walk._enter_hangup,
}
