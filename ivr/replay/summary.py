"""Many calls played again: how many went the same way, and where the others parted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.replay.calls import Replay, Verdict


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that part at one place in one way. `example` is the first of them."""

    node: str
    message: str
    calls: tuple[str, ...]
    example: Replay


@dataclass(frozen=True, slots=True)
class Summary:
    """`different` and `cannot`: the largest group first."""

    same: int
    different: tuple[Group, ...]
    cannot: tuple[Group, ...]


def summary(replays: Iterable[Replay]) -> Summary:
    same = 0
    groups: dict[Verdict, dict[tuple[str, str], list[Replay]]] = {Verdict.DIFFERENT: {}, Verdict.CANNOT: {}}
    for one in replays:
        if one.verdict is Verdict.SAME:
            same += 1
            continue
        node = one.parting.node if one.parting is not None else ""
        message = one.reason or (one.parting.message if one.parting is not None else "")
        groups[one.verdict].setdefault((node, message), []).append(one)
    return Summary(same, _sorted(groups[Verdict.DIFFERENT]), _sorted(groups[Verdict.CANNOT]))


def _sorted(groups: dict[tuple[str, str], list[Replay]]) -> tuple[Group, ...]:
    found = [
        Group(node, message, tuple(one.call.id for one in replays), replays[0])
        for (node, message), replays in groups.items()
    ]
    return tuple(sorted(found, key=lambda group: (-len(group.calls), group.node, group.message)))
