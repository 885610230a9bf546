"""`shared.yaml`: prompts any flow may say, options that work at every wait, defaults, storm mode's flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ivr.flow import ACTIONS, AccountCheck, Escalation, Option, Texts
from ivr.loading.flows import read_prompts
from ivr.loading.nodes import prompt_uses
from ivr.loading.options import check_against_first, read_options
from ivr.loading.uses import Surroundings, Uses
from ivr.reading import Reader, suggestion
from ivr.values import Signature, ValueType
from ivr.yaml_source import Faults, Place, Scalar, Value
from ivr.yaml_source import Mapping as YamlMapping
from speech.check_digits import SCHEMES

SHARED = "shared.yaml"
# What a wait asks back with, and the name that stands in it for what was understood.
CONFIRM_VALUE, CONFIRM_OPTION = "confirm_value", "confirm_option"
CONFIRMING: Mapping[str, Mapping[str, ValueType]] = {
    CONFIRM_VALUE: {"value": ValueType.TEXT},
    CONFIRM_OPTION: {"phrase": ValueType.TEXT},
}
_YES_NO_KEYS = ("1", "2")


@dataclass(slots=True)
class Shared:
    """What the shared file says, and the flows it names, to be checked when all flows are known."""

    around: Surroundings
    uses: Uses
    prompts: Mapping[str, Texts]
    globals: tuple[Option, ...] = ()
    fault_flow: str = ""
    too_long_flow: str = ""
    main_menu: tuple[str, str, Place] | None = None
    storm: Mapping[str, tuple[str, Place, Place]] | None = None  # flow -> the one in its place, where each is written
    flow_names: list[tuple[str, Place]] | None = None


def read_shared(
    tree: Value | None, services: Mapping[str, Signature], languages: tuple[str, ...], faults: Faults
) -> Shared:
    uses = Uses()
    around = Surroundings(languages, services)
    if not isinstance(tree, YamlMapping):
        faults.add(Place(SHARED, 1, 1), "the file that all flows share is missing or empty.",
                   "It has 'prompts', 'globals' and 'defaults'.")  # fmt: skip
        return Shared(around, uses, {})
    return _SharedReader(tree, around, uses, faults).read()


class _SharedReader:
    def __init__(self, tree: YamlMapping, around: Surroundings, uses: Uses, faults: Faults) -> None:
        self.reader = Reader(tree, "the shared file", faults)
        self.around = around
        self.uses = uses
        self.faults = faults
        self.flow_names: list[tuple[str, Place]] = []

    def read(self) -> Shared:
        prompts = read_prompts(self.reader, self.around.languages, self.uses, known=CONFIRMING)
        self.around = replace(
            self.around, confirms_values=CONFIRM_VALUE in prompts, confirms_options=CONFIRM_OPTION in prompts
        )
        shared = Shared(self.around, self.uses, prompts, self._globals(), flow_names=self.flow_names)
        defaults = self.reader.section("defaults")
        if defaults is None:
            self.reader.missing("defaults")
        else:
            self._defaults(Reader(defaults, "defaults", self.faults), shared)
        shared.around = replace(shared.around, first=tuple(o for o in shared.globals if o.first))
        shared.storm = self._storm()
        self.reader.finish()
        return shared

    # --- globals

    def _globals(self) -> tuple[Option, ...]:
        section = self.reader.section("globals")
        if section is None:
            return ()
        read = [
            (self._global(option, reader), reader)
            for option, reader in read_options(section, "globals", self.around.languages, self.uses, self.faults)
        ]
        for option, reader in read:
            others = tuple(o for o, _ in read if o.first and o is not option)
            if option.first and option.key in _YES_NO_KEYS:
                place = reader.mapping.entries["key"].value.place
                reader.fault(
                    place, f"key {option.key} answers yes or no when something is asked back.", "Take another."
                )
            check_against_first(option, reader, tuple(o for o in others if o.key != option.key))
        return tuple(option for option, _ in read)

    def _global(self, option: Option, reader: Reader) -> Option:
        action, flow = reader.text("action", ""), reader.text("flow", "")
        if action and action not in ACTIONS:
            place = reader.mapping.entries["action"].value.place
            reader.fault(place, f"'{action}' is nothing a caller can ask for.", suggestion(action, ACTIONS))
        elif bool(action) == bool(flow):
            reader.fault(reader.place, f"it has either 'action' ({', '.join(ACTIONS)}) or 'flow: NAME'.")
        if flow:
            self.flow_names.append((flow, reader.mapping.entries["flow"].value.place))
        arguments = {}
        for name, (place, template) in reader.templates("with").items():
            self.uses.reads(template, place)
            arguments[name] = template
        to = ""
        if action == "language":
            to = reader.text("to", "")
            if to and to not in self.around.languages:
                place = reader.mapping.entries["to"].value.place
                reader.fault(place, f"'{to}' is no language of this hotline.", suggestion(to, self.around.languages))
        first = reader.yes_no("first", False)
        if first and not flow:
            reader.fault(reader.place, "what comes first everywhere leads to a flow.", "Write 'flow: NAME'.")
        reader.finish()
        return replace(option, action=action, flow=flow, arguments=arguments, first=first, to=to)

    # --- defaults

    def _defaults(self, reader: Reader, shared: Shared) -> None:
        no_input, no_match = self._escalation(reader, "no_input"), self._escalation(reader, "no_match")
        otherwise = Escalation((), 3, flow=no_match.flow)
        shared.around = replace(
            self.around,
            no_input=no_input,
            no_match=no_match,
            help=self._escalation(reader, "help", otherwise),
            invalid=self._escalation(reader, "invalid", no_match),
            first_input_s=reader.number("first_input_s", 5, 1, 60),
            inter_digit_s=reader.number("inter_digit_s", 3, 1, 30),
            account_check=self._account_check(reader),
        )
        shared.fault_flow = self._flow(reader, "fault_flow")
        shared.too_long_flow = self._flow(reader, "too_long_flow") if "too_long_flow" in reader.mapping else ""
        shared.main_menu = self._main_menu(reader)
        if shared.main_menu is None:
            for option in shared.globals:
                if option.action == "main_menu":
                    reader.fault(reader.place, f"'{option.name}' leads to the main menu: say where that is.",
                                 "Write 'main_menu: FLOW/NODE'.")  # fmt: skip
        reader.finish()

    def _escalation(self, reader: Reader, key: str, default: Escalation | None = None) -> Escalation:
        section = reader.section(key)
        if section is None:
            if default is None:
                reader.missing(key)
            return default or Escalation((), 3)
        inner = Reader(section, f"defaults, {key}", self.faults)
        says = prompt_uses(inner.texts("say"), self.around.languages, self.uses, self.faults)
        limit, flow = inner.integer("limit", 3, 1, 10), self._flow(inner, "flow")
        found = Escalation(says, limit, "", flow, inner.yes_no("reprompt", True))
        inner.finish()
        return found

    def _flow(self, reader: Reader, key: str) -> str:
        name = reader.text(key)
        if name:
            self.flow_names.append((name, reader.mapping.entries[key].value.place))
        return name

    def _main_menu(self, reader: Reader) -> tuple[str, str, Place] | None:
        text = reader.text("main_menu", "")
        if not text:
            return None
        flow, slash, node = text.partition("/")
        place = reader.mapping.entries["main_menu"].value.place
        if not (flow and slash and node):
            reader.fault(place, f"'main_menu' is '{text}'.", "Write FLOW/NODE, as in main/menu.")
            return None
        return flow, node, place

    def _account_check(self, reader: Reader) -> AccountCheck:
        section = reader.section("account_number")
        if section is None:
            return AccountCheck()
        inner = Reader(section, "defaults, account_number", self.faults)
        digits, check = inner.integer("digits", 10, 2, 20), inner.text("check", "none")
        if check not in SCHEMES:
            place = section.entries["check"].value.place
            inner.fault(place, f"'{check}' is no way to make a check digit.", suggestion(check, SCHEMES))
        inner.finish()
        return AccountCheck(digits, check)

    # --- storm mode

    def _storm(self) -> Mapping[str, tuple[str, Place, Place]]:
        found = {}
        for entry in self.reader.section("storm") or ():
            if not isinstance(entry.value, Scalar):
                self.reader.fault(entry.value.place, f"'{entry.key}' names the flow that stands in for it in a storm.")
                continue
            if entry.value.text == entry.key:
                self.reader.fault(entry.value.place, f"'{entry.key}' cannot stand in for itself.")
            found[entry.key] = (entry.value.text, entry.key_place, entry.value.place)
            self.flow_names += [(entry.key, entry.key_place), (entry.value.text, entry.value.place)]
        return found
