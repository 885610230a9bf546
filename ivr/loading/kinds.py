"""The nodes that do not wait for keys or words: say, do, when, set, call, transfer, return, hangup."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr import flow as nodes
from ivr.flow import AGENTS, FAILURES, LEAVE_KEYS, TRANSFER_OUTCOMES, Branch, Node
from ivr.loading.nodes import NodeReader
from ivr.loading.waits import read_ask, read_menu, read_record
from ivr.prompts import Template
from ivr.reading import Reader, suggestion
from ivr.values import Signature
from ivr.yaml_source import Mapping as YamlMapping
from ivr.yaml_source import Place, Scalar, Sequence


def _say(n: NodeReader) -> Node:
    return nodes.SayNode(n.name, n.place, n.prompts("say"), n.reader.yes_no("barge_in", True), n.node())


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
        n.reader.number("budget_s", 1.5, 0.1, 10), service is not None and service.changes,
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
    for outcome in outcomes.keys() - service.outcomes - FAILURES:
        place = n.reader.words("outcomes")[outcome].place
        known = service.outcomes | FAILURES
        n.reader.fault(place, f"the service has no outcome '{outcome}'.", suggestion(outcome, known))
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
                n.uses.reads(expression, condition.value.place)
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
    longest_s = 1800 if to.source == AGENTS else 120  # a telephone rings; agents are waited for
    timeout_s = n.reader.number("timeout_s", 30, 5, longest_s)
    return nodes.TransferNode(n.name, n.place, prompts, to, timeout_s, outcomes, _leave_key(n, to))


def _leave_key(n: NodeReader, to: Template) -> str:
    entry = n.reader.entry("leave_key")
    if entry is None:
        return ""
    key = n.reader.text("leave_key", "")
    if key not in LEAVE_KEYS:
        n.reader.fault(entry.value.place, f"'{key}' is no key that can be waited for.", "It is one of 0 to 9, or #.")
    elif to.source != AGENTS:
        n.reader.fault(entry.value.place, "only who waits for agents can leave by a key.", "Leave it out.")
    return key


def _return(n: NodeReader) -> Node:
    return nodes.ReturnNode(n.name, n.place, {k: t for k, (_, t) in n.templates("return").items()})


def _hangup(n: NodeReader) -> Node:
    return nodes.HangupNode(n.name, n.place, tuple(p for p in n.prompts("hangup") if p.id))


READERS: Mapping[str, Callable[[NodeReader], Node]] = {
    "say": _say, "menu": read_menu, "ask": read_ask, "record": read_record, "do": _do, "when": _when, "set": _set,
    "call": _call, "transfer": _transfer, "return": _return, "hangup": _hangup,
}  # fmt: skip
