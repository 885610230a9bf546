"""What can only be checked when every file is read: prompts, flows, calendars and intents that are named somewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ivr.flow import BUILT_IN, Flow, Texts
from ivr.loading.shared import Shared
from ivr.loading.uses import Uses
from ivr.reading import suggestion
from ivr.yaml_source import Faults, Place


def check_names(
    shared: Shared,
    flows: Mapping[str, Flow],
    uses: Mapping[str, Uses],
    calendars: Collection[str],
    intents: Collection[str],
    faults: Faults,
) -> None:
    """`uses`: of each flow, by its name."""
    for name, place in shared.flow_names or ():
        if name not in flows:
            faults.add(place, f"there is no flow '{name}'.", suggestion(name, flows))
    for names, place in shared.uses.variables:
        for name in sorted(names - BUILT_IN.keys()):
            faults.add(place, f"a shared prompt knows no '{name}'.", suggestion(name, BUILT_IN))
    _check_main_menu(shared, flows, faults)
    _check_storm(shared, flows, faults)
    _check_prompts(shared.uses, {}, shared.prompts, "the shared file", faults)
    for used in (shared.uses, *uses.values()):
        _check_calendars(used, calendars, faults)
        for intent, place in used.intents:
            if intent not in intents:
                faults.add(place, f"there is no intent '{intent}'.", _or_declare(intent, intents, "intents.yaml"))
    for name, used in uses.items():
        _check_prompts(used, flows[name].prompts, shared.prompts, f"flow '{name}'", faults)
        for called, arguments, results, place in used.flow_calls:
            _check_call(called, arguments, results, place, flows, faults)


def _or_declare(name: str, known: Collection[str], file: str) -> str:
    return suggestion(name, known) or f"Declare it in {file}."


def _check_calendars(uses: Uses, calendars: Collection[str], faults: Faults) -> None:
    for names, place in uses.calendars:
        for name in sorted(names - set(calendars)):
            faults.add(place, f"there is no calendar '{name}'.", _or_declare(name, calendars, "calendars.yaml"))


def _check_main_menu(shared: Shared, flows: Mapping[str, Flow], faults: Faults) -> None:
    if shared.main_menu is None:
        return
    flow, node, place = shared.main_menu
    if flow not in flows:
        faults.add(place, f"there is no flow '{flow}'.", suggestion(flow, flows))
        return
    if node not in flows[flow].nodes:
        faults.add(place, f"flow '{flow}' has no node '{node}'.", suggestion(node, flows[flow].nodes))
    _check_begun_bare(flow, place, flows, faults)


def _check_storm(shared: Shared, flows: Mapping[str, Flow], faults: Faults) -> None:
    for name, (other, _, place) in (shared.storm or {}).items():
        if name not in flows or other not in flows:
            continue
        for argument, variable in flows[other].takes.items():
            if variable.required and argument not in flows[name].takes:
                faults.add(place, f"flow '{other}' needs '{argument}', which '{name}' does not take.",
                           f"Give it a default, or let '{name}' take it as well.")  # fmt: skip


def _check_begun_bare(name: str, place: Place, flows: Mapping[str, Flow], faults: Faults) -> None:
    for argument, variable in flows[name].takes.items():
        if variable.required:
            faults.add(place, f"flow '{name}' needs '{argument}', which nobody gives here.", "Give it a default.")


def _check_prompts(
    uses: Uses, own: Mapping[str, Texts], shared: Mapping[str, Texts], what: str, faults: Faults
) -> None:
    for prompt, place in uses.prompts:
        if prompt and prompt not in own and prompt not in shared:
            faults.add(place, f"{what}: there is no prompt '{prompt}'.", suggestion(prompt, {*own, *shared}))


def _check_call(
    called: str,
    arguments: Mapping[str, Place],
    results: Mapping[str, tuple[str, Place]],
    place: Place,
    flows: Mapping[str, Flow],
    faults: Faults,
) -> None:
    flow = flows.get(called)
    if flow is None:
        faults.add(place, f"there is no flow '{called}'.", suggestion(called, flows))
        return
    for argument, at in arguments.items():
        if argument not in flow.takes:
            faults.add(at, f"flow '{called}' takes no '{argument}'.", suggestion(argument, flow.takes))
    for argument, variable in flow.takes.items():
        if variable.required and argument not in arguments:
            faults.add(place, f"flow '{called}' needs '{argument}', which 'with' does not give.")
    for result, (_, at) in results.items():
        if result not in flow.gives:
            faults.add(at, f"flow '{called}' gives no '{result}'.", suggestion(result, flow.gives))
