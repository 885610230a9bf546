"""YAML files -> a checked `FlowSet`, or every fault of all of them at once.

A file is one flow (`flow: NAME`), except `shared.yaml`, which holds what all flows share: `prompts`, `globals`
(options that work at every wait) and `defaults` (what happens when nothing, or nothing that fits, is heard).
`docs/flows.md` is the language by example.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from ivr.flow import BUILT_IN, Escalation, Flow, FlowSet, Option, Texts, Variable
from ivr.node_reader import NodeReader, Surroundings, Uses, prompt_uses, read_options, value_type
from ivr.reading import Reader, suggestion
from ivr.values import EMPTY, Signature, ValueType
from ivr.yaml_source import Faults, FlowFault, Place, Scalar
from ivr.yaml_source import Mapping as YamlMapping
from ivr.yaml_source import read as read_yaml

SHARED = "shared.yaml"
_NUMBERS = {ValueType.NUMBER, ValueType.MONEY}
_TEXTS = {ValueType.TEXT, ValueType.DIGITS, ValueType.PHONE, ValueType.DATE}


class FlowError(Exception):
    """The flows cannot be used. `faults` lists all that is wrong; the message is one line each."""

    def __init__(self, faults: list[FlowFault]) -> None:
        # An anchor's content is read once for each alias; its faults are said once.
        self.faults = sorted(set(faults), key=lambda f: (f.place.file, f.place.line, f.place.column, f.message))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def revision_of(files: Mapping[str, str]) -> str:
    """sha256 over names and texts: the same files are the same revision wherever they are loaded."""
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name, files[name]):
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def load(
    files: Mapping[str, str],
    services: Mapping[str, Signature],
    languages: tuple[str, ...],
    utility: Mapping[str, str] | None = None,
) -> FlowSet:
    """`files`: name -> text. Raises FlowError with every fault."""
    loading = _Loading(services, languages)
    trees = {name: read_yaml(name, text, loading.faults) for name, text in sorted(files.items())}
    loading.read_shared(trees.pop(SHARED, None))
    for name, tree in trees.items():
        if isinstance(tree, YamlMapping):
            loading.read_flow(tree)
        elif tree is not None:
            loading.faults.add(Place(name, 1, 1), "a flow begins with 'flow: NAME'.")
    loading.check_uses()
    if loading.faults.found:
        raise FlowError(loading.faults.found)
    return FlowSet(
        revision_of(files),
        languages,
        loading.flows,
        loading.prompts,
        loading.globals,
        loading.fault_flow,
        utility or {},
    )


class _Loading:
    def __init__(self, services: Mapping[str, Signature], languages: tuple[str, ...]) -> None:
        self.faults = Faults()
        self.languages = languages
        self.services = services
        self.flows: dict[str, Flow] = {}
        self.uses: dict[str, Uses] = {}
        self.prompts: dict[str, Texts] = {}
        self.globals: tuple[Option, ...] = ()
        self.fault_flow = ""
        nowhere = Escalation((), 3)
        self.around = Surroundings(languages, services, nowhere, nowhere, 5.0, 3.0)
        self.shared_uses = Uses()
        self.flow_names: list[tuple[str, Place]] = []

    # --- shared.yaml

    def read_shared(self, tree: object) -> None:
        if not isinstance(tree, YamlMapping):
            self.faults.add(Place(SHARED, 1, 1), "the file that all flows share is missing or empty.",
                            "It has 'prompts', 'globals' and 'defaults'.")  # fmt: skip
            return
        reader = Reader(tree, "the shared file", self.faults)
        self.prompts = self._prompts(reader, {}, self.shared_uses)
        globals_ = reader.section("globals")
        if globals_ is not None:
            self.globals = tuple(
                self._global(o, r) for o, r in read_options(globals_, "globals", self.languages, self.faults)
            )
        defaults = reader.section("defaults")
        if defaults is None:
            reader.missing("defaults")
        else:
            self._defaults(Reader(defaults, "defaults", self.faults))
        reader.finish()

    def _global(self, option: Option, reader: Reader) -> Option:
        action, flow = reader.text("action", ""), reader.text("flow", "")
        if (action != "repeat") == (not flow):
            reader.fault(reader.place, "it has either 'action: repeat' or 'flow: NAME'.")
        if flow:
            self.flow_names.append((flow, reader.mapping.entries["flow"].value.place))
        arguments = {name: template for name, (_, template) in reader.templates("with").items()}
        reader.finish()
        return replace(option, action=action, flow=flow, arguments=arguments)

    def _defaults(self, reader: Reader) -> None:
        def escalation(key: str) -> Escalation:
            section = reader.section(key)
            if section is None:
                reader.missing(key)
                return Escalation((), 3)
            inner = Reader(section, f"defaults, {key}", self.faults)
            says = prompt_uses(inner.texts("say"), self.languages, self.shared_uses, self.faults)
            flow = inner.text("flow")
            if flow:
                self.flow_names.append((flow, section.entries["flow"].value.place))
            found = Escalation(says, inner.integer("limit", 3, 1, 10), "", flow,
                               inner.yes_no("reprompt", True))  # fmt: skip
            inner.finish()
            return found

        self.around = replace(
            self.around,
            no_input=escalation("no_input"),
            no_match=escalation("no_match"),
            first_input_s=reader.number("first_input_s", 5, 1, 60),
            inter_digit_s=reader.number("inter_digit_s", 3, 1, 30),
        )
        self.fault_flow = reader.text("fault_flow")
        if self.fault_flow:
            self.flow_names.append((self.fault_flow, reader.mapping.entries["fault_flow"].value.place))
        reader.finish()

    # --- one flow

    def read_flow(self, tree: YamlMapping) -> None:
        reader = Reader(tree, "the flow", self.faults)
        name = reader.text("flow")
        reader.what = f"flow '{name}'"
        reader.text("about", "")
        if name in self.flows:
            reader.fault(tree.place, f"a flow of this name is already in {self.flows[name].place.file}.")
        uses = self.uses[name] = Uses()
        takes = self._variables(reader, "takes", required=True)
        gives = self._variables(reader, "gives")
        variables = self._variables(reader, "vars") | gives | takes
        prompts = self._prompts(reader, variables, uses)
        nodes = {}
        section = reader.section("nodes")
        for entry in section or ():
            if not isinstance(entry.value, YamlMapping):
                reader.fault(entry.value.place, f"node '{entry.key}' has a kind and more under it.")
                continue
            node = NodeReader(entry.key, entry.value, self.around, uses, self.faults).read()
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
        self._check_variables(reader, uses, variables)
        self.flows[name] = Flow(name, start, takes, gives, variables, prompts, nodes, tree.place)

    def _variables(self, reader: Reader, key: str, *, required: bool = False) -> dict[str, Variable]:
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
                    YamlMapping({"type": replace(entry, key="type")}, entry.value.place), f"'{entry.key}'", self.faults
                )
            elif isinstance(entry.value, YamlMapping):
                inner = Reader(entry.value, f"'{entry.key}'", self.faults)
            else:
                reader.fault(entry.value.place, f"'{entry.key}' has a type, and may have a default.")
                continue
            type_ = value_type(inner, "type", set(ValueType))
            default, given = self._default(inner, type_)
            private = inner.yes_no("private", False)
            inner.finish()
            found[entry.key] = Variable(entry.key, type_, default, required and not given, private)
        return found

    def _default(self, reader: Reader, type_: ValueType) -> tuple[object, bool]:
        if "default" not in reader.mapping:
            reader.entry("default")
            return EMPTY[type_], False
        if type_ in _NUMBERS:
            return reader.integer("default", 0, -(10**12), 10**12), True
        if type_ is ValueType.YES_NO:
            return reader.yes_no("default", False), True
        return reader.text("default", ""), True

    def _prompts(self, reader: Reader, variables: Mapping[str, Variable], uses: Uses) -> dict[str, Texts]:
        found: dict[str, Texts] = {}
        for entry in reader.section("prompts") or ():
            if not isinstance(entry.value, YamlMapping):
                reader.fault(entry.value.place, f"prompt '{entry.key}' has a text for each language under it.")
                continue
            inner = Reader(entry.value, f"prompt '{entry.key}'", self.faults)
            texts = {}
            for language in self.languages:
                text = inner.entry(language)
                if text is None:
                    inner.fault(entry.key_place, f"there is no text in {language}.")
                    continue
                texts[language] = inner.template(text.value, language)
                uses.variables.append((texts[language].names, text.value.place))
                if isinstance(text.value, Scalar) and not text.value.text.strip():
                    inner.fault(text.value.place, f"the text in {language} is empty.")
            inner.finish()
            found[entry.key] = texts
        return found

    # --- what can only be checked when all is read

    def _check_variables(self, reader: Reader, uses: Uses, variables: Mapping[str, Variable]) -> None:
        known = {*variables, *BUILT_IN}
        for names, place in uses.variables:
            for name in sorted(names - known):
                reader.fault(place, f"there is no variable '{name}'.", suggestion(name, known))
        for name, type_, place in uses.written:
            if name == "language":
                continue
            if name not in variables:
                hint = suggestion(name, variables) or "Declare it under 'vars'."
                reader.fault(place, f"there is no variable '{name}' to write to.", hint)
            elif type_ is not None and not _fits(type_, variables[name].type):
                reader.fault(place, f"'{name}' is {variables[name].type.value}, but what is written is {type_.value}.")

    def check_uses(self) -> None:
        for name, place in self.flow_names:
            if name not in self.flows:
                self.faults.add(place, f"there is no flow '{name}'.", suggestion(name, self.flows))
        for names, place in self.shared_uses.variables:
            for name in sorted(names - BUILT_IN.keys()):
                self.faults.add(place, f"a shared prompt knows no '{name}'.", suggestion(name, BUILT_IN))
        self._check_prompts(self.shared_uses, {}, "the shared file")
        for name, uses in self.uses.items():
            flow = self.flows[name]
            self._check_prompts(uses, flow.prompts, f"flow '{name}'")
            for called, arguments, results, place in uses.flow_calls:
                self._check_call(called, arguments, results, place)

    def _check_prompts(self, uses: Uses, own: Mapping[str, Texts], what: str) -> None:
        for prompt, place in uses.prompts:
            if prompt and prompt not in own and prompt not in self.prompts:
                self.faults.add(
                    place, f"{what}: there is no prompt '{prompt}'.", suggestion(prompt, {*own, *self.prompts})
                )

    def _check_call(
        self, called: str, arguments: Mapping[str, Place], results: Mapping[str, tuple[str, Place]], place: Place
    ) -> None:
        flow = self.flows.get(called)
        if flow is None:
            self.faults.add(place, f"there is no flow '{called}'.", suggestion(called, self.flows))
            return
        for argument, at in arguments.items():
            if argument not in flow.takes:
                self.faults.add(at, f"flow '{called}' takes no '{argument}'.", suggestion(argument, flow.takes))
        for argument, variable in flow.takes.items():
            if variable.required and argument not in arguments:
                self.faults.add(place, f"flow '{called}' needs '{argument}', which 'with' does not give.")
        for result, (_, at) in results.items():
            if result not in flow.gives:
                self.faults.add(at, f"flow '{called}' gives no '{result}'.", suggestion(result, flow.gives))


def _fits(written: ValueType, declared: ValueType) -> bool:
    return (
        written is declared
        or (written in _NUMBERS and declared in _NUMBERS)
        or (written in _TEXTS and declared in _TEXTS)
    )
