"""`hotline speech say | voices`: what the hotline sounds like, and which voices it could have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from settings import Place


@click.command()
@click.argument("text")
@click.argument("language")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A WAV file.")
@click.option("--engine", help="Another engine than the configured one.")
@click.option("--voice", help="Another voice of the engine; `hotline speech voices` lists them.")
@click.option("--words-per-minute", type=click.IntRange(60, 400), help="Another speed.")
@click.pass_obj
def say(
    place: Place, text: str, language: str, output: Path, engine: str | None, voice: str | None,
    words_per_minute: int | None,
) -> None:  # fmt: skip
    """Say TEXT in LANGUAGE (en, zh-CN) as callers would hear it, into a WAV file of 8 kHz."""
    from speech.audio import RATE, speech_level_dbfs, write_wav
    from speech.voice_engines import Configured, Voices
    from speech.voices import VoiceChoice, VoiceUnavailable

    section = place.settings().speech.voices.get(language)
    if section is None and voice is None:
        raise click.ClickException(f"'{language}' has no voice; add it to speech.voices, or name one with --voice")
    choice = VoiceChoice(
        voice or (section.voice if section else ""),
        words_per_minute or (section.words_per_minute if section else 160),
    )
    voices = Voices({language: Configured(engine or (section.engine if section else "pyttsx3"), choice)})
    try:
        pcm = voices.render(text, language)
    except VoiceUnavailable as problem:
        raise click.ClickException(str(problem)) from problem
    finally:
        voices.close()
    try:
        write_wav(output, pcm)
    except OSError as problem:
        raise click.ClickException(f"{output} cannot be written: {problem.strerror or problem}") from problem
    click.echo(f"{output}: {len(pcm) / 2 / RATE:.1f} s, {speech_level_dbfs(pcm):.0f} dB")


@click.command()
@click.argument("language", required=False, metavar="[LANGUAGE]")
def voices(language: str | None) -> None:
    """List the installed voice engines, and the voices of espeak-ng, which pyttsx3 speaks with.

    Of LANGUAGE only (en, cmn, de; the end of an id, up to a dash) when given. `+f3`, `+m4` and the like behind an id
    make another speaker of it.
    """
    from speech.pyttsx3_voice import Pyttsx3Voice
    from speech.voice_engines import installed
    from speech.voices import VoiceUnavailable

    click.echo(f"engines: {', '.join(installed())}")
    espeak = Pyttsx3Voice()
    try:
        ids = espeak.voice_ids()
    except VoiceUnavailable as problem:
        raise click.ClickException(str(problem)) from problem
    finally:
        espeak.close()
    for name in ids:
        if language is None or name.rpartition("/")[2].lower().split("-")[0] == language.lower():
            click.echo(name)
