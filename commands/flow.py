"""`hotline flow ...`: check flows, and phone in from the terminal."""

from __future__ import annotations

import sys
import threading

import click

from app import build
from commands import (
    flow_check,
    flow_graph,
    flow_import,
    flow_replay,
    flow_revisions,
    flow_schema,
    flow_services,
    flow_test,
)
from ivr.channels.text_phone import TextPhone
from ivr.reading import suggestion
from settings import Place, Settings


@click.group()
def flow() -> None:
    """Check flows and call them from the terminal."""


flow.add_command(flow_check.command)
flow.add_command(flow_graph.command)
flow.add_command(flow_test.command)
flow.add_command(flow_replay.command)
flow.add_command(flow_schema.command)
flow.add_command(flow_import.command)
flow.add_command(flow_services.command)
for command in flow_revisions.COMMANDS:
    flow.add_command(command)


@flow.command()
@click.argument("name", required=False, metavar="[FLOW]")
@click.option("--from", "from_number", default="+8613800138000", show_default=True, help="The number that calls.")
@click.option("--lang", "language", help="Language to begin in; the known customer's when not given.")
@click.pass_context
def call(context: click.Context, name: str | None, from_number: str, language: str | None) -> None:
    """Phone in from the terminal: type digits or words, an empty line is silence, Ctrl-D hangs up.

    The flows are those of the folder as it is now, published or not. Tickets and calls are real rows of the
    installation. Reads a script from standard input as well.
    """
    runner = build(_settings(context), try_out=True).runner
    flows = runner.flows.current
    if name is not None and name not in flows.flows:
        raise click.ClickException(f"there is no flow '{name}'. {suggestion(name, flows.flows)}")
    if language is not None and language not in flows.languages:
        raise click.ClickException(f"'{language}' is no language of this hotline: {', '.join(flows.languages)}")
    threading.Thread(target=flows.learn, name="learn", daemon=True).start()  # while the caller is greeted
    TextPhone(runner, sys.stdin, sys.stdout).call(from_number, language=language, flow=name)


def _settings(context: click.Context) -> Settings:
    place: Place = context.obj
    return place.settings()
