"""`hotline flow test`: the conversations beside the flows, played."""

from __future__ import annotations

import sys
from fnmatch import fnmatch
from functools import partial
from itertools import groupby
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import click

from app import signatures
from ivr.conversations.lines import StubbedLine
from ivr.conversations.reading import ConversationError, Surroundings, read_conversations
from ivr.conversations.report import junit, lines
from ivr.conversations.steps import Conversation
from ivr.conversations.talk import Result, play
from ivr.flow import FlowSet
from ivr.flow_store import SHIPPED, read_files
from ivr.loader import load
from ivr.session import Limits
from ivr.values import Signature
from settings import Place, Settings

TESTS = "tests"  # the folder beside the flows


@click.command("test")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-k", "pattern", default="", help="Only tests that have this in their name or file (* and ? are wild).")
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML here.")
@click.pass_context
def command(context: click.Context, folder: Path | None, pattern: str, junit_file: Path | None) -> None:
    """Play the conversation tests (tests/*.yaml) beside the flows in FOLDER, or beside the configured flows.

    Exit status: 0 all passed, 1 some failed, 2 a test cannot be read.
    """
    place: Place = context.obj
    settings = place.settings()
    where = folder or settings.callflows.folder or SHIPPED
    services = signatures(settings)
    flows = load(read_files(where), services, tuple(settings.utility.name), settings.utility.name)
    try:
        tests = read_conversations(conversation_files(where), surroundings(settings, flows, services))
    except ConversationError as error:
        for fault in error.faults:
            click.echo(str(fault))
        sys.exit(2)
    chosen = [test for test in tests if is_chosen(test, pattern)]
    if not chosen:
        raise click.ClickException(
            f"there are no conversations in {where / TESTS}" + (f" with '{pattern}'" * bool(pattern))
        )
    open_line = partial(
        StubbedLine, flows, services, zone=ZoneInfo(settings.utility.time_zone), limits=limits(settings)
    )
    results: list[tuple[Result, float]] = []
    for file, those in groupby(chosen, key=lambda test: test.place.file):
        click.echo(file)
        for test in those:
            began = perf_counter()
            result = play(test, open_line, services)
            results.append((result, perf_counter() - began))
            for line in lines(result):
                click.echo(f"  {line}")
    if junit_file is not None:
        junit_file.write_text(junit(results), encoding="utf-8")
    failed = sum(not result.passed for result, _ in results)
    click.echo(f"{len(results) - failed} passed" + (f", {failed} failed" if failed else ""))
    sys.exit(1 if failed else 0)


def limits(settings: Settings) -> Limits:
    return Limits(settings.callflows.max_steps, settings.speech.confirm_below)


def conversation_files(flows_folder: Path) -> dict[str, str]:
    """Name to be shown -> text of every file of conversations beside the flows."""
    paths = sorted((flows_folder / TESTS).glob("*.yaml"))
    return {shown(path): path.read_text(encoding="utf-8") for path in paths}


def shown(path: Path) -> str:
    """As short as it can be opened from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def surroundings(settings: Settings, flows: FlowSet, services: dict[str, Signature]) -> Surroundings:
    return Surroundings(
        flows,
        services,
        flow=settings.callflows.entry,
        hotline_number=settings.utility.hotline_number,
        language=settings.utility.default_language,
    )


def is_chosen(test: Conversation, pattern: str) -> bool:
    name = f"{test.place.file} {test.name}".casefold()
    return fnmatch(name, f"*{pattern.casefold()}*")
