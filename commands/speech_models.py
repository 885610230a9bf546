"""`hotline speech models ...`: the models that Vosk hears with, listed, pulled and removed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from settings import Place, Settings
    from speech.model_download import Progress
    from speech.model_pull import Pulled


@click.group()
def models() -> None:
    """Get and remove the models that Vosk hears with."""


@models.command("list")
@click.pass_obj
def list_(place: Place) -> None:
    """List the models there are, and which are here."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from speech.models import CATALOGUE, pulled

    settings = place.settings()
    here = pulled(settings.models_folder)
    names = {model.name for found in here.values() for model in found}
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("language", "model", "MB", ""):
        table.add_column(heading, justify="right" if heading == "MB" else "left", overflow="fold")
    for model in CATALOGUE:
        mark = "here" if model.name in names else "--large" if model.large else ""
        table.add_row(model.language, model.name, str(model.megabytes), mark)
    listed = {model.name for model in CATALOGUE}
    for language, found in here.items():
        for folder in found:
            if folder.name not in listed:
                table.add_row(language, folder.name, "", "here")
    Console(highlight=False).print(table)
    click.echo(f"Pulled models are in {settings.models_folder}; they come from {settings.speech.models_url}.")
    for language in settings.speech.voices:
        click.echo(_in_use(settings, language))


@models.command()
@click.argument("language")
@click.option("--large", is_flag=True, help="The large model: better, and a gigabyte or more of memory.")
@click.option("--name", help="Another model of the maker's, by its name.")
@click.option("--sha256", help="What the checksum of the archive must be.")
@click.option("--unverified", is_flag=True, help="Take it even if nobody says what its checksum is.")
@click.pass_obj
def pull(place: Place, language: str, large: bool, name: str | None, sha256: str | None, unverified: bool) -> None:
    """Download the model of LANGUAGE (en, zh-CN, ko, ...). A download that was cut off goes on where it ended."""
    from speech.model_pull import pull as pull_model
    from speech.models import ModelError, wanted

    settings = place.settings()
    try:
        model = wanted(language, large=large, name=name)
        click.echo(f"{model.name} from {settings.speech.models_url}", err=True)
        with _bar(model.name) as progress:
            pulled = pull_model(
                model, settings.models_folder, settings.speech.models_url,
                language=language, sha256=sha256, unverified=unverified, progress=progress,
            )  # fmt: skip
    except ModelError as problem:
        raise click.ClickException(str(problem)) from None
    _tell(pulled)
    click.echo(_in_use(settings, language))


@models.command()
@click.argument("language")
@click.pass_obj
def remove(place: Place, language: str) -> None:
    """Remove the model that was pulled for LANGUAGE. A hotline that runs goes on with it until it is started again."""
    from speech.model_pull import remove as remove_model
    from speech.models import ModelError

    settings = place.settings()
    try:
        names = remove_model(settings.models_folder, language)
    except ModelError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"Removed {', '.join(names)}.")


def _tell(pulled: Pulled) -> None:
    checksum = pulled.checksum
    if checksum is None:
        click.echo("Its checksum was not compared with anything.")
    else:
        click.echo(f"Its {checksum.kind.upper()} is what {checksum.source} says.")
    for name in pulled.replaced:
        click.echo(f"It took the place of {name}.")
    click.echo(f"It is in {pulled.folder}.")


def _in_use(settings: Settings, language: str) -> str:
    """What hears `language`, and what would let the pulled model hear it."""
    from speech.engines import chosen
    from speech.recognizers import NO_ENGINE, RecognizerUnavailable

    section = settings.speech.recognizers.get(language)
    key = f"speech.recognizers.{language}"
    if section is None or section.engine != "vosk":
        engine = NO_ENGINE if section is None else section.engine
        return f"{language} is heard by: {engine}. A model is used with {key}.engine: vosk"
    if section.model is not None:
        return f"{language} is heard by: vosk, {section.model} ({key}.model)"
    try:
        choice = chosen(language, "vosk", model=None, models=settings.models_folder)
    except RecognizerUnavailable as problem:
        return f"{language}: {problem}"
    if choice.model is None:
        return f"{language} is not heard until a model is there: `hotline speech models pull {language}`"
    return f"{language} is heard by: vosk, {choice.model.name}, from the next start of the gateway on"


@contextmanager
def _bar(name: str) -> Iterator[Progress]:
    """On a terminal; elsewhere nothing moves."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
