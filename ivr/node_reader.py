"""One function a node kind: YAML in, a frozen node out, everything doubtful noted as a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ivr import flow as nodes
from ivr.flow import Branch, Escalation, Node, Option, PromptUse
from ivr.prompts import Template
from ivr.reading import Reader, suggestion
from ivr.values import Signature, ValueType
from ivr.yaml_source import Faults, Place, Scalar, Sequence
from ivr.yaml_source import Mapping as YamlMapping

ASKABLE = {ValueType.DIGITS, ValueType.PHONE, ValueType.NUMBER, ValueType.TEXT}
TRANSFER_OUTCOMES = ("answered", "busy", "no-answer", "failed")


@dataclass(slots=True)
class Uses:
    """Names a flow uses and where, to be checked when everything that can be named is known."""

    prompts: list[tuple[str, Place]] = field(default_factory=list)
    nodes: list[tuple[str, Place]] = field(default_factory=list)
    variables: list[tuple[frozenset[str], Place]] = field(default_factory=list)
    written: list[tuple[str, ValueType | None, Place]] = field(default_factory=list)
    flow_calls: list[tuple[str, dict[str, Place], dict[str, tuple[str, Place]], Place]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node is read against."""

    languages: tuple[str, ...]
    services: Mapping[str, Signature]
    no_input: Escalation
    no_match: Escalation
    first_input_s: float
    inter_digit_s: float


class NodeReader:
    def __init__(self, name: str, mapping: YamlMapping, around: Surroundings, uses: Uses, faults: Faults) -> None:
        self.name = name
        self.around = around
        self.uses = uses
        self.faults = faults
        self.reader = Reader(mapping, f"node '{name}'", faults)
        self.place = mapping.place

    def read(self) -> Node | None:
        kinds = [entry for entry in self.reader.mapping if entry.key in nodes.KINDS]
        if len(kinds) != 1:
            known = ", ".join(nodes.KINDS)
            if kinds:
                found = " and ".join(f"'{k.key}'" for k in kinds)
                self.reader.fault(
                    kinds[1].key_place, f"a node is of one kind, this has {found}.", "Make two nodes of it."
                )
            else:
                near = [s for e in self.reader.mapping if (s := suggestion(e.key, nodes.KINDS)).startswith("Did")]
                self.reader.fault(self.place, "it has no kind.", near[0] if near else f"A node has one of: {known}.")
            return None
        node = _READERS[kinds[0].key](self)
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
        self.uses.variables.append((template.names, getattr(value, "place", self.place)))
        return template

    def templates(self, key: str) -> dict[str, tuple[Place, Template]]:
        found = self.reader.templates(key)
        for place, template in found.values():
            self.uses.variables.append((template.names, place))
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

    def waiting(self, prompt_key: str) -> tuple[tuple[PromptUse, ...], bool, float, Escalation, Escalation]:
        return (
            self.prompts(prompt_key),
            self.reader.yes_no("barge_in", True),
            self.reader.number("first_input_s", self.around.first_input_s, 1, 60),
            self.escalation("no_input", self.around.no_input),
            self.escalation("no_match", self.around.no_match),
        )


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


def read_options(
    mapping: YamlMapping, what: str, around_languages: tuple[str, ...], faults: Faults
) -> list[tuple[Option, Reader]]:
    """Options without their targets; the caller reads those from the Reader and finishes it."""
    found: list[tuple[Option, Reader]] = []
    keys: dict[str, str] = {}
    for entry in mapping:
        if not isinstance(entry.value, YamlMapping):
            faults.add(entry.value.place, f"{what}, option '{entry.key}' has 'key', 'phrases' and 'next' under it.")
            continue
        reader = Reader(entry.value, f"{what}, option '{entry.key}'", faults)
        key = reader.text("key", "") or None
        if key is not None:
            place = entry.value.entries["key"].value.place
            if not set(key) <= set("0123456789*"):
                reader.fault(place, f"'{key}' cannot be pressed; a key is 0 to 9 or '*'.")
            elif key in keys:
                reader.fault(place, f"key {key} is already taken by '{keys[key]}'.")
            keys.setdefault(key, entry.key)
        phrases = _phrases(reader, around_languages)
        if key is None and not phrases:
            reader.fault(entry.value.place, "nobody can choose it: it has neither 'key' nor 'phrases'.")
        found.append((Option(entry.key, key, phrases), reader))
    return found


def _phrases(reader: Reader, languages: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    section = reader.section("phrases")
    if section is None:
        return {}
    phrases: dict[str, tuple[str, ...]] = {}
    for entry in section:
        if entry.key not in languages:
            reader.fault(
                entry.key_place, f"'{entry.key}' is no language of this hotline.", suggestion(entry.key, languages)
            )
            continue
        phrases[entry.key] = tuple(s.text for s in reader.scalars(entry.value, f"phrases in {entry.key}") if s.text)
    for language in languages:
        if not phrases.get(language):
            reader.fault(section.place, f"there are no phrases in {language}.")
    return phrases


def _say(n: NodeReader) -> Node:
    return nodes.SayNode(n.name, n.place, n.prompts("say"), n.reader.yes_no("barge_in", True), n.node())


def _menu(n: NodeReader) -> Node:
    prompts, barge_in, first_input_s, no_input, no_match = n.waiting("menu")
    section = n.reader.section("options")
    options = []
    if section is None or not section.entries:
        n.reader.missing("options", "A menu needs at least one.")
    else:
        for option, reader in read_options(section, f"node '{n.name}'", n.around.languages, n.faults):
            entry = reader.entry("next")
            if entry is None:
                reader.missing("next")
            reader.finish()
            options.append(Option(option.name, option.key, option.phrases, n.target(entry.value) if entry else ""))
    into = n.into(ValueType.TEXT) if "into" in n.reader.mapping else None
    return nodes.MenuNode(
        n.name, n.place, prompts, barge_in, first_input_s, no_input, no_match, tuple(options), into
    )  # fmt: skip


def _ask(n: NodeReader) -> Node:
    prompts, barge_in, first_input_s, no_input, no_match = n.waiting("ask")
    type_ = value_type(n.reader, "type", ASKABLE)
    low = n.reader.integer("min", 1, 1, 40)
    high = n.reader.integer("max", max(low, 20), 1, 40)
    if low > high:
        n.reader.fault(n.place, f"'min' is {low}, more than 'max', {high}.")
    terminator = n.reader.text("terminator", "#")
    if terminator not in ("#", "*", ""):
        n.reader.fault(n.place, f"the terminator is '{terminator}'; it can be '#', '*' or empty.")
    return nodes.AskNode(
        n.name, n.place, prompts, barge_in, first_input_s, no_input, no_match, type_, n.into(type_), low, high,
        terminator, n.reader.number("inter_digit_s", n.around.inter_digit_s, 1, 30), n.node(),
        n.reader.yes_no("private", False),
    )  # fmt: skip


def _record(n: NodeReader) -> Node:
    transcript = n.into(ValueType.TEXT, "transcript_into") if "transcript_into" in n.reader.mapping else None
    return nodes.RecordNode(
        n.name, n.place, n.prompts("record"), n.into(ValueType.TEXT), transcript,
        n.reader.number("max_s", 120, 1, 600), n.reader.number("end_silence_s", 4, 1, 30), n.node(),
        n.escalation("no_input", n.around.no_input),
    )  # fmt: skip


def _do(n: NodeReader) -> Node:
    name = n.reader.text("do")
    service = n.around.services.get(name)
    place = n.reader.mapping.entries["do"].value.place
    if service is None:
        n.reader.fault(place, f"there is no service '{name}'.", suggestion(name, n.around.services))
    arguments = n.templates("with")
    into = n.reader.words("into")
    outcomes = {outcome: n.target(node) for outcome, node in n.reader.words("outcomes").items()}
    if service is not None:
        _check_service(n, service, arguments, into, outcomes)
    return nodes.DoNode(
        n.name, n.place, name, {k: t for k, (_, t) in arguments.items()},
        {output: variable.text for output, variable in into.items()}, outcomes,
        n.reader.number("budget_s", 1.5, 0.1, 10),
    )  # fmt: skip


def _check_service(
    n: NodeReader,
    service: Signature,
    arguments: Mapping[str, tuple[Place, Template]],
    into: Mapping[str, Scalar],
    outcomes: Mapping[str, str],
) -> None:
    for name, (place, _) in arguments.items():
        if name not in service.inputs:
            n.reader.fault(place, f"the service takes no '{name}'.", suggestion(name, service.inputs))
    for name in service.inputs.keys() - service.optional - arguments.keys():
        n.reader.fault(n.place, f"the service needs '{name}', which 'with' does not give.")
    for output, variable in into.items():
        if output not in service.outputs:
            n.reader.fault(variable.place, f"the service gives no '{output}'.", suggestion(output, service.outputs))
        n.writes(variable.text, service.outputs.get(output), variable.place)
    for outcome in outcomes.keys() - service.outcomes - {"error"}:
        place = n.reader.words("outcomes")[outcome].place
        n.reader.fault(place, f"the service has no outcome '{outcome}'.", suggestion(outcome, service.outcomes))
    for outcome in sorted(service.outcomes - outcomes.keys()):
        n.reader.fault(n.place, f"the outcome '{outcome}' of the service leads nowhere.", "Name a node for it.")


def _when(n: NodeReader) -> Node:
    entry = n.reader.entry("when")
    branches: list[Branch] = []
    items = entry.value.items if entry is not None and isinstance(entry.value, Sequence) else ()
    if not items:
        n.reader.fault(n.place, "'when' is a list of 'if: ... next: ...' that ends with 'else: NODE'.")
    for index, item in enumerate(items):
        if not isinstance(item, YamlMapping):
            n.reader.fault(item.place, "a branch has 'if' and 'next', or 'else'.")
            continue
        reader = Reader(item, f"node '{n.name}', branch {index + 1}", n.faults)
        otherwise = reader.entry("else")
        if otherwise is not None:
            if index != len(items) - 1:
                reader.fault(item.place, "'else' must be the last branch.")
            branches.append(Branch(None, n.target(otherwise.value)))
        else:
            condition, next_ = reader.entry("if"), reader.entry("next")
            if condition is None or next_ is None:
                reader.fault(item.place, "a branch has 'if' and 'next', or 'else'.")
            else:
                expression = reader.expression(condition.value, "'if'")
                n.uses.variables.append((expression.names, condition.value.place))
                branches.append(Branch(expression, n.target(next_.value)))
        reader.finish()
    if branches and branches[-1].condition is not None:
        n.reader.fault(n.place, "there is no 'else': a call for which no branch holds would be stuck.")
    return nodes.WhenNode(n.name, n.place, tuple(branches))


def _set(n: NodeReader) -> Node:
    values = n.templates("set")
    if not values:
        n.reader.missing("set", "It sets nothing.")
    for name, (place, template) in values.items():
        n.writes(name, None, place)
        if name == "language" and template.fixed and template.source not in n.around.languages:
            hint = suggestion(template.source, n.around.languages)
            n.reader.fault(place, f"'{template.source}' is no language of this hotline.", hint)
    return nodes.SetNode(n.name, n.place, {k: t for k, (_, t) in values.items()}, n.node())


def _call(n: NodeReader) -> Node:
    name = n.reader.text("call")
    arguments = n.templates("with")
    into = n.reader.words("into")
    n.uses.flow_calls.append(
        (
            name,
            {argument: place for argument, (place, _) in arguments.items()},
            {result: (variable.text, variable.place) for result, variable in into.items()},
            n.reader.mapping.entries["call"].value.place,
        )
    )
    for variable in into.values():
        n.writes(variable.text, None, variable.place)
    return nodes.CallNode(
        n.name, n.place, name, {k: t for k, (_, t) in arguments.items()}, {r: v.text for r, v in into.items()}, n.node()
    )


def _transfer(n: NodeReader) -> Node:
    prompts = n.prompts("transfer")
    entry = n.reader.entry("to")
    if entry is None:
        n.reader.missing("to")
    to = n.template(entry.value if entry else Scalar("", n.place, False), "'to'")
    outcomes = {}
    for outcome, node in n.reader.words("outcomes").items():
        if outcome not in TRANSFER_OUTCOMES:
            hint = suggestion(outcome, TRANSFER_OUTCOMES)
            n.reader.fault(node.place, f"a transfer does not end as '{outcome}'.", hint)
        outcomes[outcome] = n.target(node)
    for outcome in TRANSFER_OUTCOMES:
        if outcome not in outcomes:
            n.reader.fault(n.place, f"the outcome '{outcome}' of the transfer leads nowhere.", "Name a node for it.")
    return nodes.TransferNode(n.name, n.place, prompts, to, n.reader.number("timeout_s", 30, 5, 120), outcomes)


def _return(n: NodeReader) -> Node:
    return nodes.ReturnNode(n.name, n.place, {k: t for k, (_, t) in n.templates("return").items()})


def _hangup(n: NodeReader) -> Node:
    return nodes.HangupNode(n.name, n.place, tuple(p for p in n.prompts("hangup") if p.id))


def value_type(reader: Reader, key: str, allowed: set[ValueType]) -> ValueType:
    text = reader.text(key)
    names = {t.value for t in allowed}
    if text not in names:
        if text:
            place = reader.mapping.entries[key].value.place
            reader.fault(place, f"'{text}' is no type.", suggestion(text, names))
        return ValueType.TEXT
    return ValueType(text)


_READERS: Mapping[str, Callable[[NodeReader], Node]] = {
    "say": _say, "menu": _menu, "ask": _ask, "record": _record, "do": _do, "when": _when, "set": _set,
    "call": _call, "transfer": _transfer, "return": _return, "hangup": _hangup,
}  # fmt: skip
