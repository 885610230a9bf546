"""Drafts as YAML, laid out as a person would, with comments where something stands for something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

WIDTH = 120


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # a list stands further in than its key


class Inline(dict[str, Any]):
    """A mapping on one line, where it fits."""


def _inline(dumper: yaml.SafeDumper, data: Inline) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Digits are quoted with what people write in these files, and long texts are folded."""
    style = '"' if text[:1].isdigit() or text in ("true", "false") or text == "" else None
    if len(text) > 90 and " " in text and "\n" not in text:
        style = ">"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _number(dumper: yaml.SafeDumper, number: float) -> yaml.Node:
    return dumper.represent_int(int(number)) if number == int(number) else dumper.represent_float(number)


_Dumper.add_representer(Inline, _inline)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)


def block(data: Mapping[str, Any], indent: int = 0, comments: Iterable[str] = ()) -> str:
    """`data` as YAML, moved in by `indent`, under its comments."""
    text = yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH - indent, indent=2)
    lines = [*(f"# {' '.join(comment.split())}" for comment in comments), *text.splitlines()]
    return "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in lines)
