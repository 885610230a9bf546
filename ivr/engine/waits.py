"""The waits for the caller: entered, entered again after silence or a misunderstanding, left."""

from __future__ import annotations

from typing import Any

from ivr import flow as nodes
from ivr.engine import commands
from ivr.engine.walk import Walk
from ivr.flow import Escalation, Option, PromptUse
from ivr.listening import listened, message_commands
from ivr.outputs import Record

Listening = nodes.MenuNode | nodes.AskNode


def enter(walk: Walk, node: Listening, before: tuple[PromptUse, ...] = (), again: bool = True) -> None:
    """`before` is said first; `again`: the wait's own prompts follow."""
    if walk.over_long():
        return
    walk.say((*before, *(node.prompts if again else ())), barge_in=node.barge_in)
    walk.outputs.append(listened(walk.flows, walk.flow.name, node, walk.language))
    walk.wait()


def enter_record(walk: Walk, node: nodes.RecordNode, before: tuple[PromptUse, ...] = ()) -> None:
    if walk.over_long():
        return
    walk.say((*before, *node.prompts), barge_in=False)
    commands_ = message_commands(walk.flows.globals)
    walk.outputs.append(Record(node.max_s, node.end_silence_s, commands=commands_, private=node.private))
    walk.wait()


def enter_again(walk: Walk, node: Listening | nodes.RecordNode) -> None:
    """The same wait once more: its counters go on."""
    if isinstance(node, nodes.RecordNode):
        enter_record(walk, node)
    else:
        enter(walk, node)


# --- left by an answer


def take_option(walk: Walk, node: Listening, option: Option) -> None:
    if option.action or option.flow:
        obey(walk, node, option)
        return
    assert isinstance(node, nodes.MenuNode)
    walk.remember()
    if node.into:
        walk.frame["vars"][node.into] = option.name
    walk.go(option.next)


def take_value(walk: Walk, node: nodes.AskNode, value: Any) -> None:
    walk.remember()
    walk.frame["vars"][node.into] = value
    walk.go(node.next)


def obey(walk: Walk, node: Listening | nodes.RecordNode, option: Option) -> None:
    """A wish that works everywhere."""
    if option.action == "help" and not isinstance(node, nodes.RecordNode):
        again(walk, node, node.help, "help")
    elif not commands.obeyed(walk, option):
        enter_again(walk, node)


# --- once more, or elsewhere


def again(walk: Walk, node: Listening | nodes.RecordNode, escalation: Escalation, counter: str) -> None:
    """The wait again with the prompt of this count, or, at the limit, where the flow says."""
    count = counted(walk.state["wait"], counter)
    if count >= escalation.limit:
        escalate(walk, escalation)
        return
    before = tapered(escalation, count)
    if isinstance(node, nodes.RecordNode):
        enter_record(walk, node, before)
    else:
        enter(walk, node, before, escalation.reprompt)


def counted(wait: dict[str, Any], counter: str) -> int:
    wait[counter] = wait.get(counter, 0) + 1
    return int(wait[counter])


def tapered(escalation: Escalation, count: int) -> tuple[PromptUse, ...]:
    """The prompt of the highest count that has been reached."""
    prompts = escalation.prompts
    return (prompts[min(count, len(prompts)) - 1],) if prompts else ()


def escalate(walk: Walk, escalation: Escalation) -> None:
    walk.remember()
    if escalation.next:
        walk.go(escalation.next)
    else:
        walk.jump(escalation.flow, {"reason": "not_understood"})
