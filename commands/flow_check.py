"""`hotline flow check`: what is wrong with the flows, for people and for CI."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click
import orjson

from app import signatures
from ivr.checking.catalogue import CODES, explained
from ivr.checking.check import Checked, check
from ivr.checking.finding import Severity
from ivr.checking.report import as_json, as_text, counted
from ivr.flow_store import read_files
from ivr.reading import suggestion
from settings import Place, Settings
from speech.engines import chosen
from speech.lexicon import Lexicon, lexicon
from speech.recognizers import NO_ENGINE, RecognizerUnavailable


@click.command("check")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
@click.option(
    "--severity",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.WARNING.value,
    show_default=True,
    help="The least that is shown.",
)
@click.option("--strict", is_flag=True, help="Warnings make the exit status 1 as well.")
@click.option("--no-ears", is_flag=True, help="Do not hold phrases against what the configured recognisers can hear.")
@click.option("--explain", metavar="CODE", help="Say what a code means and what mends it; 'all' lists the codes.")
@click.pass_context
def command(
    context: click.Context,
    folder: Path | None,
    json_: bool,
    severity: str,
    strict: bool,
    no_ears: bool,
    explain: str | None,
) -> None:
    """Follow every way through the flows in FOLDER (the configured ones when not given) and list what is wrong.

    Each finding has its place, a way that leads there and what mends it. Exit status: 0 in order, 1 errors (with
    --strict warnings too), 2 it could not be checked.
    """
    if explain is not None:
        click.echo(_explained(explain))
        return
    place: Place = context.obj
    settings = place.settings()
    where = folder or settings.flows_folder
    try:
        checked = check_folder(where, settings, ears={} if no_ears else ears_of(settings))
    except (OSError, UnicodeDecodeError) as problem:
        click.echo(f"{where} cannot be checked: {problem}", err=True)
        sys.exit(2)
    least = Severity(severity)
    shown = [finding for finding in checked.findings if finding.severity.rank <= least.rank]
    revision = checked.flows.revision if checked.flows is not None else None
    if json_:
        sys.stdout.buffer.write(orjson.dumps(as_json(shown, str(where), revision), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        for line in as_text(shown):
            click.echo(line)
        click.echo(_summary(checked, where, least))
    bad = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    sys.exit(1 if any(finding.severity in bad for finding in checked.findings) else 0)


def ears_of(settings: Settings) -> Mapping[str, Lexicon]:
    """What callers can be heard to say, of every language that has a recogniser and, if need be, its model here."""
    found: dict[str, Lexicon] = {}
    for language, section in settings.speech.recognizers.items():
        if section.engine == NO_ENGINE:
            continue
        try:
            choice = chosen(language, section.engine, model=section.model, models=settings.models_folder)
            found[language] = lexicon(language, choice)
        except RecognizerUnavailable:  # `hotline doctor` tells what is missing
            continue
    return found


def check_folder(folder: Path, settings: Settings, *, ears: Mapping[str, Lexicon] | None = None) -> Checked:
    """`ears`: see `ears_of`; without them phrases are not held against what can be heard.

    Raises OSError where the folder cannot be read or has no flows, UnicodeDecodeError where a file is no UTF-8.
    """
    recordings = {(path.parent.name, path.stem) for path in (folder / "prompts").glob("*/*.wav")}
    return check(
        read_files(folder),
        signatures(settings),
        tuple(settings.utility.name),
        settings.utility.name,
        entries(settings),
        recordings,
        region=settings.utility.region,
        ears=ears,
    )


def entries(settings: Settings) -> Mapping[str, str]:
    """The flows that the program itself begins, and what for."""
    flows = settings.callflows
    return {
        flows.entry: "answers inbound calls (callflows.entry)",
        flows.closure: "tells a ticket's result (callflows.closure)",
        flows.restoration: "tells that power is back (callflows.restoration)",
        flows.planned: "tells of planned work (callflows.planned)",
    }


def _summary(checked: Checked, where: Path, least: Severity) -> str:
    if checked.flows is None:
        return f"{where}: {counted(checked.findings)}. The flows cannot be used; ways are followed once they can."
    hidden = [finding for finding in checked.findings if finding.severity.rank > least.rank]
    more = f" (not shown: {counted(hidden)}; --severity hint shows all)" if hidden else ""
    flows = f"{len(checked.flows.flows)} flows, revision {checked.flows.revision[:12]}"
    return f"{where}: {flows}: {counted(checked.findings)}{more}."


def _explained(name: str) -> str:
    if name == "all":
        return "\n".join(f"{code.name:26} {code.severity.value:8} {code.about}" for code in CODES.values())
    if name not in CODES:
        raise click.UsageError(f"there is no code '{name}'. {suggestion(name, CODES)}")
    return explained(CODES[name])
