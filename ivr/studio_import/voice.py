"""Widgets of a call that have a node of their own in our language."""

from __future__ import annotations

from typing import Any

from ivr.flow import TRANSFER_OUTCOMES
from ivr.studio_import import conditions
from ivr.studio_import.definition import Condition, Widget
from ivr.studio_import.draft import HAND_OVER, Draft
from ivr.studio_import.liquid import identifier

_LONGEST_MESSAGE_S = 600
_PHONE_KEYS = set("0123456789*")


def say(draft: Draft, widget: Widget) -> None:
    prompts = draft.said(widget)
    if widget.text("digits") and not prompts:
        draft.note(widget, f"it sends the tones {widget.text('digits')}, which our calls do not")
    if not prompts:
        draft.passed_by[widget.name] = widget.next("audioComplete")
        return
    times = int(min(max(widget.number("loop", 1), 1), 5))
    draft.add(widget, {"say": _one(prompts * times), "next": draft.go(widget.next("audioComplete"))})


def gather(draft: Draft, widget: Widget) -> None:
    """A menu where its answers go straight to a split over them; else a question with one value."""
    options = _options(draft, widget)
    silence = _escalation(draft, widget, widget.next("timeout"), limit=_times(widget))
    lines: dict[str, Any] = {"first_input_s": min(max(widget.number("timeout", 5), 1), 60)}
    if silence:
        lines["no_input"] = silence
    prompts = _one(draft.said(widget))
    if options is not None:
        listed, otherwise = options
        wrong = _escalation(draft, widget, otherwise, limit=1)
        if wrong:
            lines["no_match"] = wrong
        kept = {"into": _answer(draft, widget)} if _is_read(draft, widget) else {}
        draft.add(widget, {"menu": prompts, **kept, "options": listed, **lines})
        return
    draft.add(widget, _question(draft, widget, prompts, lines))


def _question(draft: Draft, widget: Widget, prompts: Any, lines: dict[str, Any]) -> dict[str, Any]:
    by_key, by_voice = widget.leads("keypress"), widget.leads("speech")
    variable = _answer(draft, widget)
    if by_voice and not by_key:
        return {"ask": prompts, "type": "text", "into": variable, **lines, "next": draft.go(widget.next("speech"))}
    if by_voice and draft.go(widget.next("speech")) != draft.go(widget.next("keypress")):
        why = f"what is said there led to {widget.next('speech')}; here spoken digits go the way of keys"
        draft.note(widget, why, draft.node_name(widget.name))
    draft.variables.digits.add(variable)
    count = int(widget.number("number_of_digits", widget.number("num_digits", 0)))
    length = {"min": min(count, 40), "max": min(count, 40)} if count > 0 else {"min": 1, "max": 20}
    key = widget.text("finish_on_key") if "finish_on_key" in widget.properties else "#"
    if key not in ("#", "*", ""):
        draft.note(widget, f"the key {key} ended its entry; here # does", draft.node_name(widget.name))
        key = "#"
    return {
        "ask": prompts, "type": "digits", "into": variable, **length, "terminator": key, **lines,
        "next": draft.go(widget.next("keypress", "speech")),
    }  # fmt: skip


def _answer(draft: Draft, widget: Widget) -> str:
    return draft.variables.named(f"widgets.{widget.name}.Digits")


def _is_read(draft: Draft, widget: Widget) -> bool:
    """Whether somebody else than the split behind it asks for what was pressed."""
    path = f"widgets.{widget.name}."
    splits = {widget.next("keypress"), widget.next("speech")}
    return any(
        path in str(other.properties) or path in str(other.transitions)
        for other in draft.definition.widgets.values()
        if other.name not in {widget.name, *splits}
    )


def _times(widget: Widget) -> int:
    """Studio says the prompt so many times before it gives up."""
    return int(min(max(widget.number("loop", 1), 1), 10))


def _escalation(draft: Draft, widget: Widget, target: str, limit: int) -> dict[str, Any] | None:
    """Where silence leads. Back to the widget itself is what every wait does, until it goes to people."""
    resolved = draft.go(target)
    if not target or resolved == draft.node_name(widget.name):
        return None if target else {"limit": limit, "next": resolved}
    return {"limit": limit, "next": resolved}


def _options(draft: Draft, widget: Widget) -> tuple[dict[str, Any], str] | None:
    """The options of a menu and where everything else leads, when the answers are split at once and by value."""
    found: dict[str, dict[str, Any]] = {}
    otherwise = ""
    for event, answer in (("keypress", "Digits"), ("speech", "SpeechResult")):
        split = draft.definition.widgets.get(widget.next(event))
        if split is None:
            continue
        if split.type != "split-based-on":
            return None
        paths = {f"{{{{widgets.{widget.name}.{one}}}}}" for one in ("Digits", "SpeechResult")}
        for transition in split.transitions:
            if transition.event == "noMatch":
                otherwise = otherwise or transition.next
                continue
            for condition in transition.conditions:
                if condition.argument.replace(" ", "") not in paths or len(transition.conditions) > 1:
                    return None
                words = _words(condition)
                if words is None:
                    return None
                for word in words:
                    _add_option(draft, found, word, transition.next, by_voice=answer == "SpeechResult")
    keys = [option["key"] for option in found.values() if "key" in option]
    return (found, otherwise) if found and len(keys) == len(set(keys)) else None


def _words(condition: Condition) -> list[str] | None:
    if condition.type == "equal_to":
        return [condition.value.strip()] if condition.value.strip() else None
    if condition.type == "matches_any_of":
        return [word.strip() for word in condition.value.split(",") if word.strip()] or None
    if condition.type == "contains" and not condition.value.strip().isdigit():
        return [condition.value.strip()] if condition.value.strip() else None
    return None


def _add_option(draft: Draft, found: dict[str, dict[str, Any]], word: str, target: str, *, by_voice: bool) -> None:
    """Keys and words that lead to one place are one option; a second key for it is another."""
    node = draft.go(target)
    is_key = set(word) <= _PHONE_KEYS
    if is_key and by_voice and any(option.get("key") == word for option in found.values()):
        return
    for option in found.values():
        if option["next"] == node and not (is_key and "key" in option):
            _extend(option, word, is_key)
            return
    option = {"next": node}
    _extend(option, word, is_key)
    base = identifier(target or "bye")
    name = next(n for n in (base, *(f"{base}_{i}" for i in range(2, 99))) if n not in found)
    found[name] = option


def _extend(option: dict[str, Any], word: str, is_key: bool) -> None:
    if is_key:
        option["key"] = word
    else:
        phrases = option.setdefault("phrases", [])
        if word.casefold() not in phrases:
            phrases.append(word.casefold())
    option["next"] = option.pop("next")  # stands last


def split(draft: Draft, widget: Widget) -> None:
    branches: list[dict[str, Any]] = []
    comments = []
    for transition in widget.transitions:
        if transition.event != "match":
            continue
        parts = [conditions.expression(one, draft.variables, widget.text("input")) for one in transition.conditions]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts) and known:
            branches.append({"if": conditions.joined(known), "next": draft.go(transition.next)})
            continue
        lost = ", ".join(f"{one.type} {one.value!r}" for one in transition.conditions) or "nothing"
        why = f"its condition ({lost}) cannot be said here; that branch is never taken until you write it"
        draft.note(widget, why, draft.node_name(widget.name))
        comments.append(f"'if: false' was: {lost}")
        branches.append({"if": "false", "next": draft.go(transition.next)})
    otherwise = next((t.next for t in widget.transitions if t.event == "noMatch"), "")
    draft.add(widget, {"when": [*branches, {"else": draft.go(otherwise)}]}, *comments)


def set_variables(draft: Draft, widget: Widget) -> None:
    values: dict[str, str] = {}
    for key, value in widget.pairs("variables"):
        values[draft.variables.named(f"flow.variables.{key}")] = draft.variables.template(value)
        if value.strip()[:1] in ("[",) or (value.strip()[:1] == "{" and value.strip()[:2] != "{{"):
            draft.note(widget, f"'{key}' holds JSON, which is a text here", draft.node_name(widget.name))
    following = widget.next("next")
    if not values:
        draft.passed_by[widget.name] = following
        return
    draft.add(widget, {"set": values, "next": draft.go(following)})


def connect(draft: Draft, widget: Widget) -> None:
    following = widget.next("callCompleted")
    number = widget.text("to")
    if widget.text("noun") not in ("number", ""):
        where = f"{widget.text('noun')} {number or widget.text('sip_endpoint')}"
        draft.note(widget, f"it connects to {where}; our transfers go to numbers", draft.node_name(widget.name))
        draft.add(widget, {"call": HAND_OVER, "next": draft.go(following)}, f"stands for a connection to {where}")
        return
    first, *more = (part.strip() for part in number.split(","))
    if more:
        draft.note(widget, f"it rings {number} at once; here only {first}", draft.node_name(widget.name))
    target = draft.go(following)
    outcomes = dict.fromkeys(TRANSFER_OUTCOMES, target)
    beside: dict[str, dict[str, Any]] = {}
    status = f"widgets.{widget.name}.DialCallStatus"
    others = [
        other for other in draft.definition.widgets.values() if status in str((other.properties, other.transitions))
    ]
    if others:  # what Studio calls completed is answered here
        variable = draft.variables.named(status)
        said = dict(zip(TRANSFER_OUTCOMES, ("completed", "busy", "no-answer", "failed"), strict=True))
        names = {outcome: f"{draft.node_name(widget.name)}_{outcome.replace('-', '_')}" for outcome in said}
        beside = {names[outcome]: {"set": {variable: status}, "next": target} for outcome, status in said.items()}
        outcomes = names
    timeout = min(max(widget.number("timeout", 30), 5), 120)
    to = draft.variables.template(first)
    draft.add(widget, {"transfer": [], "to": to, "timeout_s": timeout, "outcomes": outcomes})
    for name, lines in beside.items():
        draft.add_beside(name, lines)


def people(draft: Draft, widget: Widget) -> None:
    """Queues of Studio: people call back from our desk."""
    what = widget.text("queue_name") or widget.text("workflow_sid") or widget.text("workflow")
    why = f"the queue {what} is not here: callers are handed to {HAND_OVER}, which is yours to write"
    draft.note(widget, why, draft.node_name(widget.name))
    lines = {
        "call": HAND_OVER,
        "with": {"reason": draft.variables.template(what) or draft.node_name(widget.name)},
        "next": draft.go(widget.next("callComplete")),
    }
    draft.add(widget, lines, f"stands for the queue {what}")


def voicemail(draft: Draft, widget: Widget) -> None:
    longest = widget.number("max_length", 3600)
    if longest > _LONGEST_MESSAGE_S:
        longest = _LONGEST_MESSAGE_S
        if "max_length" in widget.properties and widget.number("max_length", 0) != 3600:
            draft.note(widget, "a message lasts at most 600 s here", draft.node_name(widget.name))
    lines: dict[str, Any] = {
        "record": draft.said(widget),
        "into": draft.variables.named(f"widgets.{widget.name}.RecordingUrl"),
    }
    if widget.text("transcribe") == "true":
        lines["transcript_into"] = draft.variables.named(f"widgets.{widget.name}.TranscriptionText")
    lines |= {"max_s": max(longest, 1), "end_silence_s": min(max(widget.number("timeout", 5), 1), 30)}
    silence = _escalation(draft, widget, widget.next("noAudio"), limit=1)
    if silence:
        lines["no_input"] = silence
    draft.add(widget, lines | {"next": draft.go(widget.next("recordingComplete"))})


def subflow(draft: Draft, widget: Widget) -> None:
    flow = identifier("subflow", widget.text("flow_sid") or widget.name)
    given = {identifier(key): draft.variables.template(value) for key, value in widget.pairs("parameters")}
    draft.subflows.setdefault(flow, set()).update(given)
    why = f"the subflow {widget.text('flow_sid')} is a flow of its own: import it and name it {flow}"
    draft.note(widget, why, draft.node_name(widget.name))
    lines: dict[str, Any] = {"call": flow}
    if given:
        lines["with"] = given
    draft.add(widget, lines | {"next": draft.go(widget.next("completed"))})


def _one(prompts: list[str]) -> Any:
    return prompts[0] if len(prompts) == 1 else prompts
