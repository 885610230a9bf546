"""`hotline flow schema`: JSON Schema for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app import signatures
from ivr.schema.build import FILES, KINDS, schema
from settings import Place


@click.command("schema")
@click.option("--kind", type=click.Choice(list(KINDS)), default="flow", show_default=True, help="Of which files.")
@click.option("--out", "folder", type=click.Path(file_okay=False, path_type=Path),
              help="Write the schemas of all kinds into this folder.")  # fmt: skip
@click.pass_context
def command(context: click.Context, kind: str, folder: Path | None) -> None:
    """Print the JSON Schema of flow files, or write all of them into a folder.

    An editor that knows it completes keys, shows what they are for, and marks mistakes while you write. It knows the
    languages and services of this configuration.
    """
    place: Place = context.obj
    settings = place.settings()
    languages, services = tuple(settings.utility.name), signatures(settings)
    if folder is None:
        click.echo(json.dumps(schema(kind, languages, services), ensure_ascii=False, indent=2))
        return
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.schema.json" for name in KINDS}
    for name, path in files.items():
        text = json.dumps(schema(name, languages, services), ensure_ascii=False, indent=2)
        path.write_text(text + "\n", encoding="utf-8")
    click.echo(f"Written: {', '.join(str(path) for path in files.values())}")
    click.echo("VS Code with the YAML extension takes them from .vscode/settings.json:")
    click.echo(json.dumps({"yaml.schemas": {str(files[name]): list(FILES[name]) for name in KINDS}}, indent=2))
    click.echo("or from a first line in a file:")
    click.echo(f"# yaml-language-server: $schema={files['flow']}")
