"""Liquid variables of Studio -> variables of a flow: `{{widgets.gather_1.Digits}}` -> `gather_1_digits`."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ivr.expressions import FUNCTIONS, OPEN
from ivr.flow import BUILT_IN

_VARIABLE = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_TAG = re.compile(r"\{%.*?%\}", re.DOTALL)
_WORDS = re.compile(r"[^A-Za-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BUILT_IN = {
    "contact.channel.address": "caller_number",
    "trigger.call.From": "caller_number",
    "trigger.call.Caller": "caller_number",
    "trigger.request.to": "caller_number",
    "flow.channel.address": "called_number",
    "trigger.call.To": "called_number",
    "trigger.call.Called": "called_number",
    "trigger.request.from": "called_number",
    "trigger.call.Direction": "direction",
}
_NOW = {"%Y-%m-%d": "today", "%F": "today", "%H:%M": "time", "%R": "time", "%Y-%m-%dT%H:%M": "now"}
_GIVEN = ("flow.data.", "trigger.request.parameters.", "trigger.parent.parameters.")
_RESERVED = {*BUILT_IN, *FUNCTIONS, OPEN.strip("()"), "true", "false"}


def identifier(*words: str) -> str:
    """A name for a variable or a flow: `Gather 1`, `RecordingUrl` -> `gather_1_recording_url`."""
    text = _WORDS.sub("_", "_".join(_CAMEL.sub("_", word) for word in words)).strip("_").lower() or "value"
    if text[0].isdigit():
        text = f"v_{text}"
    return f"{text}_" if keyword.iskeyword(text) or text in _RESERVED else text


@dataclass(slots=True)
class Variables:
    """Every variable a flow turns out to need. `takes`: those that are given when it begins. `digits`: those that hold
    keys. `unsure`: what could not be understood, as it was written. `sets`: widgets that set variables."""

    sets: frozenset[str] = frozenset()
    vars: dict[str, None] = field(default_factory=dict)
    takes: dict[str, None] = field(default_factory=dict)
    digits: set[str] = field(default_factory=set)
    unsure: dict[str, None] = field(default_factory=dict)

    def named(self, path: str) -> str:
        """The variable for a path such as `widgets.gather_1.Digits`, declared."""
        path = path.strip()
        if path.startswith("widgets.") and path.split(".")[1] in self.sets:
            path = f"flow.variables.{path.split('.', 2)[-1]}"
        if path in _BUILT_IN:
            return _BUILT_IN[path]
        for given in _GIVEN:
            if path.startswith(given):
                name = identifier(path.removeprefix(given))
                self.takes[name] = None
                return name
        if path.startswith("flow.variables."):
            name = identifier(path.removeprefix("flow.variables."))
        elif path.startswith("widgets."):
            words = [word for word in path.split(".")[1:] if word not in ("parsed", "inbound", "outbound")]
            name = identifier(*(_ANSWERS.get(word, word) for word in words))
        else:
            name = identifier(*path.split("."))
            self.unsure[path] = None
        self.vars[name] = None
        return name

    def expression(self, inside: str) -> str:
        """What stands between the braces -> an expression of ours. A filter that is not known is left out and noted."""
        path, *filters = (part.strip() for part in inside.split("|"))
        if path.strip("'\"") in ("now", "today"):
            wanted = next((f.partition(":")[2].strip().strip("'\"") for f in filters if f.startswith("date")), "")
            if wanted in _NOW:
                return _NOW[wanted]
            self.unsure[inside] = None
            return "now"
        if path[:1] in "'\"" and path[:1]:
            return f'"{_quoted(path.strip(path[0]))}"'
        if re.fullmatch(r"-?\d+(\.\d+)?", path):
            return path
        name = self.named(path)
        for one in filters:
            function, _, argument = one.partition(":")
            argument = argument.strip().strip("'\"")
            if function in ("plus", "minus") and argument.isdigit():  # a variable that was never set counts as 0
                sign = "+" if function == "plus" else "-"
                name = f'(number({name}) if {name} != "" else 0) {sign} {argument}'
            elif function == "default":
                name = f'({name} if {name} != "" else "{_quoted(argument)}")'
            elif function == "size":
                name = f"length({name})"
            elif function not in ("strip", "escape", "downcase", "upcase", "lstrip", "rstrip"):
                self.unsure[inside] = None
        return name

    def template(self, text: str) -> str:
        """A text with Liquid in it -> a text with placeholders of ours."""
        without_tags = _TAG.sub("", text)
        if without_tags != text:
            self.unsure.update(dict.fromkeys(_TAG.findall(text)))
        return _replaced(without_tags, lambda inside: f"{{{self.expression(inside)}}}")

    def lone(self, text: str) -> str | None:
        """The expression of a text that is one variable and nothing else."""
        found = _VARIABLE.fullmatch(text.strip())
        return None if found is None else self.expression(found[1])


_ANSWERS = {"Digits": "digits", "SpeechResult": "digits", "RecordingUrl": "recording", "RecordingSid": "recording",
            "TranscriptionText": "transcript", "DialCallStatus": "status"}  # fmt: skip


def _replaced(text: str, written: Callable[[str], str]) -> str:
    """Braces that are no variable would be read as one of ours."""
    parts, end = [], 0
    for found in _VARIABLE.finditer(text):
        parts += [_without_braces(text[end : found.start()]), written(found[1])]
        end = found.end()
    return "".join((*parts, _without_braces(text[end:])))


def _without_braces(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")


def _quoted(text: str) -> str:
    return text.replace("\\", "").replace('"', "'").replace("{", "(").replace("}", ")")
