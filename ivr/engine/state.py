"""The state of a call between two turns: only what JSON holds.

language   what is spoken
base       what is known from the start: caller_number, called_number, direction, today, answered_by, recorded
frames     the flows that have called each other, the newest last: flow, node, vars, into, next
wait       counters of the wait the call stands at (no_input, no_match, help, invalid), `denied`, and `confirm` while
           something is asked back; None elsewhere
back       where the caller has been, the newest last: frames, their variables written only where they differ
faulted    the fault flow has been begun
ending     the flow for calls that are too long has been begun
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.flow import Flow, FlowSet
from ivr.values import ValueType, coerce

State = dict[str, Any]
Frame = dict[str, Any]


class FlowFaulted(Exception):
    """The flow cannot go on: too many steps, a value that does not fit, an outcome that leads nowhere."""


def new_frame(flow: Flow, arguments: Mapping[str, Any], node: str = "") -> Frame:
    variables = {name: variable.default for name, variable in flow.variables.items()}
    variables |= {name: typed(flow.variables[name].type, name, value) for name, value in arguments.items()}
    return {"flow": flow.name, "node": node or flow.start, "vars": variables, "into": {}, "next": ""}


def typed(type_: ValueType, name: str, value: Any) -> Any:
    """A literal in a flow file is text; it becomes what the variable is."""
    try:
        return coerce(type_, value)
    except (ValueError, TypeError):
        raise FlowFaulted(f"'{value}' is no {type_.value} for '{name}'") from None


_UNSAID: Mapping[str, Any] = {"into": {}, "next": ""}


def packed(frames: list[Frame], flows: FlowSet) -> list[Frame]:
    """A copy that takes little room, as eight of them travel with every turn: only what is not as it was declared."""
    kept = []
    for frame in frames:
        declared = flows.flows[frame["flow"]].variables
        changed = {name: value for name, value in frame["vars"].items() if value != declared[name].default}
        short = {name: value for name, value in frame.items() if value != _UNSAID.get(name)}
        kept.append({**short, "vars": changed})
    return kept


def unpacked(frames: list[Frame], flows: FlowSet) -> list[Frame]:
    whole = []
    for frame in frames:
        declared = flows.flows[frame["flow"]].variables
        defaults = {name: variable.default for name, variable in declared.items()}
        whole.append({"into": {}, "next": "", **frame, "vars": defaults | frame["vars"]})
    return whole
