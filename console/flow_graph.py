"""The graph of a flow with what callers do in it: where they go, where they leave, where they are not understood."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Protocol, cast

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime
from flask_babel import gettext as _
from markupsafe import Markup

from console.access import staff
from console.current import database, now, settings
from console.flow_graph_view import Asked, GraphView, Period, view_of
from console.flow_words import words
from console.languages import language
from console.panels import unchanged, version
from ivr.drawing.svg import STYLE, Look, svg
from ivr.flow import FlowSet
from ivr.flow_store import FlowStore, NoSuchRevision
from ivr.graph import graph_of
from ivr.loader import FlowError

blueprint = Blueprint("flow_graph", __name__)
_STYLE_VERSION: Final = hashlib.sha256(STYLE.encode()).hexdigest()[:12]


class _WithFlows(Protocol):
    @property
    def flows(self) -> FlowStore: ...


@blueprint.get("/flows/graph")
@staff
def page() -> ResponseReturnValue:
    view, problem = _view()
    return render_template("flow_graph/page.html", problem=problem, **_shown(view)), 409 if problem else 200


@blueprint.get("/flows/graph/live")
@staff
def live() -> ResponseReturnValue:
    """What changes on the page: the picture, the tables, the node that is looked at."""
    view, problem = _view()
    if problem:
        return "", 204
    return unchanged(view) or render_template("flow_graph/_live.html", **_shown(view))


@blueprint.get("/flows/graph/style.css")
@staff
def style() -> ResponseReturnValue:
    answer = Response(STYLE, mimetype="text/css")
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


def _view() -> tuple[GraphView, str]:
    """What is asked for, and why it cannot be drawn. Ends the request with 400 or 404 for what does not exist."""
    store = cast(_WithFlows, current_app.extensions["hotline"]).flows
    period = request.args.get("period", Period.TODAY.value)
    if period not in set(Period):
        abort(400)
    revision, problem = request.args.get("revision", ""), ""
    flows: FlowSet = store.last_known
    if revision:
        try:
            flows = store.revision(revision)
        except NoSuchRevision:
            abort(404)
        except FlowError:
            problem = _("This revision was written for another release; it cannot be drawn any more.")
    else:
        flows = store.current
    asked = Asked(
        flow=request.args.get("flow") or _first(flows), period=Period(period), revision=revision,
        node=request.args.get("node", ""), sort=request.args.get("sort", ""), ways=request.args.get("ways", ""),
        size="fit" if request.args.get("size") == "fit" else "",
    )  # fmt: skip
    if asked.flow not in flows.flows:
        abort(404)
    with database().reading() as rows:
        view = view_of(rows, flows, asked, now(), settings().utility.time_zone, language())
    if asked.node and view.picked is None:
        abort(404)
    return view, problem


def _first(flows: FlowSet) -> str:
    entry = settings().callflows.entry
    return entry if entry in flows.flows else next(iter(flows.flows))


def _shown(view: GraphView) -> dict[str, object]:
    def page_with(**changes: str) -> str:
        given = view.asked.arguments() | changes
        return _address("flow_graph.page", {name: value for name, value in given.items() if value})

    def to_node(node: str) -> str:
        flow, _slash, name = node.partition("/")
        return page_with(flow=flow, node=name) + "#node"

    picked = f"{view.asked.flow}/{view.asked.node}" if view.asked.node else ""
    look = Look(view.language, words(), to_node, picked, shared=True, style=False)
    picture = svg(graph_of(view.flows, view.asked.flow), look, view.figures)
    return {
        "view": view,
        "version": version(view),
        "picture": Markup(picture),  # noqa: S704 - made by us; what stands in it is escaped there
        "words": words(),
        "page_with": page_with,
        "revisions": [(id_, f"{format_datetime(at, 'short')} · {id_[:8]}") for id_, at in view.revisions],
        "to_node": to_node,
        "style": url_for("flow_graph.style", v=_STYLE_VERSION),
        "live_path": _address("flow_graph.live", view.asked.arguments() | {"version": version(view)}),
    }


def _address(endpoint: str, arguments: Mapping[str, Any]) -> str:
    return url_for(endpoint, **arguments)
