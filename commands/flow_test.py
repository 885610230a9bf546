"""`hotline flow test`: the conversations beside the flows, played."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from commands.conversation_runs import TESTS, Bench, is_chosen, shown
from ivr.conversations.coverage import Coverage, coverage
from ivr.conversations.reading import ConversationError
from ivr.conversations.report import junit, lines
from ivr.conversations.steps import Conversation
from ivr.conversations.talk import Result
from settings import Place

NOT_READABLE = 2


@click.command("test")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-k", "pattern", default="", help="Only tests that have this in their name or file (* and ? are wild).")
@click.option("--update", is_flag=True, help="Write what was heard into the files, where it is another text.")
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML here.")
@click.option("--coverage", "wants_coverage", is_flag=True, help="Show the nodes and ways that no test takes.")
@click.option("--fail-under", type=click.FloatRange(0, 100), help="Fail when fewer per cent of them are taken.")
@click.pass_context
def command(
    context: click.Context, folder: Path | None, pattern: str, update: bool, junit_file: Path | None,
    wants_coverage: bool, fail_under: float | None,
) -> None:  # fmt: skip
    """Play the conversation tests (tests/*.yaml) beside the flows in FOLDER, or beside the configured flows.

    Exit status: 0 all passed, 1 some failed or too little is covered, 2 a test cannot be read.
    """
    place: Place = context.obj
    settings = place.settings()
    where = folder or settings.flows_folder
    try:
        bench = Bench.of(settings, where)
    except FileNotFoundError as error:
        raise click.ClickException(str(error)) from error
    chosen = _chosen(bench, pattern)
    if not chosen:
        of_that_name = f" with '{pattern}' in their name" if pattern else ""
        raise click.ClickException(f"there are no conversations{of_that_name} in {where / TESTS}")
    if update:
        for path in bench.write_down(chosen):
            click.echo(f"{shown(path)} was updated")
        chosen = _chosen(bench, pattern)
    results: list[tuple[Result, float]] = []
    for result, took_s in bench.play(chosen):
        if not results or results[-1][0].conversation.place.file != result.conversation.place.file:
            click.echo(result.conversation.place.file)
        results.append((result, took_s))
        for line in lines(result):
            click.echo(f"  {line}")
    if junit_file is not None:
        junit_file.write_text(junit(results), encoding="utf-8")
    failed = sum(not result.passed for result, _ in results)
    click.echo(f"{len(results) - failed} passed" + (f", {failed} failed" if failed else ""))
    enough = True
    if wants_coverage or fail_under is not None:
        enough = _covered(bench, [result for result, _ in results], fail_under, wants_coverage)
    sys.exit(1 if failed or not enough else 0)


def _chosen(bench: Bench, pattern: str) -> list[Conversation]:
    try:
        tests = bench.conversations()
    except ConversationError as error:
        for fault in error.faults:
            click.echo(str(fault))
        click.echo(f"{len(error.faults)} fault{'s' if len(error.faults) > 1 else ''}", err=True)
        sys.exit(NOT_READABLE)
    return [test for test in tests if is_chosen(test, pattern)]


def _covered(bench: Bench, results: Sequence[Result], fail_under: float | None, table: bool) -> bool:
    found = coverage(bench.flows, (result.turns for result in results))
    for line in coverage_table(found, bench.folder) if table else ():
        click.echo(line)
    if fail_under is not None and found.percent < fail_under:
        click.echo(f"covered are {found.percent:.1f} %, fewer than {fail_under:g} %", err=True)
        return False
    return True


def coverage_table(found: Coverage, folder: Path) -> Iterator[str]:
    """A line a flow, then every node and way that no test takes, with its place."""
    width = max(len(flow.flow) for flow in found.flows)
    yield ""
    yield f"{'flow':{width}}  taken of  all"
    for flow in found.flows:
        taken = len(flow.ways) - len(flow.missing)
        yield f"{flow.flow:{width}}  {taken:5} of {len(flow.ways):4}  {flow.percent:5.1f} %"
    taken = sum(len(flow.ways) - len(flow.missing) for flow in found.flows)
    yield f"{'all':{width}}  {taken:5} of {sum(len(flow.ways) for flow in found.flows):4}  {found.percent:5.1f} %"
    for flow in found.flows:
        untouched = {(way.flow, way.node) for way in flow.missing if not way.name}
        for way in flow.missing:
            if not way.name or (way.flow, way.node) not in untouched:  # of a node never reached, once is enough
                yield f"  not taken: {way}  ({shown(folder / way.place.file)}:{way.place.line})"
