"""What of a turn matters: what is said, which services are asked what, what is waited for.

Which nodes that takes is the flow author's business and not compared; the nodes only say where calls part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from ivr.flow import FlowSet
from ivr.outputs import Gather, Hangup, NodeEntered, Output, Record, Say, ServiceCalled, Transfer
from ivr.replay.wording import wording
from ivr.routing import MASK


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of speech. `hidden`: a private value is in it; `wording` is then what is said around the value."""

    node: str
    language: str
    text: str
    hidden: bool
    wording: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    node: str
    service: str
    outcome: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Perceived:
    """`node` is where the turn ends."""

    pieces: tuple[Piece, ...]
    services: tuple[Asked, ...]
    wait: str
    node: str


@dataclass(frozen=True, slots=True)
class Parting:
    """Where two calls part. `what`: said, service, wait, or flow where the new flows cannot begin or go on."""

    turn: int
    node: str
    what: str
    message: str
    then: str = ""
    now: str = ""


def perceived(
    outputs: Iterable[Output], at: str, hidden_nodes: frozenset[str] = frozenset(), flows: FlowSet | None = None
) -> Perceived:
    """`at`: the node the turn begins at. `hidden_nodes` say values that are placeholders; `flows` know their words."""
    pieces: list[Piece] = []
    services: list[Asked] = []
    wait, node = "", at
    for output in outputs:
        match output:
            case NodeEntered():
                node = f"{output.flow}/{output.node}"
            case Say():
                hidden = output.private or node in hidden_nodes
                for said in output.segments:
                    secret = hidden and said.prompt is None
                    words = wording(flows, node, said.language, said.text) if secret and flows is not None else None
                    pieces.append(Piece(node, said.language, said.text, secret, words))
            case ServiceCalled():
                services.append(Asked(node, output.service, output.outcome, output.inputs))
            case Gather() | Record() | Transfer() | Hangup():
                wait = _wait(output)
    return Perceived(tuple(pieces), tuple(services), wait, node)


def _wait(output: Output) -> str:
    match output:
        case Gather():
            return "waits for an answer"
        case Record():
            return "records a message"
        case Transfer():
            return f"puts through to {output.to}"
        case Hangup():
            return "hangs up"
    return output.kind


def parting(
    turn: int, then: Perceived, now: Perceived, open_inputs: frozenset[str] = frozenset(), *, words: bool = True
) -> Parting | None:
    """Where `now` is another turn than `then`. `open_inputs` (`node/input`) are placeholders, and may differ.

    Without `words` it does not matter what is said, but where the call stands at the end of the turn.
    """
    for before, after in zip(then.services, now.services, strict=False):
        wrong = _asked_otherwise(before, after, open_inputs)
        if wrong is not None:
            return Parting(turn, after.node, "service", *wrong)
    if len(then.services) > len(now.services):
        left = then.services[len(now.services)]
        return Parting(turn, now.node, "service", f"{left.service} is no longer asked", f"asks {left.service}", "")
    said = _said_otherwise(turn, then, now) if words else None
    if said is not None:
        return said
    if not words and then.node != now.node:
        return Parting(turn, now.node, "wait", f"the call came to {then.node}", then.node, now.node)
    if then.wait != now.wait:
        return Parting(turn, now.node, "wait", "the hotline goes on otherwise", then.wait, now.wait)
    return None


def _asked_otherwise(before: Asked, after: Asked, open_inputs: frozenset[str]) -> tuple[str, str, str] | None:
    if before.service != after.service:
        return "another service is asked", f"asks {before.service}", f"asks {after.service}"
    for name in sorted(before.inputs.keys() | after.inputs.keys()):
        was, is_ = before.inputs.get(name), after.inputs.get(name)
        if was != is_ and MASK not in (was, is_) and f"{after.node}/{name}" not in open_inputs:
            return f"{after.service} is asked otherwise", f"{name} = {was!r}", f"{name} = {is_!r}"
    return None


def _said_otherwise(turn: int, then: Perceived, now: Perceived) -> Parting | None:
    if len(then.pieces) != len(now.pieces):
        whole_then, whole_now = _joined(then), _joined(now)
        if len(whole_then) == len(whole_now) and all(map(_alike, whole_then, whole_now)):
            return None  # cut into prompts otherwise, which nobody hears
    for before, after in zip_longest(then.pieces, now.pieces):
        if before is None:
            return Parting(turn, after.node, "said", "more is said", "", _text(after))
        if after is None:
            return Parting(turn, now.node, "said", "less is said", _text(before), "")
        if not _alike(before, after):
            return Parting(turn, after.node, "said", "something else is said", _text(before), _text(after))
    return None


def _joined(turn: Perceived) -> list[Piece]:
    """Pieces that follow each other as one, but for those with private values."""
    found: list[Piece] = []
    for piece in turn.pieces:
        last = found[-1] if found else None
        if last is not None and not (last.hidden or piece.hidden) and last.language == piece.language:
            found[-1] = replace(last, text=f"{last.text} {piece.text}")
        else:
            found.append(piece)
    return found


def _alike(before: Piece, after: Piece) -> bool:
    if before.language != after.language:
        return False
    if before.hidden and after.hidden:
        return after.wording is None or after.wording.fullmatch(before.text) is not None
    return before.text == after.text


def _text(piece: Piece) -> str:
    return MASK if piece.hidden else piece.text
