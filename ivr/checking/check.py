"""All checks over one set of flows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ivr.checking.allowances import apply
from ivr.checking.carrier import check_carrier
from ivr.checking.catalogue import CODES
from ivr.checking.conditions import check_conditions
from ivr.checking.ends import check_ends, check_entries, check_reached
from ivr.checking.exploration import explore
from ivr.checking.faults import from_faults
from ivr.checking.finding import Finding, Notes
from ivr.checking.inputs import check_inputs
from ivr.checking.loops import check_recursion, check_silent_loops, check_unasked_loops
from ivr.checking.material import Material
from ivr.checking.meanings import check_meanings
from ivr.checking.menus import check_menus
from ivr.checking.people import check_people
from ivr.checking.prompts import check_prompts
from ivr.checking.sources import Sources
from ivr.checking.spoken_values import check_spoken
from ivr.checking.types import check_types
from ivr.checking.unheard import Ears, check_unheard
from ivr.checking.unused import check_unused
from ivr.flow import FlowSet
from ivr.loader import FlowError, load
from ivr.values import Signature


@dataclass(frozen=True, slots=True)
class Checked:
    """`flows` is None where they could not be loaded. `edges_seen`: how much was walked, for measuring."""

    findings: tuple[Finding, ...]
    flows: FlowSet | None
    edges_seen: int = 0


def check(
    files: Mapping[str, str],
    services: Mapping[str, Signature],
    languages: tuple[str, ...],
    utility: Mapping[str, str],
    entries: Mapping[str, str],
    recordings: Collection[tuple[str, str]] = (),
    *,
    region: str = "CN",
    ears: Mapping[str, Ears] | None = None,
) -> Checked:
    """Never raises for what is in the files. Findings come by file and line.

    `files`: name -> text. `entries`: flow -> why calls begin with it, as in "answers inbound calls", which comes first.
    `recordings`: (language, prompt) of every recorded prompt. `region`: ISO country of local phone numbers. `ears`:
    what the recognisers can hear, by language; phrases in others are not held against anything.
    """
    notes = Notes({name: code.severity for name, code in CODES.items()})
    try:
        flows = load(files, services, languages, utility, region)
    except FlowError as error:
        return Checked(tuple(sorted(from_faults(error.faults), key=lambda f: f.order)), None)
    begun = dict(entries)
    begun.setdefault(flows.fault_flow, "is where a call goes on when its own flow cannot (fault_flow)")
    if flows.too_long_flow:
        begun.setdefault(flows.too_long_flow, "ends calls that are too long (too_long_flow)")
    for flow, other in flows.storm.items():
        if flow in begun:
            begun.setdefault(other, f"stands in for '{flow}' in a storm")
    exploration = explore(flows, begun)
    material = Material(flows, services, Sources(files), exploration, begun, frozenset(recordings), notes)
    check_entries(material)
    check_reached(material)
    stuck = check_unasked_loops(material)
    stuck |= check_ends(material, stuck)
    check_silent_loops(material, stuck)
    check_recursion(material)
    check_prompts(material)
    check_spoken(material)
    check_inputs(material)
    check_meanings(material)
    check_people(material)
    check_types(material)
    check_conditions(material)
    check_menus(material)
    check_unheard(material, ears or {})
    check_carrier(material)
    check_unused(material)
    about = Notes(notes.severities)
    kept = apply(files, list(notes.found.values()), about, CODES)
    findings = sorted([*kept, *about.found.values()], key=lambda finding: finding.order)
    return Checked(tuple(findings), flows, exploration.edges_seen)
