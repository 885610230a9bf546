"""One turn under way: where the call stands, what has been put out, and the moves that every kind of node shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.engine.state import FlowFaulted, Frame, State, new_frame, packed, typed, unpacked
from ivr.expressions import OPEN
from ivr.flow import Flow, FlowSet, Node, PromptUse
from ivr.moment import Moment
from ivr.outputs import RECORDED_NOTICE, Hangup, LanguageChanged, Output, Say, Segment

MAX_DEPTH = 20
MAX_BACK = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """Speech of less confidence than `reject_below` was not understood; between that and `confirm_below` it is asked
    back."""

    max_steps: int = 200  # nodes passed in one turn
    reject_below: float = 0.45
    confirm_below: float = 0.6


class Walk:
    def __init__(self, flows: FlowSet, state: State, limits: Limits, moment: Moment | None) -> None:
        self.flows = flows
        self.state = state
        self.limits = limits
        self.moment = moment or Moment.noon_of(state["base"]["today"])
        self.outputs: list[Output] = []
        self.private = False
        self.waiting = False
        local = self.moment.now.isoformat()
        self._known = state["base"] | {
            "storm": self.moment.storm, "now": local[:16], "time": local[11:16], OPEN: self._open,
        }  # fmt: skip

    # --- where we are

    @property
    def frame(self) -> Frame:
        frame: Frame = self.state["frames"][-1]
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
        own = self.frame["vars"] if self.state["frames"] else {}
        return {**self._known, "language": self.language, "utility": utility, **own}

    def _open(self, calendar: str) -> bool:
        from ivr.opening_hours import is_open  # brings the tables of public holidays: only for who has calendars

        return is_open(self.flows.calendars[calendar], self.moment.now)

    # --- moves

    def go(self, node: str) -> None:
        self.frame["node"] = node
        self.state["wait"] = None

    def begun(self, flow: str) -> Flow:
        """The flow that runs where `flow` is begun: in a storm it may be another."""
        return self.flows.flows[self.flows.storm.get(flow, flow) if self.moment.storm else flow]

    def jump(self, flow: str, arguments: Mapping[str, Any], *, first: bool = False) -> None:
        """Leaves everything for `flow`. `first`: what the caller wants comes before a storm and a call's length."""
        target = self.flows.flows[flow] if first else self.begun(flow)
        frame = new_frame(target, {k: v for k, v in arguments.items() if k in target.takes})
        if first:
            frame["first"] = True
        self.state["frames"] = [frame]
        self.state["wait"] = None

    def call(self, flow: str, arguments: Mapping[str, Any], into: Mapping[str, str], then: str) -> None:
        if len(self.state["frames"]) >= MAX_DEPTH:
            raise FlowFaulted(f"flows call each other more than {MAX_DEPTH} deep")
        target = self.begun(flow)
        frame = new_frame(target, {k: v for k, v in arguments.items() if k in target.takes})
        self.state["frames"].append(frame | {"into": dict(into), "next": then})
        self.state["wait"] = None

    def end(self, reason: str) -> None:
        self.state["frames"] = []
        self.outputs.append(Hangup(reason))

    def over_long(self) -> bool:
        """Before the caller is waited for again: whether the call is too long, and then it goes where such calls go."""
        if not self.moment.too_long or self.state.get("ending") or self._comes_first():
            return False
        self.state["ending"] = True
        if self.flows.too_long_flow:
            self.jump(self.flows.too_long_flow, {"reason": "too_long"})
        else:
            self.say_shared("goodbye")
            self.end("too_long")
        return True

    def _comes_first(self) -> bool:
        """Whether the call is where a wish that beats everything leads, by that wish or by a node that calls it so."""
        frames = self.state["frames"]
        if any(frame.get("first") for frame in frames):
            return True
        for option in self.flows.first:
            takes = self.flows.flows[option.flow].takes
            given = {
                name: typed(takes[name].type, name, template.value(self.variables))
                for name, template in option.arguments.items()
                if name in takes
            }
            if given and any(f["flow"] == option.flow and given.items() <= f["vars"].items() for f in frames):
                return True
        return False

    def wait(self) -> None:
        self.waiting = True
        if self.state["wait"] is None:
            self.state["wait"] = {}

    # --- the way back

    def remember(self) -> None:
        """The wait the call stands at is about to be left."""
        been = self.state.setdefault("back", [])
        been.append(packed(self.state["frames"], self.flows))
        del been[:-MAX_BACK]

    def forget(self) -> None:
        """Something was done that going back would do twice."""
        self.state["back"] = []

    def back(self) -> bool:
        """To the wait before this one, as it was. False where there is none."""
        been = self.state.get("back")
        if not been:
            return False
        self.state["frames"] = unpacked(been.pop(), self.flows)
        self.state["wait"] = None
        return True

    # --- speaking

    def speak(self, language: str) -> None:
        if language not in self.flows.languages:
            raise FlowFaulted(f"'{language}' is no language of this hotline")
        if language != self.language:
            self.state["language"] = language
            self.outputs.append(LanguageChanged(language))

    def say(self, prompts: tuple[PromptUse, ...], *, barge_in: bool = True) -> None:
        if not self.state["base"].get("recorded"):
            prompts = tuple(prompt for prompt in prompts if prompt.id != RECORDED_NOTICE)
        if not prompts:
            return
        flow = self.flow
        variables: dict[str, Any] | None = None  # only asked for where a value is said
        segments, private = [], False
        for prompt in prompts:
            language = prompt.language or self.language
            template = self.flows.texts(flow, prompt.id)[language]
            if template.fixed:
                segments.append(Segment(template.source, language, prompt.id))
                continue
            if template.same_for_all:
                text = template.spoken({"utility": self.flows.utility.get(language, "")}, {}, language)
                segments.append(Segment(text, language, prompt.id))
                continue
            variables = variables or self.variables
            known = variables | {"utility": self.flows.utility.get(language, "")}
            segments.append(Segment(template.spoken(known, flow.formats, language), language))
            private = private or bool(template.names & flow.secret)
        self.outputs.append(Say(tuple(segments), barge_in, private))

    def say_shared(
        self, prompt: str, values: Mapping[str, Any] | None = None, formats: Mapping[str, str] | None = None,
        *, private: bool = False,
    ) -> None:  # fmt: skip
        """A prompt of the shared file, with `values` for the names in it; nothing where there is no such prompt."""
        texts = self.flows.prompts.get(prompt)
        if texts is None:
            return
        template = texts[self.language]
        if template.fixed:
            segment = Segment(template.source, self.language, prompt)
        else:
            known = self.flow.formats if self.state["frames"] else {}
            text = template.spoken({**self.variables, **(values or {})}, {**known, **(formats or {})}, self.language)
            segment = Segment(text, self.language)
        self.outputs.append(Say((segment,), private=private))
