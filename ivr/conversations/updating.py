"""Writes what was heard into a file of conversations, and leaves everything else of it as it stands.

The texts are replaced by the places of their YAML nodes, never by writing the file anew: comments, quotes and layout
of the rest are its author's.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from ivr.conversations.talk import NewText

WIDTH = 120
_FOLDED = ">-\n"


@dataclass(frozen=True, slots=True)
class _Found:
    """A node of the file: where its text begins and ends, and whether it stands inside {} or []."""

    start: int
    end: int
    node: yaml.Node
    inline: bool


def updated(text: str, new: Iterable[NewText]) -> str:
    """`text` with every `hear` of `new` replaced. Where two tests heard something else at one step, the first holds."""
    starts = _line_starts(text)
    composed = yaml.compose(text, Loader=yaml.SafeLoader)
    found = {} if composed is None else {f.start: f for f in _nodes(composed, text, starts, False)}
    done: set[int] = set()
    changes: list[tuple[int, int, str]] = []
    for change in new:
        at = starts[change.place.line - 1] + change.place.column - 1
        node = found.get(at)
        if node is not None and at not in done:
            done.add(at)
            changes.append(_beside_comment(text, *_change(text, starts, change, node)))
    for start, end, replacement in sorted(changes, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _beside_comment(text: str, start: int, end: int, head: str, last: str) -> tuple[int, int, str]:
    """`last` is the last text written. A comment behind the old one would become words of a folded one: it goes behind
    the sign that begins that."""
    rest = text[end:].partition("\n")[0]
    if rest.lstrip().startswith("#") and last.startswith(_FOLDED):
        return start, end + len(rest), head + last.replace("\n", rest + "\n", 1)
    return start, end, head + last


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _nodes(node: yaml.Node, text: str, starts: list[int], inline: bool) -> Iterator[_Found]:
    start = starts[node.start_mark.line] + node.start_mark.column
    inside = inline or (isinstance(node, yaml.CollectionNode) and bool(node.flow_style))
    yield _Found(start, _end(node, text, starts), node, inline)
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _nodes(item, text, starts, inside)
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _nodes(value, text, starts, inside)


def _end(node: yaml.Node, text: str, starts: list[int]) -> int:
    """Where the node's own text ends. YAML's end of a block is the next thing after it, comments between or not."""
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1], text, starts)
    end = starts[node.end_mark.line] + node.end_mark.column
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        start = starts[node.start_mark.line] + node.start_mark.column
        return start + len(text[start:end].rstrip())
    return end


def _change(text: str, starts: list[int], change: NewText, found: _Found) -> tuple[int, int, str, str]:
    """From where to where, and what stands there instead: all but the last text, and that."""
    before = text[starts[change.place.line - 1] :][: change.place.column - 1]
    on_own_line = not before.strip()
    base = len(before) - len(before.lstrip(" -"))
    node, start, end = found.node, found.start, found.end
    anchor = text[start:end]
    if anchor.startswith(("&", "!")):  # a name that other steps refer to stays
        start += len(anchor) - len(anchor.partition(" ")[2].lstrip())
    pieces = [" ".join(piece.split()) for piece in change.pieces]
    was_list = isinstance(node, yaml.SequenceNode)
    was_empty = isinstance(node, yaml.ScalarNode) and not node.value.strip()
    if not (was_list or (was_empty and len(pieces) > 1)):
        style = node.style if isinstance(node, yaml.ScalarNode) else None
        joined = " ".join(pieces)
        gap = "" if not before or before.endswith(" ") else " "
        if found.inline:
            return start, end, gap, _scalar(joined, style, inline=True)
        return start, end, gap, _wrapped(joined, style, len(before) + len(gap), base + 2)
    flat = "[" + ", ".join(_scalar(piece, None, inline=True) for piece in pieces) + "]"
    was_flat = isinstance(node, yaml.SequenceNode) and bool(node.flow_style)
    if found.inline or (was_flat and len(before) + len(flat) <= WIDTH):
        return start, end, "", flat
    indent = len(before) if on_own_line else base + 2
    items = [f"- {_wrapped(piece, None, indent + 2, indent + 2)}" for piece in pieces]
    between = "\n" + " " * indent
    head = between.join(items)[: -len(items[-1]) + 2]
    if not on_own_line:
        start -= len(before) - len(before.rstrip())
        head = between + head
    return start, end, head, items[-1][2:]


def _wrapped(text: str, style: str | None, column: int, indent: int) -> str:
    """On its line where there is room, else folded below it."""
    one_line = _scalar(text, style, inline=False)
    folded = style in ("|", ">")
    if text and (folded or column + len(one_line) > WIDTH) and " " in text:
        lines = textwrap.wrap(text, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
        return _FOLDED + "\n".join(" " * indent + line for line in lines)
    return one_line


def _scalar(text: str, style: str | None, *, inline: bool) -> str:
    if style == '"':
        return json.dumps(text, ensure_ascii=False)
    if style != "'" and _is_plain(text, inline):
        return text
    return "'" + text.replace("'", "''") + "'"


def _is_plain(text: str, inline: bool) -> bool:
    """Whether YAML reads it as just this text without quotes."""
    try:
        node = yaml.compose(f"[{text}]" if inline else f"k: {text}", Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    items = node.value if node is not None else []
    if len(items) != 1:
        return False
    value = items[0] if inline else items[0][1]
    return isinstance(value, yaml.ScalarNode) and value.value == text and value.tag.endswith(":str")
