"""One node: which kind it is, and the pieces that kinds are read from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr import flow as nodes
from ivr.flow import Escalation, Node, PromptUse
from ivr.loading.uses import Surroundings, Uses
from ivr.prompts import Template
from ivr.reading import Reader, suggestion
from ivr.values import ValueType
from ivr.yaml_source import Faults, Place, Scalar
from ivr.yaml_source import Mapping as YamlMapping


class NodeReader:
    def __init__(self, name: str, mapping: YamlMapping, around: Surroundings, uses: Uses, faults: Faults) -> None:
        self.name = name
        self.around = around
        self.uses = uses
        self.faults = faults
        self.reader = Reader(mapping, f"node '{name}'", faults)
        self.place = mapping.place

    def read(self, kinds: Mapping[str, Callable[[NodeReader], Node]]) -> Node | None:
        """`kinds`: kind -> what reads it."""
        found = [entry for entry in self.reader.mapping if entry.key in nodes.KINDS]
        if len(found) != 1:
            if found:
                named = " and ".join(f"'{entry.key}'" for entry in found)
                self.reader.fault(
                    found[1].key_place, f"a node is of one kind, this has {named}.", "Make two nodes of it."
                )
            else:
                known = ", ".join(nodes.KINDS)
                near = [s for e in self.reader.mapping if (s := suggestion(e.key, nodes.KINDS)).startswith("Did")]
                self.reader.fault(self.place, "it has no kind.", near[0] if near else f"A node has one of: {known}.")
            return None
        node = kinds[found[0].key](self)
        self.reader.finish()
        return node

    # --- pieces

    def prompts(self, key: str) -> tuple[PromptUse, ...]:
        return prompt_uses(self.reader.texts(key), self.around.languages, self.uses, self.faults)

    def node(self, key: str = "next") -> str:
        entry = self.reader.entry(key)
        if entry is None:
            self.reader.missing(key, "Where does the call go on from here?")
            return ""
        return self.target(entry.value)

    def target(self, value: object) -> str:
        if not isinstance(value, Scalar):
            self.reader.fault(getattr(value, "place", self.place), "the next node must be a name.")
            return ""
        self.uses.nodes.append((value.text, value.place))
        return value.text

    def template(self, value: object, what: str) -> Template:
        template = self.reader.template(value, what)  # type: ignore[arg-type]
        self.uses.reads(template, getattr(value, "place", self.place))
        return template

    def templates(self, key: str) -> dict[str, tuple[Place, Template]]:
        found = self.reader.templates(key)
        for place, template in found.values():
            self.uses.reads(template, place)
        return found

    def writes(self, variable: str, type_: ValueType | None, place: Place) -> None:
        self.uses.written.append((variable, type_, place))

    def into(self, type_: ValueType, key: str = "into") -> str:
        entry = self.reader.entry(key)
        if entry is None or not isinstance(entry.value, Scalar):
            self.reader.missing(key, "Name the variable that keeps the answer.")
            return ""
        self.writes(entry.value.text, type_, entry.value.place)
        return entry.value.text

    def escalation(self, key: str, default: Escalation) -> Escalation:
        entry = self.reader.entry(key)
        if entry is None:
            return default
        if not isinstance(entry.value, YamlMapping):
            self.reader.fault(entry.value.place, f"'{key}' has 'say', 'limit' and 'next' under it.")
            return default
        inner = Reader(entry.value, f"node '{self.name}', {key}", self.faults)
        prompts = prompt_uses(inner.texts("say"), self.around.languages, self.uses, self.faults) or default.prompts
        limit = inner.integer("limit", default.limit, 1, 10)
        reprompt = inner.yes_no("reprompt", default.reprompt)
        next_entry = inner.entry("next")
        next_ = self.target(next_entry.value) if next_entry else ""
        inner.finish()
        return Escalation(prompts, limit, next_, "" if next_ else default.flow, reprompt)


def prompt_uses(
    scalars: tuple[Scalar, ...], languages: tuple[str, ...], uses: Uses, faults: Faults
) -> tuple[PromptUse, ...]:
    found = []
    for scalar in scalars:
        prompt, at, language = scalar.text.partition("@")
        if at and language not in languages:
            faults.add(scalar.place, f"'{language}' is no language of this hotline.", suggestion(language, languages))
        uses.prompts.append((prompt, scalar.place))
        found.append(PromptUse(prompt, language or None))
    return tuple(found)


def value_type(reader: Reader, key: str, allowed: frozenset[ValueType]) -> ValueType:
    text = reader.text(key)
    names = {t.value for t in allowed}
    if text not in names:
        if text:
            place = reader.mapping.entries[key].value.place
            reader.fault(place, f"'{text}' is no type.", suggestion(text, names))
        return ValueType.TEXT
    return ValueType(text)
