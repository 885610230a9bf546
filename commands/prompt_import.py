"""Recordings brought in: which prompt each file is, whether it can be played, and putting it where calls find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from app import flow_store, load_flows
from database import Database
from ivr.flow import FlowSet
from ivr.flow_store import NoSuchRevision, read_files
from ivr.prompt_book import Prompt
from ivr.reading import suggestion
from settings import Settings
from speech.audio import AudioError, write_wav
from speech.studio import ReadyRecording, UnfitRecording, ready


@dataclass(frozen=True, slots=True)
class TakenIn:
    """One file: what will be kept of it and where, or what is wrong with it."""

    file: Path
    target: Path | None = None
    recording: ReadyRecording | None = None
    fault: str = ""
    remark: str = ""

    @property
    def good(self) -> bool:
        return not self.fault

    def keep(self) -> None:
        """Under its name at once or not at all."""
        if self.target is not None and self.recording is not None:
            write_wav(self.target, self.recording.pcm)

    def __str__(self) -> str:
        if self.recording is None or self.target is None:
            return f"NOT  {self.file}: {self.fault}"
        made = self.recording
        told = f"{made.seconds:.1f} s, was {made.rate} Hz at {made.level_dbfs:.0f} dB, {made.trimmed_s:.1f} s trimmed"
        return f"ok   {self.target.parent.name}/{self.target.name}: {told}{self.remark and f' - {self.remark}'}"


def flows_of(settings: Settings, folder: Path | None) -> FlowSet:
    """Those of `folder`; else what is published, or the configured folder where nothing is. Raises FlowError."""
    if folder is None:
        published = _published(settings)
        if published is not None:
            return published
    try:
        return load_flows(settings, read_files(folder or settings.flows_folder))
    except (OSError, UnicodeDecodeError) as problem:
        raise click.ClickException(str(problem)) from problem


def take_in(files: Sequence[Path], book: Sequence[Prompt], folder: Path, *, language: str | None) -> list[TakenIn]:
    """What becomes of each file, in order; nothing is written. `folder`: what is kept lies there by language."""
    prompts = {(prompt.language, prompt.id): prompt for prompt in book}
    taken: list[TakenIn] = []
    seen: dict[Path, Path] = {}
    for file in files:
        each = _taken_in(file, prompts, folder, language)
        if each.target is not None and (twin := seen.get(each.target)):
            each = TakenIn(file, fault=f"{twin} is the same prompt")
        elif each.target is not None:
            seen[each.target] = file
        taken.append(each)
    return taken


def _taken_in(file: Path, prompts: dict[tuple[str, str], Prompt], folder: Path, language: str | None) -> TakenIn:
    languages = {spoken for spoken, _ in prompts}
    if file.suffix.lower() != ".wav":
        return TakenIn(file, fault="is no .wav file; save it as WAV (PCM)")
    name, _, tag = file.stem.rpartition(".")
    if name and tag in languages:
        spoken: str | None = tag
    else:
        name, spoken = file.stem, file.resolve().parent.name if file.resolve().parent.name in languages else language
    if spoken is None:
        return TakenIn(file, fault=f"which language? Put it into a folder {' or '.join(sorted(languages))}, or --lang")
    if spoken not in languages:
        return TakenIn(file, fault=f"'{spoken}' is no language of these flows: {', '.join(sorted(languages))}")
    prompt = prompts.get((spoken, name))
    if prompt is None:
        near = suggestion(name, {known for other, known in prompts if other == spoken})
        return TakenIn(file, fault=f"no prompt is called '{name}'. {near}".rstrip())
    if not prompt.recordable:
        return TakenIn(file, fault=f"'{name}' says values, so a recording of it is never played: {prompt.text}")
    try:
        recording = ready(file)
    except (UnfitRecording, AudioError) as problem:
        return TakenIn(file, fault=str(problem).removeprefix(f"{file}: "))
    remark = "other flows say other words under this id, and will play this as well" if prompt.differs else ""
    return TakenIn(file, folder / spoken / f"{name}.wav", recording, remark=remark)


def _published(settings: Settings) -> FlowSet | None:
    if not settings.database.url and not (settings.home / "hotline.db").exists():
        return None
    database = Database(settings.database_url)
    try:
        return flow_store(settings, database).current
    except (NoSuchRevision, SQLAlchemyError):
        return None
    finally:
        database.dispose()
