"""`hotline prompts list | missing | import | record`: what callers hear, and recordings of it by a person.

Recordings that come in by these commands lie in `prompts/LANGUAGE/ID.wav` of the home, whichever flows are configured:
an upgrade does not touch them, and they win over recordings that lie beside the flows.
"""

from __future__ import annotations

import csv
import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ivr.prompt_book import Prompt
    from settings import Place, Settings

Recorded = Mapping[tuple[str, str], Path]
_SOUNDS = frozenset(
    (".wav", ".wave", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".flac", ".aif", ".aiff", ".wma", ".webm")
)
_FLOWS = click.option(
    "--flows", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of flows (what is published when not given; before that, the configured folder).",
)  # fmt: skip
_LANGUAGE = click.option("--lang", "language", help="Only this language: en, zh-CN.")


@click.group()
def prompts() -> None:
    """List what callers hear, and bring in recordings of it."""


@prompts.command("list")
@_LANGUAGE
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@_FLOWS
@click.pass_obj
def list_(place: Place, language: str | None, json_: bool, folder: Path | None) -> None:
    """Every prompt: language, id, how it is heard, where it is said, its text.

    It is heard as a recording (its length and level), by the voice, or by the voice alone where it says values.
    """
    settings = place.settings()
    recorded_ones = _recordings(settings, folder)
    rows = [_row(prompt, recorded_ones) for prompt in _book(settings, folder, language)]
    if json_:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        flows = ", ".join(row["flows"])
        click.echo(f"{row['language']:6} {row['id']:28} {_heard(row):22} {_cut(flows, 24):24} {_cut(row['text'], 70)}")
    recorded = sum(row["seconds"] is not None for row in rows)
    click.echo(f"{len(rows)} prompts, {recorded} of them recorded.", err=True)


@prompts.command()
@_LANGUAGE
@click.option("--csv", "csv_", is_flag=True, help="As CSV, a script for the studio.")
@_FLOWS
@click.pass_obj
def missing(place: Place, language: str | None, csv_: bool, folder: Path | None) -> None:
    """The texts that have no recording, as a script to be read out. Those that say values are the voice's."""
    settings = place.settings()
    wanted = _missing(_book(settings, folder, language), _recordings(settings, folder))
    if csv_:
        sheet = csv.writer(sys.stdout, lineterminator="\n")
        sheet.writerow(["file", "language", "id", "flows", "text"])
        for prompt in wanted:
            file = f"{prompt.language}/{prompt.id}.wav"
            sheet.writerow([file, prompt.language, prompt.id, " ".join(prompt.flows), prompt.text])
        return
    for spoken in dict.fromkeys(prompt.language for prompt in wanted):
        click.echo(f"# {spoken}")
        for prompt in wanted:
            if prompt.language == spoken:
                click.echo(f"\n{prompt.id}.wav\n    {prompt.text}")
        click.echo()
    click.echo(f"{len(wanted)} without a recording.", err=True)


@prompts.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--lang", "language", help="The language of files that do not lie in a folder of its name.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--skip-bad", is_flag=True, help="Bring in those that are in order, whatever is wrong with others.")
@_FLOWS
@click.pass_obj
def import_(
    place: Place, paths: tuple[Path, ...], language: str | None, dry_run: bool, skip_bad: bool, folder: Path | None
) -> None:
    """Bring in recordings: WAV files LANGUAGE/ID.wav, ID.LANGUAGE.wav, or ID.wav with --lang; folders of them.

    Each is checked (is there such a prompt, is it silent, noise, overdriven, too short?), its ends are trimmed, it is
    made as loud as the voice and brought to 8 kHz. When one is not in order none is brought in, unless --skip-bad.
    Calls play them within a second.
    """
    from commands.prompt_import import take_in

    settings = place.settings()
    taken = take_in(_files(paths), _book(settings, folder, None), _kept(settings), language=language)
    for each in taken:
        click.echo(str(each))
    bad = sum(not each.good for each in taken)
    good = len(taken) - bad
    if not taken:
        raise click.ClickException("there are no WAV files there")
    if bad and not skip_bad:
        raise click.ClickException(f"nothing was brought in: {bad} of {len(taken)} files are not in order")
    if not dry_run:
        for each in taken:
            each.keep()
    click.echo(f"{good} {'would be ' if dry_run else ''}brought in to {_kept(settings)}.", err=True)
    sys.exit(1 if bad else 0)


@prompts.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--lang", "language", required=True, help="The language that is spoken: en, zh-CN.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Of the page; a free one when not given.")
@_FLOWS
@click.pass_obj
def record(place: Place, ids: tuple[str, ...], language: str, port: int, folder: Path | None) -> None:
    """Record prompts with a browser: those of the IDs, else all of the language that have no recording.

    Opens a page on this machine alone that shows one text after the other, records, plays and keeps it. On a server
    without a microphone, let ssh bring the page to where one is; the command says how.
    """
    from commands.prompt_studio import Studio

    settings = place.settings()
    book = _book(settings, folder, language)
    known = {prompt.id: prompt for prompt in book if prompt.recordable}
    if unknown := [name for name in ids if name not in known]:
        raise click.ClickException(f"no prompt to be recorded in {language} is called {', '.join(unknown)}")
    wanted = [known[name] for name in dict.fromkeys(ids)] if ids else _missing(book, _recordings(settings, folder))
    if not wanted:
        raise click.ClickException(f"every prompt in {language} has a recording already; name one to record it anew")
    with Studio(wanted, _kept(settings), port=port) as studio:
        click.echo(f"{len(wanted)} to record. Open   {studio.url}")
        click.echo("On a server without a microphone: open it on your own machine while this runs there:")
        click.echo(f"    ssh -N -L {studio.port}:127.0.0.1:{studio.port} USER@THIS-SERVER")
        click.echo("Ctrl-C ends it; what was kept is in use already.")
        studio.serve()
        click.echo(f"\n{studio.kept} kept in {_kept(settings)}.")


def _book(settings: Settings, folder: Path | None, language: str | None) -> list[Prompt]:
    from commands.prompt_import import flows_of
    from ivr.prompt_book import prompt_book

    flows = flows_of(settings, folder)
    if language is not None and language not in flows.languages:
        raise click.ClickException(f"'{language}' is no language of these flows: {', '.join(flows.languages)}")
    return [prompt for prompt in prompt_book(flows) if language in (None, prompt.language)]


def _kept(settings: Settings) -> Path:
    return settings.home / "prompts"


def _recordings(settings: Settings, folder: Path | None) -> Recorded:
    """(language, id) -> file, those beside the flows in `folder` among them."""
    from ivr.channels.prompt_recordings import PromptRecordings

    return PromptRecordings(_kept(settings), (folder or settings.flows_folder) / "prompts").every()


def _missing(book: Iterable[Prompt], recordings: Recorded) -> list[Prompt]:
    return [prompt for prompt in book if prompt.recordable and (prompt.language, prompt.id) not in recordings]


def _row(prompt: Prompt, recordings: Recorded) -> dict[str, Any]:
    from speech.audio import RATE, AudioError, read_wav, speech_level_dbfs

    row: dict[str, Any] = {
        "id": prompt.id, "language": prompt.language, "text": prompt.text, "flows": prompt.flows,
        "recordable": prompt.recordable, "file": None, "seconds": None, "level_dbfs": None, "fault": None,
    }  # fmt: skip
    path = recordings.get((prompt.language, prompt.id)) if prompt.recordable else None
    if path is None:
        return row
    row["file"] = str(path)
    try:
        pcm = read_wav(path)
    except AudioError as problem:
        return row | {"fault": str(problem)}
    return row | {"seconds": round(len(pcm) / 2 / RATE, 1), "level_dbfs": round(speech_level_dbfs(pcm), 1)}


def _heard(row: dict[str, Any]) -> str:
    if row["fault"]:
        return "recording unreadable"
    if row["seconds"] is not None:
        return f"recording {row['seconds']} s {row['level_dbfs']} dB"
    return "voice" if row["recordable"] else "voice (values)"


def _files(paths: Sequence[Path]) -> list[Path]:
    """Of a folder all that is sound: what is none of WAV is told, not passed over."""
    found = [each for path in paths for each in (_sounds(path) if path.is_dir() else [path])]
    return [path for path in dict.fromkeys(found) if not path.name.startswith(".")]


def _sounds(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SOUNDS and path.is_file())


def _cut(text: object, width: int) -> str:
    """At most so many columns of a terminal; Chinese characters take two."""
    cut, taken = "", 0
    for sign in str(text):
        taken += 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if taken > width:
            return cut[:-1] + "…"
        cut += sign
    return cut
