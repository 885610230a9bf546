"""`hotline flow graph`: flows drawn, with what callers did in them."""

from __future__ import annotations

import enum
import re
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import orjson

from app import load_flows
from database import Database
from ivr.drawing.mermaid import mermaid
from ivr.drawing.svg import Look, svg
from ivr.figures import COUNTED, Figures, fitted
from ivr.flow import FlowSet
from ivr.flow_counts import Span, figures_of
from ivr.flow_store import read_files
from ivr.graph import Graph, graph_of, to_json
from ivr.reading import suggestion
from ivr.runner import utc_now
from settings import Place, Settings


class Format(enum.StrEnum):
    SVG = "svg"
    MERMAID = "mermaid"
    JSON = "json"


_FORMAT_OF = {".svg": Format.SVG, ".mmd": Format.MERMAID, ".mermaid": Format.MERMAID, ".json": Format.JSON}


class Days(click.ParamType[int]):
    name = "days"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d{1,3})d?", str(value).strip())
        if found is None or not 1 <= int(found[1]) <= 400:
            self.fail(f"'{value}' is no number of days. Write it as 7d, at most 400d.", param, ctx)
        return int(found[1])


@click.command("graph")
@click.argument("name", required=False, metavar="[FLOW]")
@click.option("--format", "format_", type=click.Choice([one.value for one in Format]),
              help="What to write; as the name of --out ends when not given, else mermaid.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
@click.option("--counts", "days", type=Days(), metavar="DAYS", help="With what callers did in these days, e.g. 7d: "
              "calls that are over, today among them.")  # fmt: skip
@click.option("--lang", "language", help="The language of the prompts shown; the utility's first when not given.")
@click.option("--shared", is_flag=True, help="Draw the ways that every wait has as well: agent, danger, no input.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Flows of this folder.")
@click.pass_context
def command(
    context: click.Context, name: str | None, format_: str | None, out: Path | None, days: int | None,
    language: str | None, shared: bool, folder: Path | None,
) -> None:  # fmt: skip
    """Draw FLOW, or all flows: an SVG picture, Mermaid text for other tools, or the graph as JSON.

    Edges keep their ids (flow/node/outcome) from revision to revision, so counts of older calls fit as well.
    """
    place: Place = context.obj
    settings = place.settings()
    flows = _flows(settings, folder)
    if name is not None and name not in flows.flows:
        raise click.ClickException(f"there is no flow '{name}'. {suggestion(name, flows.flows)}")
    language = language or flows.languages[0]
    if language not in flows.languages:
        raise click.ClickException(f"'{language}' is no language of this hotline: {', '.join(flows.languages)}")
    wanted = Format(format_) if format_ else _FORMAT_OF.get(out.suffix.lower() if out else "", Format.MERMAID)
    graph = graph_of(flows, name)
    figures = None if days is None else _figures(settings, flows, name, days)
    written = _written(graph, wanted, figures, language, shared)
    if out is None:
        click.echo(written, nl=False)
        return
    try:
        out.write_text(written, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"{out}: {len(graph.nodes)} nodes, {len(graph.edges)} ways")


def _flows(settings: Settings, folder: Path | None) -> FlowSet:
    try:
        files = read_files(folder or settings.flows_folder)
    except FileNotFoundError as error:
        raise click.ClickException(str(error)) from error
    return load_flows(settings, files)


def _figures(settings: Settings, flows: FlowSet, name: str | None, days: int) -> Figures:
    today: date = utc_now().astimezone(ZoneInfo(settings.utility.time_zone)).date()
    span = Span(today - timedelta(days=days - 1), today, (name,) if name else tuple(flows.flows))
    database = Database(settings.database_url)
    try:
        with database.reading() as session:
            return figures_of(session, span)
    finally:
        database.dispose()


def _written(graph: Graph, wanted: Format, figures: Figures | None, language: str, shared: bool) -> str:
    if wanted is Format.SVG:
        return svg(graph, Look(language, shared=shared), figures)
    if wanted is Format.MERMAID:
        return mermaid(graph, figures, language=language, shared=shared)
    data = to_json(graph)
    if figures is not None:
        found = fitted(figures, graph)
        for node in data["nodes"]:
            counted = found.nodes.get(node["id"])
            node["counts"] = {one: getattr(counted, one) if counted else 0 for one in COUNTED}
        for edge in data["edges"]:
            edge["count"] = found.edges.get(edge["id"], 0)
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
