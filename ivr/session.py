"""The engine: `start` and `resume` take an event and give the outputs up to the next wait, and the state as JSON.

Pure: no rows, no clock, no chance. The same flows, state, event and moment always give the same turn, so that a call
can be played again. The state (see `ivr.engine.state`) holds only what JSON holds; it is the caller's to keep.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from ivr.engine import turns
from ivr.engine.state import FlowFaulted, State, new_frame
from ivr.engine.turns import SessionError
from ivr.engine.walk import MAX_DEPTH, Limits, Walk
from ivr.events import CallStarted, Event
from ivr.flow import FlowSet
from ivr.moment import Moment
from ivr.outputs import Output

__all__ = ["MAX_DEPTH", "FlowFaulted", "Limits", "SessionError", "State", "Turn", "resume", "start"]

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Turn:
    """`state` is None when the call is over. `private`: the event answered a private question; do not keep its text."""

    outputs: tuple[Output, ...]
    state: State | None
    language: str
    private: bool = False


def start(
    flows: FlowSet, flow: str, event: CallStarted, limits: Limits = DEFAULT_LIMITS, moment: Moment | None = None
) -> Turn:
    """Begins `flow`. Raises SessionError where the flow does not exist or an argument it needs is not given.

    Without a `moment` it is midday of the day the call began, and there is no storm.
    """
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
            "recorded": event.variables.get("recorded") in (True, "true"),
        },
        "frames": [],
        "wait": None,
        "faulted": False,
    }
    walk = Walk(flows, state, limits, moment)
    target = walk.begun(flow)
    state["frames"] = [new_frame(target, {k: v for k, v in event.variables.items() if k in target.takes})]
    turns.begin(walk)
    return _turn(walk)


def resume(
    flows: FlowSet, state: State, event: Event, limits: Limits = DEFAULT_LIMITS, moment: Moment | None = None
) -> Turn:
    """Goes on from a wait. Raises SessionError for an event that the wait cannot take; `state` is left as it was."""
    walk = Walk(flows, orjson.loads(orjson.dumps(state)), limits, moment)
    turns.go_on(walk, event)
    return _turn(walk)


def _turn(walk: Walk) -> Turn:
    state = walk.state if walk.state["frames"] else None
    return Turn(tuple(walk.outputs), state, walk.language, walk.private)
