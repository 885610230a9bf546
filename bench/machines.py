"""The same conversation as bare state machines: with the `transitions` library, and written by hand.

Both know every node and way of the shipped flows and are sent along the way the engine took. They move from state to
state and note where they are; they say nothing, understand nothing, keep no variables, check no condition. So their
figure is the price of a step, and the engine's is that of a conversation.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from transitions import Machine

from ivr.flow import FlowSet
from ivr.graph import graph_of

Turns = Sequence[Sequence[str]]  # for each turn the nodes it came to, as flow/node


def ways(flows: FlowSet, turns: Turns) -> tuple[dict[str, dict[str, str]], list[list[str]]]:
    """node -> trigger -> node, of all flows; and the triggers of each turn of the conversation."""
    table: dict[str, dict[str, str]] = {}
    for edge in graph_of(flows).edges:
        if edge.target:
            table.setdefault(edge.source, {})[edge.outcome.replace(".", "_")] = edge.target
    walked = [node for turn in turns for node in turn]
    named = []
    for before, after in pairwise(walked):
        known = table.setdefault(before, {})
        name = next((name for name, target in known.items() if target == after), f"to_{after}".replace("/", "_"))
        known[name] = after
        named.append(name)
    triggers, at = [], 0
    for number, turn in enumerate(turns):
        count = len(turn) - (number == 0)
        triggers.append(named[at : at + count])
        at += count
    return table, triggers


class ByHand:
    """What one writes in an afternoon: a table and a loop."""

    __slots__ = ("entered", "state", "table")

    def __init__(self, table: dict[str, dict[str, str]], state: str) -> None:
        self.table, self.state, self.entered = table, state, [state]

    def fire(self, trigger: str) -> None:
        self.state = self.table[self.state][trigger]
        self.entered.append(self.state)


class Model:
    """What `transitions` moves."""

    def __init__(self, state: str) -> None:
        self.state, self.entered = state, [state]

    def note(self) -> None:
        self.entered.append(self.state)


def by_hand(table: dict[str, dict[str, str]], begin: str) -> Callable[[list[list[str]]], int]:
    def converse(turns: list[list[str]]) -> int:
        machine = ByHand(table, begin)
        for triggers in turns:
            machine.state = json.loads(json.dumps({"state": machine.state}))["state"]  # between turns, as a call is
            for trigger in triggers:
                machine.fire(trigger)
        return len(machine.entered)

    return converse


def with_transitions(table: dict[str, dict[str, str]], begin: str) -> Callable[[list[list[str]]], int]:
    states = sorted({*table, *(target for targets in table.values() for target in targets.values())})
    moves = [
        {"trigger": trigger, "source": source, "dest": target}
        for source, targets in table.items()
        for trigger, target in targets.items()
    ]
    machine: Any = Machine(
        model=None, states=states, transitions=moves, initial=begin, auto_transitions=False,
        after_state_change="note", send_event=False,
    )  # fmt: skip
    model: Any = Model(begin)
    machine.add_model(model, initial=begin)

    def converse(turns: list[list[str]]) -> int:
        model.entered = [begin]
        machine.set_state(begin, model)
        for triggers in turns:
            machine.set_state(json.loads(json.dumps({"state": model.state}))["state"], model)
            for trigger in triggers:
                model.trigger(trigger)
        return len(model.entered)

    return converse


def steps_per_s(converse: Callable[[list[list[str]]], int], turns: list[list[str]], expected: int) -> int:
    """For two seconds of the process's own time. A machine that went another way than the engine is no comparison."""
    steps = 0
    began = time.process_time()
    while (took := time.process_time() - began) < 2.0:
        done = converse(turns)
        assert done == expected, (done, expected)
        steps += done
    return round(steps / took)
