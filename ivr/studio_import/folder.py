"""A definition -> the files of a flow folder."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ivr.loader import NOT_FLOWS
from ivr.studio_import.definition import Definition, Widget, read_definition
from ivr.studio_import.draft import END, HAND_OVER, Draft, Node, Note
from ivr.studio_import.liquid import Variables, identifier
from ivr.studio_import.widgets import passing, turn
from ivr.studio_import.writing import Inline, block

_CALLS = ("incomingCall", "incomingRequest", "incomingParent")
_WORDS = {
    "en": {
        "apology": "Sorry, something on our side is not working right now.",
        "goodbye": "Goodbye.",
        "not_heard": "I did not hear anything.",
        "not_understood": "Sorry, I did not get that.",
        "to_people": "I will pass you to my colleagues.",
        "not_there": "This part is not there yet.",
    },
    "zh-CN": {
        "apology": "抱歉,我们的系统暂时出了点问题。",
        "goodbye": "再见。",
        "not_heard": "没有听到您的声音。",
        "not_understood": "抱歉,没有听清。",
        "to_people": "我把您转给同事。",
        "not_there": "这一部分还没有准备好。",
    },
}


@dataclass(frozen=True, slots=True)
class Imported:
    """`files`: name -> text. `untranslated`: how many prompts stand in the other languages as they were."""

    flow: str
    language: str
    files: dict[str, str]
    notes: tuple[Note, ...]
    untranslated: int


def import_definition(text: str, languages: tuple[str, ...], *, name: str = "main", language: str = "") -> Imported:
    """`name`: of the flow. `language`: what the definition speaks, found by its widgets when not said.

    Raises StudioError.
    """
    definition = read_definition(text)
    spoken = language or _spoken(definition, languages)
    flow = identifier(name)
    if f"{flow}.yaml" in {*NOT_FLOWS, f"{HAND_OVER}.yaml"}:
        flow += "_flow"
    sets = frozenset(widget.name for widget in definition.widgets.values() if widget.type == "set-variables")
    draft = Draft(definition, spoken, Variables(sets))
    _turn_all(draft)
    files = {
        f"{flow}.yaml": _flow_file(draft, flow, languages),
        "shared.yaml": _shared_file(languages),
        f"{HAND_OVER}.yaml": _hand_over_file(languages),
    }
    for subflow, given in sorted(draft.subflows.items()):
        files[f"{subflow}.yaml"] = _subflow_file(subflow, sorted(given), languages)
    untranslated = len(draft.prompts) * (len(languages) - 1)
    return Imported(flow, spoken, files, tuple(draft.notes), untranslated)


def _spoken(definition: Definition, languages: tuple[str, ...]) -> str:
    """The language most widgets speak, as far as the hotline has it; else its first."""
    counted: Counter[str] = Counter()
    for widget in definition.widgets.values():
        said = (widget.text("language") or widget.text("gather_language")).casefold()
        found = next((one for one in languages if said and one.casefold() == said), None)
        found = found or next((one for one in languages if said and one.split("-")[0] == said.split("-")[0]), None)
        if found is not None:
            counted[found] += 1
    return counted.most_common(1)[0][0] if counted else "en" if "en" in languages else languages[0]


def _turn_all(draft: Draft) -> None:
    widgets = _of_calls(draft)
    for widget in widgets:
        leads = passing(widget)
        if leads is not None:
            draft.passed_by[widget.name] = leads
        elif widget.type == "say-play" and not widget.text("say") and not widget.text("play"):
            draft.passed_by[widget.name] = widget.next("audioComplete")
        elif widget.type == "set-variables" and not widget.pairs("variables"):
            draft.passed_by[widget.name] = widget.next("next")
    _start(draft, draft.definition.trigger)
    for widget in widgets:
        turn(draft, widget)
    _drop_splits_of_menus(draft)
    for path in draft.variables.unsure:
        draft.notes.append(Note(path, "variable", "it has no counterpart here, or a filter that is not known"))


def _of_calls(draft: Draft) -> list[Widget]:
    """The widgets a call can come to, in the order of the file. The others are noted and left out."""
    definition, trigger = draft.definition, draft.definition.trigger
    reached: set[str] = set()
    ahead = [trigger.next(event) for event in _CALLS]
    while ahead:
        name = ahead.pop()
        if name and name not in reached:
            reached.add(name)
            ahead += [transition.next for transition in definition.widgets[name].transitions]
    for event in sorted({transition.event for transition in trigger.transitions} - set(_CALLS)):
        if trigger.leads(event):
            draft.note(trigger, f"{event} led to {trigger.next(event)}; flows are for calls")
    found = []
    for widget in definition.widgets.values():
        if widget.name in reached:
            found.append(widget)
        elif widget is not trigger:
            draft.note(widget, "no call comes to it; it is left out")
    return found


def _start(draft: Draft, trigger: Widget) -> None:
    call, request = trigger.next("incomingCall", "incomingParent"), trigger.next("incomingRequest")
    if call and request and draft.go(call) != draft.go(request):
        name = draft.node_name(trigger.name)
        branch = {"if": 'direction == "outbound"', "next": draft.go(request)}
        draft.nodes[name] = Node(name, {"when": [branch, {"else": draft.go(call)}]})
        return
    start = draft.go(call or request)
    draft.nodes = {start: draft.nodes.get(start, Node(start, {})), **draft.nodes}  # the first node is the start


def _drop_splits_of_menus(draft: Draft) -> None:
    """A split that became the options of a menu is left out, unless something else leads to it."""
    targets = {target for node in draft.nodes.values() for target in _targets(node.lines)}
    for widget in draft.definition.widgets.values():
        node = draft.nodes.get(draft.node_name(widget.name))
        if widget.type == "gather-input-on-call" and node is not None and "menu" in node.lines:
            for event in ("keypress", "speech"):
                name = draft.node_name(widget.next(event)) if widget.leads(event) else ""
                if name in draft.nodes and name not in targets and name != next(iter(draft.nodes)):
                    del draft.nodes[name]


def _targets(value: Any) -> set[str]:
    """Every text in a node: among them the names it leads to."""
    if isinstance(value, dict):
        return set().union(*(_targets(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(_targets(one) for one in value))
    return {value} if isinstance(value, str) else set()


# --- files


def _flow_file(draft: Draft, flow: str, languages: tuple[str, ...]) -> str:
    variables = draft.variables
    takes = {name: Inline(type="text", default="") for name in variables.takes}
    written = f"{[node.lines for node in draft.nodes.values()]} {list(draft.prompts.values())}"
    used = set(re.findall(r"\w+", written))
    own = {
        name: "digits" if name in variables.digits else "text"
        for name in variables.vars
        if name not in takes and name in used
    }
    parts = [block({"flow": flow, "about": _about(draft)})]
    if takes:
        parts.append(block({"takes": takes}))
    if own:
        parts.append(block({"vars": own}))
    if draft.prompts:
        parts.append("prompts:\n" + "".join(_prompt(name, text, draft.language, languages)
                                            for name, text in draft.prompts.items()))  # fmt: skip
    nodes = "".join(
        block({node.name: _phrased(node.lines, languages)}, 2, node.comments)
        for node in sorted(draft.nodes.values(), key=lambda node: node.name == END)  # the end stands last
    )
    parts.append("nodes:\n" + nodes)
    return "\n".join(parts)


def _about(draft: Draft) -> str:
    return " ".join(f"Brought over from Twilio Studio. {draft.definition.description}".split())


def _prompt(name: str, text: str, spoken: str, languages: tuple[str, ...]) -> str:
    """In the other languages stands the same text, marked with its language: `flow check` and a reader find it."""
    texts = {one: text if one == spoken else f"[{spoken}] {text}" for one in languages}
    return block({name: texts}, 2)


def _phrased(lines: dict[str, Any], languages: tuple[str, ...]) -> dict[str, Any]:
    """Phrases are wanted in every language; until somebody writes the others, what is said in one is heard in all."""
    if "options" not in lines:
        return lines
    options = {}
    for name, option in lines["options"].items():
        written = dict(option)
        if "phrases" in option:
            written["phrases"] = Inline(dict.fromkeys(languages, option["phrases"]))
        key = {"key": written["key"]} if "key" in written else {}
        phrases = {"phrases": written["phrases"]} if "phrases" in written else {}
        options[name] = {**key, **phrases, "next": written["next"]}
    return {**lines, "options": options}


def _texts(word: str, languages: tuple[str, ...]) -> dict[str, str]:
    return {one: _WORDS[one][word] if one in _WORDS else f"[en] {_WORDS['en'][word]}" for one in languages}


def _shared_file(languages: tuple[str, ...]) -> str:
    names = ("apology", "goodbye", "not_heard", "not_understood")
    defaults = {
        "first_input_s": 6,
        "inter_digit_s": 3,
        "no_input": Inline(say="not_heard", limit=3, flow=HAND_OVER),
        "no_match": Inline(say="not_understood", limit=3, flow=HAND_OVER),
        "fault_flow": HAND_OVER,
    }
    note = (
        "What every flow shares. Take the globals (danger, agent, repeat, back) from the flows that come with the",
        "hotline: Studio has none, and a caller in danger must reach a person from everywhere.",
    )
    return "\n".join(
        (block({"prompts": {name: _texts(name, languages) for name in names}}, 0, note), block({"defaults": defaults}))
    )


def _hand_over_file(languages: tuple[str, ...]) -> str:
    note = (
        "Stands for people: queues, Flex, whatever a flow could not do itself. Take agent_handover.yaml of the flows",
        "that come with the hotline instead, which writes a ticket that an agent calls back on.",
    )
    return _little_flow(HAND_OVER, ("reason",), "to_people", languages, note, {"bye": {"hangup": "goodbye"}})


def _subflow_file(name: str, given: list[str], languages: tuple[str, ...]) -> str:
    note = ("Stands for a subflow of Twilio Studio. Import its definition, and put it here under this name.",)
    return _little_flow(name, tuple(given), "not_there", languages, note, {"bye": {"return": {}}})


def _little_flow(
    name: str, takes: tuple[str, ...], word: str, languages: tuple[str, ...], note: tuple[str, ...], end: dict[str, Any]
) -> str:
    data: dict[str, Any] = {"flow": name}
    if takes:
        data["takes"] = {one: Inline(type="text", default="") for one in takes}
    data["prompts"] = {word: _texts(word, languages)}
    data["nodes"] = {"say_it": {"say": word, "next": "bye"}, **end}
    return block(data, 0, note)
