"""`hotline speech ...`: what the hotline understands of what is said to it, and the models that it hears with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.speech_models import models
from commands.speech_say import say, voices

if TYPE_CHECKING:
    from ivr.flow import Intent
    from settings import Place

_FLOWS = click.option(
    "--flows", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder with intents.yaml (the configured one when not given).",
)  # fmt: skip


@click.group()
def speech() -> None:
    """Try what the hotline understands and how it sounds, and get what it hears with."""


for command in (models, say, voices):
    speech.add_command(command)


@speech.command()
@click.option("--lang", "language", required=True, help="The language of the transcripts: en, zh-CN.")
@click.option("--json", "_json", is_flag=True, help="Answer in JSON, which it always does.")
@_FLOWS
@click.pass_context
def route(context: click.Context, language: str, folder: Path | None, _json: bool) -> None:
    """Read a transcript per line on standard input; print the intent of each as a line of JSON.

    An answer is {"intent": name or null, "confidence": 0 to 1, "matched": the nearest example or null}. What a call
    would not take (a confidence below `speech.reject_below`) is null here as well.
    """
    from speech.intents import IntentRouter

    reject_below = _place(context).settings().speech.reject_below
    intents, language = _intents(context, folder, language)
    router = IntentRouter({name: intent.phrases.get(language, ()) for name, intent in intents.items()}, language)
    # Lines are split at \n alone: a transcript may hold any other character.
    for line in iter(sys.stdin.buffer.readline, b""):
        found = router.route(line.decode("utf-8", errors="replace"))
        taken = found if found is not None and found.confidence >= reject_below else None
        answer = {
            "intent": taken and taken.intent,
            "confidence": found.confidence if found else 0.0,
            "matched": taken and taken.matched,
        }
        sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        sys.stdout.buffer.flush()


@speech.command()
@click.option("--lang", "language", required=True, help="en, zh-CN.")
@_FLOWS
@click.pass_context
def intents(context: click.Context, language: str, folder: Path | None) -> None:
    """List the intents, how many examples each has, and the first of them."""
    found, language = _intents(context, folder, language)
    for name, intent in found.items():
        phrases = intent.phrases.get(language, ())
        click.echo(f"{name:24} {len(phrases):4}  {', '.join(phrases[:3])}")


def _intents(context: click.Context, folder: Path | None, language: str) -> tuple[dict[str, Intent], str]:
    """The intents of the folder, and the language as it is written there (`zh-cn` and `zh` are zh-CN)."""
    from ivr.loader import FlowError
    from ivr.loading.intents import INTENTS, read_intents
    from ivr.yaml_source import Faults, Mapping, read

    path = _folder(context, folder) / INTENTS
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise click.ClickException(f"there is no {INTENTS} in {path.parent}: it lists what callers may want") from error
    faults = Faults()
    tree = read(INTENTS, text, faults)
    entries = tree.get("intents") if isinstance(tree, Mapping) else None
    languages = dict.fromkeys(
        named.key for entry in (entries if isinstance(entries, Mapping) else ()) if isinstance(entry.value, Mapping)
        for named in entry.value
    )  # fmt: skip
    found = read_intents(tree, tuple(languages), faults)
    if faults.found:
        raise FlowError(faults.found)
    for name in languages:
        if language.lower() in (name.lower(), name.lower().partition("-")[0]):
            return found, name
    raise click.ClickException(f"'{language}' is no language of {path}: it has {', '.join(languages)}")


def _folder(context: click.Context, folder: Path | None) -> Path:
    if folder is not None:
        return folder
    return _place(context).settings().flows_folder


def _place(context: click.Context) -> Place:
    place: Place = context.obj
    return place
