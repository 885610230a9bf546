"""YAML files -> a checked `FlowSet`, or every fault of all of them at once.

A file is one flow (`flow: NAME`), except `shared.yaml`, which holds what all flows share, and, where they are there,
`calendars.yaml` (opening hours) and `intents.yaml` (what callers may want, by example). `docs/flows.md` is the
language by example; the rooms of `ivr.loading` read its parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ivr.flow import Flow, FlowSet
from ivr.loading.flows import read_flow
from ivr.loading.intents import INTENTS, read_intents
from ivr.loading.names import check_names
from ivr.loading.shared import SHARED, read_shared
from ivr.loading.uses import Uses
from ivr.values import Signature
from ivr.yaml_source import Faults, FlowFault, Place, Value
from ivr.yaml_source import Mapping as YamlMapping
from ivr.yaml_source import read as read_yaml

if TYPE_CHECKING:
    from ivr.calendars import Calendar

CALENDARS = "calendars.yaml"
NOT_FLOWS = frozenset({SHARED, CALENDARS, INTENTS})


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
    region: str = "CN",
) -> FlowSet:
    """`files`: name -> text. `region`: ISO country of local phone numbers. Raises FlowError with every fault."""
    faults = Faults()
    trees = {name: read_yaml(name, text, faults) for name, text in sorted(files.items())}
    shared = read_shared(trees.get(SHARED), services, languages, faults)
    intents = read_intents(trees[INTENTS], languages, faults) if INTENTS in trees else {}
    calendars = _calendars(trees[CALENDARS], faults) if CALENDARS in trees else {}
    flows: dict[str, Flow] = {}
    uses: dict[str, Uses] = {}
    for file, tree in trees.items():
        if file in NOT_FLOWS:
            continue
        if isinstance(tree, YamlMapping):
            flow, used = read_flow(tree, shared.around, {name: known.place for name, known in flows.items()}, faults)
            flows[flow.name], uses[flow.name] = flow, used
        elif tree is not None:
            faults.add(Place(file, 1, 1), "a flow begins with 'flow: NAME'.")
    check_names(shared, flows, uses, calendars, intents, faults)
    if faults.found:
        raise FlowError(faults.found)
    return FlowSet(
        revision_of(files), languages, flows, shared.prompts, shared.globals, shared.fault_flow, utility or {},
        too_long_flow=shared.too_long_flow, main_menu=shared.main_menu and shared.main_menu[:2],
        account_check=shared.around.account_check, region=region, intents=intents, calendars=calendars,
        storm={name: other for name, (other, _, _) in (shared.storm or {}).items()},
    )  # fmt: skip


def _calendars(tree: Value | None, faults: Faults) -> Mapping[str, Calendar]:
    from ivr.calendars import read_calendars  # brings the tables of public holidays: only for who has calendars

    return read_calendars(tree, faults)
