"""One flow: its variables, prompts and nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr.flow import BUILT_IN, Flow, Texts, Variable
from ivr.loading.kinds import READERS
from ivr.loading.nodes import NodeReader, value_type
from ivr.loading.uses import Surroundings, Uses
from ivr.reading import Reader, suggestion
from ivr.values import EMPTY, NUMBERS, ValueType, fits
from ivr.yaml_source import Faults, Place, Scalar
from ivr.yaml_source import Mapping as YamlMapping

_LARGEST = 10**12


def read_flow(
    tree: YamlMapping, around: Surroundings, others: Mapping[str, Place], faults: Faults
) -> tuple[Flow, Uses]:
    """`others`: the flows read before, by name."""
    reader = Reader(tree, "the flow", faults)
    name = reader.text("flow")
    reader.what = f"flow '{name}'"
    reader.text("about", "")
    if name in others:
        reader.fault(tree.place, f"a flow of this name is already in {others[name].file}.")
    uses = Uses()
    takes = _variables(reader, "takes", required=True)
    gives = _variables(reader, "gives")
    variables = _variables(reader, "vars") | gives | takes
    prompts = read_prompts(reader, around.languages, uses)
    nodes = {}
    section = reader.section("nodes")
    for entry in section or ():
        if not isinstance(entry.value, YamlMapping):
            reader.fault(entry.value.place, f"node '{entry.key}' has a kind and more under it.")
            continue
        node = NodeReader(entry.key, entry.value, around, uses, faults).read(READERS)
        if node is not None:
            nodes[entry.key] = node
    if section is None:
        reader.missing("nodes")
    declared = tuple(entry.key for entry in section or ())
    start = reader.text("start", declared[0] if declared else "")
    if start and start not in declared and "start" in tree:
        reader.fault(tree.entries["start"].value.place, f"there is no node '{start}'.", suggestion(start, declared))
    reader.finish()
    for used, place in uses.nodes:
        if used not in declared:
            reader.fault(place, f"there is no node '{used}'.", suggestion(used, declared))
    _check_variables(reader, uses, variables)
    return Flow(name, start, takes, gives, variables, prompts, nodes, tree.place), uses


def _variables(reader: Reader, key: str, *, required: bool = False) -> dict[str, Variable]:
    found = {}
    for entry in reader.section(key) or ():
        if entry.key in BUILT_IN:
            reader.fault(entry.key_place, f"'{entry.key}' is built in and cannot be declared.")
            continue
        if not entry.key.isidentifier():
            reader.fault(entry.key_place, f"'{entry.key}' is no name for a variable: letters, digits and _ only.")
            continue
        if isinstance(entry.value, Scalar):
            inner = Reader(
                YamlMapping({"type": replace(entry, key="type")}, entry.value.place), f"'{entry.key}'", reader.faults
            )
        elif isinstance(entry.value, YamlMapping):
            inner = Reader(entry.value, f"'{entry.key}'", reader.faults)
        else:
            reader.fault(entry.value.place, f"'{entry.key}' has a type, and may have a default.")
            continue
        type_ = value_type(inner, "type", frozenset(ValueType))
        default, given = _default(inner, type_)
        private = inner.yes_no("private", False)
        inner.finish()
        found[entry.key] = Variable(entry.key, type_, default, required and not given, private)
    return found


def _default(reader: Reader, type_: ValueType) -> tuple[object, bool]:
    if "default" not in reader.mapping:
        reader.entry("default")
        return EMPTY[type_], False
    if type_ in NUMBERS:
        return reader.integer("default", 0, -_LARGEST, _LARGEST), True
    if type_ is ValueType.YES_NO:
        return reader.yes_no("default", False), True
    return reader.text("default", ""), True


def read_prompts(
    reader: Reader, languages: tuple[str, ...], uses: Uses, *, known: Mapping[str, Mapping[str, object]] | None = None
) -> dict[str, Texts]:
    """`known`: prompt -> names that stand for something in it and nowhere else."""
    found: dict[str, Texts] = {}
    for entry in reader.section("prompts") or ():
        if not isinstance(entry.value, YamlMapping):
            reader.fault(entry.value.place, f"prompt '{entry.key}' has a text for each language under it.")
            continue
        inner = Reader(entry.value, f"prompt '{entry.key}'", reader.faults)
        texts = {}
        for language in languages:
            text = inner.entry(language)
            if text is None:
                inner.fault(entry.key_place, f"there is no text in {language}.")
                continue
            template = texts[language] = inner.template(text.value, language)
            own = frozenset(known.get(entry.key, ())) if known else frozenset[str]()
            uses.variables.append((template.names - own, text.value.place))
            if template.calendars:
                uses.calendars.append((template.calendars, text.value.place))
            if isinstance(text.value, Scalar) and not text.value.text.strip():
                inner.fault(text.value.place, f"the text in {language} is empty.")
        inner.finish()
        found[entry.key] = texts
    return found


def _check_variables(reader: Reader, uses: Uses, variables: Mapping[str, Variable]) -> None:
    known = {*variables, *BUILT_IN}
    for names, place in uses.variables:
        for name in sorted(names - known):
            reader.fault(place, f"there is no variable '{name}'.", _near(name, known) or suggestion(name, variables))
    for name, type_, place in uses.written:
        if name == "language":
            continue
        if name not in variables:
            hint = suggestion(name, variables) or "Declare it under 'vars'."
            reader.fault(place, f"there is no variable '{name}' to write to.", hint)
        elif type_ is not None and not fits(type_, variables[name].type):
            reader.fault(place, f"'{name}' is {variables[name].type.value}, but what is written is {type_.value}.")


def _near(name: str, known: set[str]) -> str:
    hint = suggestion(name, known)
    return hint if hint.startswith("Did") else ""
