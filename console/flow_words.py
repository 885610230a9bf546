"""What a drawn flow says besides the flow's own names and prompts, in the language of the page."""

from __future__ import annotations

from flask_babel import gettext as _

from ivr.graph import EdgeKind, GraphEdge


def words() -> dict[str, str]:
    """As `ivr.drawing.plan.WORDS`."""
    return {
        "no_input": _("no input"),
        "no_match": _("not understood"),
        "help": _("help"),
        "invalid": _("not valid"),
        "otherwise": _("otherwise"),
        "here": _("here now"),
        "left": _("left"),
        "unclear": _("not understood"),
        "shared": _("At every wait"),
        "say": _("Say"),
        "menu": _("Choice"),
        "ask": _("Ask"),
        "record": _("Record"),
        "do": _("Service"),
        "when": _("Branch"),
        "set": _("Set"),
        "call": _("Flow called"),
        "transfer": _("Transfer"),
        "return": _("Return"),
        "hangup": _("Hang up"),
        "exit": _("Goes on elsewhere"),
    }


def way_words(edge: GraphEdge | None, outcome: str) -> str:
    """One way in a table: "1 report", "no input", "found"."""
    fixed = {
        "next": _("goes on"),
        "value": _("answered"),
        "recorded": _("recorded"),
        "call": _("calls the flow"),
        "returned": _("came back from the flow"),
        "return": _("returns"),
        "end": _("the call ends"),
        "hung_up": _("hung up"),
        "fault": _("fault of the flow"),
        "jump": _("the call was too long"),
        "no_input": _("no input"),
        "no_match": _("not understood"),
        "help": _("help"),
        "invalid": _("not valid"),
    }
    if outcome in fixed:
        return str(fixed[outcome])
    kind, _dot, name = outcome.partition(".")
    if edge is not None and edge.kind is EdgeKind.CONDITION:
        return edge.label or str(_("otherwise"))
    if edge is not None and edge.key:
        return f"{edge.key} {edge.label}".replace("_", " ")
    return name.replace("_", " ") if kind in {"option", "outcome", "to"} else outcome
