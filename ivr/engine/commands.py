"""What callers may wish for at every wait: a flow, the way back, the main menu, another language, to hear it again."""

from __future__ import annotations

from ivr.engine.state import new_frame
from ivr.engine.walk import Walk
from ivr.flow import Option


def leaves(option: Option | None) -> bool:
    """Whether the wish takes the caller elsewhere, so that it is worth asking back."""
    return option is not None and (bool(option.flow) or option.action == "main_menu")


def obeyed(walk: Walk, option: Option) -> bool:
    """False when the wait is to be entered again: the caller wanted that, or there is nowhere to go."""
    if option.flow:
        variables = walk.variables
        arguments = {name: template.value(variables) for name, template in option.arguments.items()}
        walk.remember()
        walk.jump(option.flow, arguments, first=option.first)
        return True
    match option.action:
        case "back":
            return walk.back()
        case "main_menu":
            return _main_menu(walk)
        case "language":
            walk.speak(option.to or _next_language(walk))
    return False


def _main_menu(walk: Walk) -> bool:
    """What the flow of the main menu has found out about the caller is kept, where the call came through it."""
    if walk.flows.main_menu is None:
        return False
    name, node = walk.flows.main_menu
    flow = walk.begun(name)
    walk.remember()
    if flow.name != name:  # a storm: it has a beginning of its own
        walk.state["frames"] = [new_frame(flow, {})]
    elif walk.state["frames"][0]["flow"] == name:
        del walk.state["frames"][1:]
        walk.frame["node"] = node
    else:
        walk.state["frames"] = [new_frame(flow, {}, node)]
    walk.state["wait"] = None
    return True


def _next_language(walk: Walk) -> str:
    languages = walk.flows.languages
    return languages[(languages.index(walk.language) + 1) % len(languages)]
