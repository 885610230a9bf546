"""`hotline flow import-studio`: flows of Twilio Studio, brought over."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app import signatures
from ivr.loader import FlowError, load
from ivr.studio_import.definition import StudioError
from ivr.studio_import.folder import Imported, import_definition
from settings import Place


@click.command("import-studio")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", "folder", type=click.Path(file_okay=False, path_type=Path),
              help="Folder for the flows; one named after FILE when not given.")  # fmt: skip
@click.option("--name", default="main", show_default=True, help="Name of the flow.")
@click.option("--lang", "language", default="", help="The language it speaks; as its widgets say when not given.")
@click.pass_context
def command(context: click.Context, file: Path, folder: Path | None, name: str, language: str) -> None:
    """Bring a Twilio Studio flow definition (JSON) over into a folder of flows that loads.

    What cannot be brought over is listed, and stands in the flow as a node with a comment.
    """
    place: Place = context.obj
    settings = place.settings()
    languages = tuple(settings.utility.name)
    if language and language not in languages:
        raise click.ClickException(f"'{language}' is no language of this hotline: {', '.join(languages)}")
    where = folder or file.with_suffix("")
    if where.exists() and any(where.glob("*.yaml")):
        raise click.ClickException(f"there are flows in {where} already; name another folder with --out")
    try:
        imported = import_definition(file.read_text(encoding="utf-8"), languages, name=name, language=language)
        load(imported.files, signatures(settings), languages, settings.utility.name, settings.utility.region)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file}: this is no text: {error}") from error
    except StudioError as error:
        raise click.ClickException(f"{file}: {error}") from error
    except FlowError as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        raise click.ClickException("what came of it does not load; nothing was written") from error
    where.mkdir(parents=True, exist_ok=True)
    for file_name, text in imported.files.items():
        (where / file_name).write_text(text, encoding="utf-8")
    _tell(imported, where)
    sys.exit(0)


def _tell(imported: Imported, where: Path) -> None:
    click.echo(f"{where}: {', '.join(imported.files)}")
    if imported.notes:
        click.echo(f"\n{len(imported.notes)} things could not be brought over as they were:")
        for note in imported.notes:
            instead = f" [node {note.node}]" if note.node else ""
            click.echo(f"  {note.widget} ({note.type}): {note.why}{instead}")
    if imported.untranslated:
        click.echo(f"\n{imported.untranslated} texts in other languages are marked [{imported.language}]: write them.")
    click.echo(f"\nNext: hotline flow check {where}")
