"""What is declared and used by nothing: variables, intents, calendars."""

from __future__ import annotations

from ivr import flow as nodes
from ivr.checking.material import Material
from ivr.checking.prompts import said_at
from ivr.flow import Flow

# Intents the engine asks for by itself, when something is asked back.
ENGINE_ASKS = frozenset({"yes", "no"})


def check_unused(material: Material) -> None:
    _intents(material)
    calendars: set[str] = set()
    for flow in material.flows.flows.values():
        read = _read(material, flow, calendars)
        for name in flow.variables.keys() - read - flow.gives.keys():
            section = "takes" if name in flow.takes else "vars"
            material.notes.add(
                "unused-variable",
                material.place(flow.name, section, name),
                f"nothing in flow '{flow.name}' uses the value of '{name}'.",
                "Use it, or take it out.",
            )
    for prompts in (material.flows.prompts, *(flow.prompts for flow in material.flows.flows.values())):
        for texts in prompts.values():
            for template in texts.values():
                calendars |= template.calendars
    for name in sorted(material.flows.calendars.keys() - calendars):
        material.notes.add(
            "unused-calendar",
            material.sources.place_in("calendars.yaml", "calendars", name),
            f"no flow asks for open({name}).",
            "Ask for it with 'when', or delete it.",
        )


def _intents(material: Material) -> None:
    options = [o for _, node in material.nodes() if isinstance(node, nodes.MenuNode) for o in node.options]
    used = {intent for option in (*options, *material.flows.globals) for intent in option.intents} | ENGINE_ASKS
    for name, intent in material.flows.intents.items():
        if name not in used:
            material.notes.add(
                "unused-intent",
                intent.place,
                f"no option and no global has the intent '{name}': who wants it is not understood.",
                "Give it to an option, or delete it.",
            )


def _read(material: Material, flow: Flow, calendars: set[str]) -> set[str]:
    names: set[str] = set()
    for texts in flow.prompts.values():
        for template in texts.values():
            names |= template.names
    for node in flow.nodes.values():
        for _, uses in said_at(node):
            for use in uses:
                for template in material.flows.texts(flow, use.id).values():
                    names |= template.names
        match node:
            case nodes.WhenNode(branches=branches):
                for branch in branches:
                    names |= branch.condition.names if branch.condition else set()
                    calendars |= branch.condition.calendars if branch.condition else set()
            case nodes.DoNode(arguments=given) | nodes.CallNode(arguments=given):
                templates = list(given.values())
            case nodes.SetNode(values=given) | nodes.ReturnNode(results=given):
                templates = list(given.values())
            case nodes.TransferNode(to=to):
                templates = [to]
        if isinstance(node, nodes.DoNode | nodes.CallNode | nodes.SetNode | nodes.ReturnNode | nodes.TransferNode):
            for template in templates:
                names |= template.names
                calendars |= template.calendars
    for option in material.flows.globals:
        for template in option.arguments.values():
            names |= template.names
    return names
