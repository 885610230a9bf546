"""callflows/tests/*.yaml -> conversations, or every fault of the files with its place.

A file has `preamble` (what each of its tests begins with) and `tests`; docs/flow-tools.md shows the format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ivr.conversations import steps
from ivr.conversations.moments import moment, on_off
from ivr.conversations.step_reading import read_steps
from ivr.conversations.steps import Answer, Conversation, Setting, Stub
from ivr.flow import FAILURES, FlowSet
from ivr.reading import Reader, suggestion
from ivr.values import Signature, coerce
from ivr.yaml_source import Faults, FlowFault, Place, Scalar, Sequence, Value, read
from ivr.yaml_source import Mapping as YamlMapping


class ConversationError(Exception):
    """The tests cannot be played. `faults` lists all that is wrong; the message is one line each."""

    def __init__(self, faults: list[FlowFault]) -> None:
        self.faults = sorted(set(faults), key=lambda f: (f.place.file, f.place.line, f.place.column, f.message))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the tests are read against, and what a test that does not say has."""

    flows: FlowSet
    services: Mapping[str, Signature]
    flow: str = "main"
    hotline_number: str = "95598"
    caller: str = "+8613800138000"
    language: str = "en"
    at: datetime = datetime(2026, 11, 23, 10)  # noqa: DTZ001 - local time; a Monday, in office hours


@dataclass(slots=True)
class _Given:
    """What a preamble or a test says of its call; what it does not say is missing."""

    texts: dict[str, str] = field(default_factory=dict)
    variables: dict[str, tuple[str, Place]] = field(default_factory=dict)
    stubs: dict[str, Stub] = field(default_factory=dict)
    real: bool | None = None
    at: datetime | None = None
    storm: bool | None = None
    talk: tuple[steps.Step, ...] = ()


def read_conversations(files: Mapping[str, str], around: Surroundings) -> list[Conversation]:
    """`files`: name as it is to be shown -> text. Raises ConversationError with every fault."""
    faults = Faults()
    found: list[Conversation] = []
    for name, text in files.items():
        tree = read(name, text, faults)
        if isinstance(tree, YamlMapping):
            found += _File(Reader(tree, "the file", faults), around, faults).read()
        elif tree is not None:
            faults.add(Place(name, 1, 1), "a file of conversations has 'tests', and may have a 'preamble'.")
    if faults.found:
        raise ConversationError(faults.found)
    return found


class _File:
    def __init__(self, reader: Reader, around: Surroundings, faults: Faults) -> None:
        self.reader = reader
        self.around = around
        self.faults = faults

    def read(self) -> list[Conversation]:
        self.reader.text("about", "")
        preamble = _Given()
        section = self.reader.section("preamble")
        if section is not None:
            preamble = self._given(Reader(section, "the preamble", self.faults), shared=True)
        found = []
        for entry in self.reader.section("tests") or ():
            if not isinstance(entry.value, YamlMapping):
                self.reader.fault(entry.value.place, f"test '{entry.key}' has at least a 'talk' under it.")
                continue
            reader = Reader(entry.value, f"test '{entry.key}'", self.faults)
            reader.text("about", "")
            wanted = reader.yes_no("preamble", True)
            own = self._given(reader, shared=False)
            base = preamble if wanted else _Given()
            if not own.talk and "talk" not in entry.value:
                reader.missing("talk")
            setting = self._setting(reader, base, own)
            found.append(Conversation(entry.key, entry.key_place, setting, (*base.talk, *own.talk)))
        if "tests" not in self.reader.mapping:
            self.reader.missing("tests")
        self.reader.finish()
        return found

    def _given(self, reader: Reader, *, shared: bool) -> _Given:
        given = _Given()
        for key in ("flow", "from", "to", "direction", "language"):
            if key in reader.mapping:
                given.texts[key] = reader.text(key)
            else:
                reader.entry(key)
        self._check_names(reader, given.texts)
        if "at" in reader.mapping:
            given.at = moment(reader, "at")
        reader.entry("at")
        if "storm" in reader.mapping:
            given.storm = on_off(reader, "storm")
        reader.entry("storm")
        for name, value in reader.words("variables").items():
            given.variables[name] = (value.text, value.place)
        self._services(reader, given, shared)
        entry = reader.entry("talk")
        if entry is not None:
            given.talk = read_steps(entry.value, reader, self.faults, self.around.services)
        reader.finish()
        return given

    def _check_names(self, reader: Reader, texts: Mapping[str, str]) -> None:
        known = {
            "flow": self.around.flows.flows,
            "language": self.around.flows.languages,
            "direction": ("inbound", "outbound"),
        }
        for key, names in known.items():
            if key in texts and texts[key] not in names:
                place = reader.mapping.entries[key].value.place
                reader.fault(place, f"there is no {key} '{texts[key]}'.", suggestion(texts[key], names))

    def _setting(self, reader: Reader, base: _Given, own: _Given) -> Setting:
        around = self.around
        texts = base.texts | own.texts
        direction = texts.get("direction", "inbound")
        out = direction == "outbound"
        flow = texts.get("flow", around.flow)
        takes = around.flows.flows[flow].takes if flow in around.flows.flows else {}
        variables: dict[str, Any] = {}
        for name, (text, place) in (base.variables | own.variables).items():
            if name in takes:
                try:
                    variables[name] = coerce(takes[name].type, text)
                except ValueError:
                    reader.fault(place, f"'{text}' is no {takes[name].type.value} for '{name}'.")
            elif name in ("answered_by", "recorded") or takes:
                variables[name] = text
            else:
                reader.fault(place, f"flow '{flow}' takes no '{name}'.")
        missing = [name for name, variable in takes.items() if variable.required and name not in variables]
        if missing:
            reader.fault(reader.place, f"flow '{flow}' needs {', '.join(missing)} under 'variables'.")
        stubs = own.stubs if own.real else base.stubs | own.stubs
        return Setting(
            flow,
            texts.get("from", around.hotline_number if out else around.caller),
            texts.get("to", around.caller if out else around.hotline_number),
            direction,
            texts.get("language", around.language),
            own.at or base.at or around.at,
            (base.storm or False) if own.storm is None else own.storm,
            variables,
            stubs,
            (base.real or False) if own.real is None else own.real,
        )

    # --- services

    def _services(self, reader: Reader, given: _Given, shared: bool) -> None:
        entry = reader.entry("services")
        if entry is None:
            return
        if isinstance(entry.value, Scalar):
            if entry.value.text != "real":
                hint = "Write 'services: real', or a line for each service."
                reader.fault(entry.value.place, f"'services' is '{entry.value.text}'.", hint)
            given.real = True
            return
        for line in reader.section("services") or ():
            if line.key == "others":
                if not (isinstance(line.value, Scalar) and line.value.text == "real"):
                    reader.fault(line.value.place, "'others' can only be 'real'.")
                given.real = True
            elif line.key not in self.around.services:
                reader.fault(
                    line.key_place,
                    f"there is no service '{line.key}'.",
                    suggestion(line.key, self.around.services),
                )
            else:
                each = isinstance(line.value, Sequence)
                values = line.value.items if isinstance(line.value, Sequence) else (line.value,)
                answers = tuple(a for v in values if (a := self._answer(reader, line.key, v)) is not None)
                given.stubs[line.key] = Stub(answers, each, line.key_place, shared)

    def _answer(self, reader: Reader, name: str, value: Value) -> Answer | None:
        """`found`, or `{outcome: found, gives: {...}, with: {...}}`."""
        service = self.around.services[name]
        if isinstance(value, Scalar):
            self._outcome(reader, service, value)
            return Answer(value.text, {}, {}, value.place)
        if not isinstance(value, YamlMapping):
            reader.fault(value.place, f"'{name}' answers with an outcome, or with 'outcome', 'gives' and 'with'.")
            return None
        inner = Reader(value, f"{reader.what}, service '{name}'", self.faults)
        outcome = inner.text("outcome")
        if outcome:
            at = value.entries["outcome"].value
            assert isinstance(at, Scalar)
            self._outcome(inner, service, at)
        outputs: dict[str, Any] = {}
        for output, scalar in inner.words("gives").items():
            if output not in service.outputs:
                inner.fault(scalar.place, f"it gives no '{output}'.", suggestion(output, service.outputs))
                continue
            try:
                outputs[output] = coerce(service.outputs[output], scalar.text)
            except ValueError:
                inner.fault(scalar.place, f"'{scalar.text}' is no {service.outputs[output].value} for '{output}'.")
        inputs = {}
        for input_, scalar in inner.words("with").items():
            if input_ not in service.inputs:
                inner.fault(scalar.place, f"it takes no '{input_}'.", suggestion(input_, service.inputs))
            inputs[input_] = scalar.text
        inner.finish()
        return Answer(outcome, outputs, inputs, value.place)

    def _outcome(self, reader: Reader, service: Signature, outcome: Scalar) -> None:
        known = service.outcomes | FAILURES
        if outcome.text not in known:
            reader.fault(
                outcome.place, f"the service has no outcome '{outcome.text}'.", suggestion(outcome.text, known)
            )
