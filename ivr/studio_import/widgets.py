"""Which widget becomes what. Those without a place in our language are stood in for, and noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ivr.studio_import import voice
from ivr.studio_import.definition import Widget
from ivr.studio_import.draft import HAND_OVER, Draft


@dataclass(frozen=True, slots=True)
class _StandIn:
    """`events`: where the call goes on, the first that leads anywhere. `by`: say (a prompt says what was here),
    people (the caller is handed over), or nothing (the call passes by)."""

    why: str
    events: tuple[str, ...]
    by: str = "say"
    shows: tuple[str, ...] = ()  # properties that tell what it did


_TURNED: Mapping[str, Callable[[Draft, Widget], None]] = {
    "say-play": voice.say,
    "gather-input-on-call": voice.gather,
    "split-based-on": voice.split,
    "set-variables": voice.set_variables,
    "connect-call-to": voice.connect,
    "enqueue-call": voice.people,
    "send-to-flex": voice.people,
    "record-voicemail": voice.voicemail,
    "run-subflow": voice.subflow,
}
_STOOD_IN: Mapping[str, _StandIn] = {
    "run-function": _StandIn("a function of Twilio's; write a service and a 'do' node", ("success",),
                             shows=("url", "function_sid")),
    "make-http-request": _StandIn("a request to another system; write a service and a 'do' node", ("success",),
                                  shows=("method", "url")),
    "send-message": _StandIn("a text message; calls do not send any here", ("sent", "failed"), shows=("to", "body")),
    "send-and-wait-for-reply": _StandIn("a text message and its reply; flows are for calls",
                                        ("incomingMessage", "timeout"), shows=("body",)),
    "start-conversation": _StandIn("a conversation by text; flows are for calls", ("conversationStarted", "next")),
    "capture-payments": _StandIn("payment by card; a person takes it", ("success",), by="people",
                                 shows=("payment_connector",)),
    "connect-virtual-agent": _StandIn("a virtual agent; a person talks instead", ("return",), by="people",
                                      shows=("connector",)),
    "connect-virtual-agent-v2": _StandIn("a virtual agent; a person talks instead", ("completed", "live-agent-handoff"),
                                         by="people", shows=("connector_name",)),
    "add-twiml-redirect": _StandIn("instructions from another server", ("return",), shows=("url",)),
    "make-outgoing-call-v1": _StandIn("the hotline makes calls itself; the flow begins when one is answered",
                                      ("answered",), by="nothing", shows=("to",)),
    "make-outgoing-call-v2": _StandIn("the hotline makes calls itself; the flow begins when one is answered",
                                      ("answered",), by="nothing", shows=("to",)),
    "record-call": _StandIn("recording of whole calls", ("success", "failed"), by="nothing"),
    "fork-stream": _StandIn("a copy of the call's sound to another server", ("next",), by="nothing",
                            shows=("stream_url",)),
    "search-for-a-profile": _StandIn("a look-up in Segment; write a service and a 'do' node",
                                     ("success", "found", "next")),
}  # fmt: skip


def turn(draft: Draft, widget: Widget) -> None:
    turned = _TURNED.get(widget.type)
    if turned is not None:
        turned(draft, widget)
        return
    stand_in = _STOOD_IN.get(widget.type, _StandIn("a kind of widget that is not known", ()))
    events = stand_in.events or tuple(t.event for t in widget.transitions)
    following = widget.next(*events)
    node = draft.node_name(widget.name)
    shown = " ".join(" ".join(widget.text(key).split()) for key in stand_in.shows if widget.text(key))
    what = f"{widget.type}" + (f" ({shown})" if shown else "")
    other = [f"{t.event} -> {t.next}" for t in widget.transitions if t.next and t.next != following]
    comments = [f"stands for {what}: {stand_in.why}", *(f"it also led on: {one}" for one in other)]
    if stand_in.by == "people":
        draft.note(widget, stand_in.why, node)
        draft.add(widget, {"call": HAND_OVER, "with": {"reason": node}, "next": draft.go(following)}, *comments)
    elif stand_in.by == "say":
        draft.note(widget, stand_in.why, node)
        prompt = draft.prompt(f"instead_of_{widget.name}", f"This step is still missing: {_plain(widget.name)}.")
        draft.add(widget, {"say": prompt, "next": draft.go(following)}, *comments)
    else:  # passed by before anything is turned, see `passing`
        draft.note(widget, stand_in.why)


def known_types() -> tuple[str, ...]:
    """Every type of widget that is turned into something or stood in for."""
    return (*_TURNED, *_STOOD_IN)


def passing(widget: Widget) -> str | None:
    """Where a widget leads that does nothing here; None for all others."""
    stand_in = _STOOD_IN.get(widget.type)
    return widget.next(*stand_in.events) if stand_in is not None and stand_in.by == "nothing" else None


def _plain(name: str) -> str:
    return name.replace("_", " ").replace("{", "").replace("}", "")
