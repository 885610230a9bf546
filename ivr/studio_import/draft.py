"""What the widgets of one flow become, while they are turned: nodes, prompts, variables, notes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.studio_import.definition import Definition, Widget
from ivr.studio_import.liquid import Variables, identifier

HAND_OVER = "hand_over"  # the flow that stands for people
END = "the_end"
_MARKUP = re.compile(r"</?[a-zA-Z][^>]*>")


@dataclass(frozen=True, slots=True)
class Note:
    """What could not be brought over. `node`: what stands there instead, or ""."""

    widget: str
    type: str
    why: str
    node: str = ""


@dataclass(slots=True)
class Node:
    name: str
    lines: dict[str, Any]
    comments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """`language` is the one the definition speaks. `subflows`: flow -> what it is given."""

    definition: Definition
    language: str
    variables: Variables
    nodes: dict[str, Node] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    subflows: dict[str, set[str]] = field(default_factory=dict)
    passed_by: dict[str, str] = field(default_factory=dict)  # widgets that do nothing here, and where they lead

    # --- what widgets are made of

    def add(self, widget: Widget, lines: Mapping[str, Any], *comments: str) -> Node:
        node = Node(self.node_name(widget.name), dict(lines), list(comments))
        self.nodes[node.name] = node
        return node

    def add_beside(self, name: str, lines: Mapping[str, Any]) -> None:
        self.nodes[name] = Node(name, dict(lines))

    def note(self, widget: Widget, why: str, node: str = "") -> None:
        self.notes.append(Note(widget.name, widget.type, why, node))

    def go(self, target: str) -> str:
        """The node for a widget's name; the end where there is none."""
        seen: set[str] = set()
        while target in self.passed_by and target not in seen:
            seen.add(target)
            target = self.passed_by[target]
        if not target or target in self.passed_by:
            self.nodes.setdefault(END, Node(END, {"hangup": ""}))
            return END
        return self.node_name(target)

    @staticmethod
    def node_name(widget: str) -> str:
        name = re.sub(r"[^\w-]+", "_", widget).strip("_")
        return name if name and name != END else f"widget_{name}"

    def prompt(self, name: str, text: str) -> str:
        """A prompt's id. Two of one name and other words are told apart by a number."""
        base, wanted, number = identifier(name), identifier(name), 1
        while self.prompts.get(wanted, text) != text:
            number += 1
            wanted = f"{base}_{number}"
        self.prompts[wanted] = text
        return wanted

    def said(self, widget: Widget, name: str = "") -> list[str]:
        """Prompts of what a widget says or plays; none where it does neither."""
        name = name or widget.name
        text, sound = widget.text("say"), widget.text("play")
        if text:
            plain = _MARKUP.sub(" ", text)
            if plain != text:
                self.note(
                    widget, "its speech marks (SSML) are left out; the words are there", self.node_name(widget.name)
                )
            words = " ".join(self.variables.template(plain).split())
            return [self.prompt(name, words)] if words else []
        if sound:
            prompt = self.prompt(name, f"Recording {_last_part(sound)}")
            self.note(
                widget,
                f"it plays {sound}: put that recording into prompts/{self.language}/{prompt}.wav, and write its words",
                self.node_name(widget.name),
            )
            return [prompt]
        return []


def _last_part(url: str) -> str:
    return re.sub(r"[{}]", "", url.rstrip("/").rpartition("/")[2]) or "without a name"
