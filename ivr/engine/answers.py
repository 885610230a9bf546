"""What comes in at a wait, and what follows from it."""

from __future__ import annotations

from ivr import flow as nodes
from ivr.engine import commands, confirming, waits
from ivr.engine.waits import Listening
from ivr.engine.walk import Walk
from ivr.events import Digits, Event, Recorded
from ivr.flow import Confirm
from ivr.outputs import Heard
from ivr.routing import Understood, Wait, understand


def at(walk: Walk, node: Listening) -> Wait:
    limits = walk.limits
    today = walk.state["base"]["today"]
    return Wait(walk.flows, node, walk.language, today, limits.reject_below, limits.confirm_below)


def heard(walk: Walk, node: Listening, event: Event) -> None:
    wait = at(walk, node)
    if "confirm" in walk.state["wait"]:
        confirming.heard(walk, wait, event)
    else:
        settle(walk, wait, understand(wait, event))


def settle(walk: Walk, wait: Wait, understood: Understood) -> None:
    """What follows from an input: a wish fulfilled, an option or a value taken or asked back, or the wait again."""
    node, verdict = wait.node, understood.heard.verdict
    if verdict == "match" and must_confirm(node, understood):
        confirming.ask_back(walk, wait, understood, "confirm")
        return
    walk.outputs.append(understood.heard)
    option, slot = understood.option, understood.slot
    if verdict == "no_input":
        waits.again(walk, node, node.no_input, "no_input")
    elif verdict == "no_match":
        waits.again(walk, node, node.no_match, "no_match")
    elif option is not None:
        waits.take_option(walk, node, option)
    elif isinstance(node, nodes.AskNode) and slot is not None:
        if slot.valid:
            waits.take_value(walk, node, slot.value)
        else:
            waits.again(walk, node, node.invalid, "invalid")


def must_confirm(node: Listening, understood: Understood) -> bool:
    """What comes first is never asked back; of what works everywhere only what leaves the wait is."""
    option = understood.option
    if node.confirm is Confirm.NEVER or (option is not None and option.first):
        return False
    own = option is None or (isinstance(node, nodes.MenuNode) and option in node.options)
    if not own and not commands.leaves(option):
        return False
    return understood.doubtful or (own and node.confirm is Confirm.ALWAYS)


def recorded(walk: Walk, node: nodes.RecordNode, event: Event) -> None:
    if isinstance(event, Recorded):
        walk.outputs.append(Heard(node.name, "recording", "match", event.transcript))
        walk.remember()
        walk.frame["vars"][node.into] = event.recording_id
        if node.transcript_into:
            walk.frame["vars"][node.transcript_into] = event.transcript
        walk.go(node.next)
        return
    digits = event.digits if isinstance(event, Digits) else ""
    option = next((option for option in walk.flows.globals if digits and option.key == digits), None)
    if option is None:
        walk.outputs.append(Heard(node.name, "keys" if digits else "silence", "no_input"))
        waits.again(walk, node, node.no_input, "no_input")
        return
    verdict = "help" if option.action == "help" else "match"
    walk.outputs.append(Heard(node.name, "keys", verdict, digits, option=option.name))
    waits.obey(walk, node, option)
