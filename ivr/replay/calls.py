"""Plays a stored call again: its events are fed in, its services answer what they answered then."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from ivr.events import CallStarted, Event, ServiceResult
from ivr.flow import DoNode, FlowSet, Node
from ivr.outputs import CallService, Heard, NodeEntered, Output, ServiceCalled
from ivr.replay import placeholders
from ivr.replay.perceived import Parting, Perceived, parting, perceived
from ivr.replay.placeholders import Guesses, Tainted
from ivr.replay.stored import NotPlayable, ReadTurn, StoredCall, read_turns
from ivr.routing import MASK
from ivr.session import Limits, SessionError, State, Turn, resume, start
from ivr.values import Signature

_MOST_TRIES = 64


class Verdict(enum.StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Replay:
    """`turns`: how many went the same way. `parting` where it is different, `reason` where it cannot be said.
    `notes`: which values had to be stood in for."""

    call: StoredCall
    verdict: Verdict
    turns: int
    parting: Parting | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


def replay(
    call: StoredCall, flows: FlowSet, services: Mapping[str, Signature], limits: Limits, *, words: bool = True
) -> Replay:
    """`flows`: the call's own or others; `services`: the types of what is private. Without `words` it does not matter
    what is said, but which way the call goes."""
    try:
        turns = read_turns(call)
    except NotPlayable as error:
        return Replay(call, Verdict.CANNOT, 0, reason=str(error))
    guesses = Guesses()
    best: Replay | None = None
    for _ in range(_MOST_TRIES):
        found = _Playing(call, turns, flows, services, limits, guesses, words).run()
        if best is None or found.turns > best.turns or found.verdict is not Verdict.CANNOT:
            best = found
        if found.verdict is not Verdict.CANNOT or not guesses.other():
            break
    assert best is not None
    return best


class _Parted(Exception):
    def __init__(self, where: Parting) -> None:
        self.where = where


@dataclass(slots=True)
class _Playing:
    """One try, with one set of placeholders."""

    call: StoredCall
    stored: tuple[ReadTurn, ...]
    flows: FlowSet
    services: Mapping[str, Signature]
    limits: Limits
    guesses: Guesses
    words: bool
    tainted: Tainted = field(init=False)
    notes: dict[str, None] = field(default_factory=dict)
    node: str = ""  # where the call stands now
    stood: str = ""  # where it stood then
    today: str = ""
    language: str = ""
    asked_back: bool = False
    doubtful: str = ""  # why this turn hangs on a placeholder
    hidden: set[str] = field(default_factory=set)
    open_inputs: set[str] = field(default_factory=set)
    deciding: set[str] = field(default_factory=set)  # nodes whose way on hangs on a placeholder

    def run(self) -> Replay:
        self.tainted = Tainted(self.flows)
        done = 0
        state: State | None = None
        try:
            for turn in self.stored:
                self.doubtful = ""
                now, state = self._turn(turn, state)
                then = perceived(turn.outputs, self.stood)
                self.stood = then.node
                apart = parting(turn.number, then, now, frozenset(self.open_inputs), words=self.words)
                if apart is not None:
                    raise _Parted(apart)
                done += 1
        except _Parted as parted:
            if self.doubtful:
                return self._result(Verdict.CANNOT, done, parted.where, self.doubtful)
            return self._result(Verdict.DIFFERENT, done, parted.where)
        except NotPlayable as error:
            return self._result(Verdict.CANNOT, done, None, str(error))
        return self._result(Verdict.SAME, done)

    def _result(self, verdict: Verdict, turns: int, where: Parting | None = None, reason: str = "") -> Replay:
        return Replay(self.call, verdict, turns, where, reason, tuple(self.notes))

    # --- a turn

    def _turn(self, stored: ReadTurn, state: State | None) -> tuple[Perceived, State | None]:
        try:
            if isinstance(stored.event, CallStarted):
                self.today = stored.event.today
                turn = start(self.flows, self.call.flow, stored.event, self.limits, moment=stored.moment)
            elif state is None:
                where = Parting(stored.number, self.node, "wait", "the call is over already", "goes on", "has ended")
                raise _Parted(where)
            else:
                event = self._event(stored)
                turn = resume(self.flows, state, event, self.limits, moment=stored.moment)
            outputs, state, self.language = self._walk(stored, turn)
        except SessionError as error:
            raise _Parted(Parting(stored.number, self.node, "flow", str(error))) from error
        self._doubt(stored, outputs)
        at = self.node
        now = perceived(outputs, at, frozenset(self.hidden), self.flows)
        self.node = now.node
        self._remember_asking(outputs)
        return now, state

    def _event(self, stored: ReadTurn) -> Event:
        if not stored.masked:
            return stored.event
        node = self._at(self.node)
        event = placeholders.answer(stored, node, self.flows, self.language, self.today, self.asked_back)
        self.notes[f"turn {stored.number}: a placeholder stands for what the caller answered at {self.node}"] = None
        self.tainted.add(getattr(node, "into", ""))
        return event

    def _doubt(self, stored: ReadTurn, outputs: tuple[Output, ...]) -> None:
        """Whether a placeholder, and not the flow, may be why this turn goes another way."""
        if stored.masked and _verdicts(stored.outputs) != _verdicts(outputs):
            self.doubtful = f"what the caller answered at {self.node} is private and not kept"
        then = _following(stored.outputs)
        for name, following in _following(outputs).items():
            if name in self.deciding and then.get(name) != following:
                self.doubtful = f"the way on from {name} hangs on a value that is private and not kept"

    def _remember_asking(self, outputs: tuple[Output, ...]) -> None:
        verdicts = _verdicts(outputs)
        if verdicts:
            self.asked_back = verdicts[-1] in ("confirm", "corrected")

    def _walk(self, stored: ReadTurn, turn: Turn) -> tuple[tuple[Output, ...], State | None, str]:
        """Runs the services of the turn with the answers they gave then."""
        left = list(stored.services)
        outputs: list[Output] = []
        self._follow(turn.outputs)
        while turn.state is not None and isinstance(turn.outputs[-1], CallService):
            wanted = turn.outputs[-1]
            outputs += turn.outputs[:-1]
            called = next((one for one in left if one.service == wanted.service), None)
            if called is None:
                raise _Parted(
                    Parting(stored.number, self._last(outputs), "service", f"{wanted.service} is asked, and was not",
                            "does not ask it", f"asks {wanted.service}")
                )  # fmt: skip
            left.remove(called)
            node = self._at(self._last(outputs))
            result = ServiceResult(called.service, called.outcome, self._answered(stored, called, node))
            outputs.append(ServiceCalled(called.service, called.outcome, wanted.inputs, called.outputs))
            turn = resume(self.flows, turn.state, result, self.limits, moment=stored.moment)
            self._follow(turn.outputs)
        return (*outputs, *turn.outputs), turn.state, turn.language

    def _answered(self, stored: ReadTurn, called: ServiceCalled, node: Node) -> dict[str, object]:
        """What the service gave then, with placeholders for what was not kept."""
        given: dict[str, object] = {}
        for name, value in called.outputs.items():
            if value != MASK:
                given[name] = value
                continue
            signature = self.services.get(called.service)
            type_ = signature.outputs.get(name) if signature is not None else None
            if type_ is None:
                raise NotPlayable(f"'{name}' of {called.service} at turn {stored.number} is private and not kept")
            given[name] = self.guesses.take(placeholders.OUTPUTS[type_])
            variable = node.into.get(name, "") if isinstance(node, DoNode) else ""
            self.tainted.add(variable)
            self.notes[f"turn {stored.number}: a placeholder stands for '{name}' of {called.service}"] = None
        return given

    # --- where placeholders go

    def _follow(self, outputs: tuple[Output, ...]) -> None:
        for output in outputs:
            if not isinstance(output, NodeEntered):
                continue
            name = f"{output.flow}/{output.node}"
            node = self._at(name)
            if self.tainted.decides(node):
                self.deciding.add(name)
            self.tainted.passed(node, output.flow)
            if self.tainted.hides(node, output.flow):
                self.hidden.add(name)
            self.open_inputs |= {f"{name}/{input_}" for input_ in self.tainted.inputs(node)}

    def _last(self, outputs: list[Output]) -> str:
        entered = [f"{o.flow}/{o.node}" for o in outputs if isinstance(o, NodeEntered)]
        return entered[-1] if entered else self.node

    def _at(self, name: str) -> Node:
        flow, _, node = name.partition("/")
        return self.flows.flows[flow].nodes[node]


def _verdicts(outputs: tuple[Output, ...]) -> list[str]:
    return [output.verdict for output in outputs if isinstance(output, Heard)]


def _following(outputs: tuple[Output, ...]) -> dict[str, str]:
    """Node -> the one entered after it."""
    entered = [f"{output.flow}/{output.node}" for output in outputs if isinstance(output, NodeEntered)]
    return dict(pairwise(entered))
