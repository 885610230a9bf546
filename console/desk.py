"""The desk: the queue in tabs, kept fresh without a reload."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from console.access import staff
from console.current import database, now, settings
from console.languages import language
from console.panels import unchanged, version
from console.queue_view import SHOWN, QueueView, Tab, queue_view
from console.sessions import current

blueprint = Blueprint("desk", __name__)


@blueprint.get("/desk")
@staff
def queue() -> ResponseReturnValue:
    view = _view()
    return render_template("desk/queue.html", view=view, version=version(view), tabs=Tab, shown=SHOWN)


@blueprint.get("/desk/queue")
@staff
def panel() -> ResponseReturnValue:
    view = _view()
    return unchanged(view) or render_template(
        "desk/_queue.html", view=view, version=version(view), tabs=Tab, shown=SHOWN
    )


def _view() -> QueueView:
    wish = request.args.get("tab", "")
    tab = Tab(wish) if wish in set(Tab) else Tab.WAITING
    with database().reading() as rows:
        return queue_view(rows, tab, current().id, language(), settings().utility.time_zone, now())
