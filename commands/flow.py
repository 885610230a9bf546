"""`hotline flow ...`: check flows, and phone in from the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app import build, signatures
from commands import flow_revisions, flow_test
from ivr.channels.text_phone import TextPhone
from ivr.flow_store import SHIPPED, read_files
from ivr.loader import FlowError, load
from ivr.reading import suggestion
from settings import Place, Settings


@click.group()
def flow() -> None:
    """Check flows and call them from the terminal."""


flow.add_command(flow_test.command)
for command in flow_revisions.COMMANDS:
    flow.add_command(command)


@flow.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def check(context: click.Context, folder: Path | None) -> None:
    """List every fault of the flows in FOLDER (the configured ones when not given), each with file, line and column."""
    settings = _settings(context)
    where = folder or settings.callflows.folder or SHIPPED
    try:
        files = read_files(where)
        flows = load(files, signatures(settings), tuple(settings.utility.name), settings.utility.name)
    except FileNotFoundError as error:
        raise click.ClickException(str(error)) from error
    except FlowError as error:
        for fault in error.faults:
            click.echo(str(fault))
        count = len(error.faults)
        click.echo(f"{count} fault{'s' if count > 1 else ''} in {where}", err=True)
        sys.exit(1)
    click.echo(f"{len(flows.flows)} flows in {where} are in order (revision {flows.revision[:12]}).")


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
    TextPhone(runner, sys.stdin, sys.stdout).call(from_number, language=language, flow=name)


def _settings(context: click.Context) -> Settings:
    place: Place = context.obj
    return place.settings()
