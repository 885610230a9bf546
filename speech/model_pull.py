"""A model from the maker's site or a mirror: checked, unpacked, and put in its place at once or not at all.

What was received stays in <models folder>/.pull until the model is in its place, so that a download that was cut off
goes on where it ended.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from speech.model_archive import unpacked
from speech.model_download import Download, Progress, small_text
from speech.models import Model, ModelError, check_language, is_model

_IN_WORK = ".pull"


@dataclass(frozen=True, slots=True)
class Checksum:
    """`kind` as hashlib names it. `source` is who says so."""

    kind: str
    digest: str
    source: str


@dataclass(frozen=True, slots=True)
class Pulled:
    folder: Path
    checksum: Checksum | None
    replaced: tuple[str, ...]


def pull(
    model: Model,
    folder: Path,
    site: str,
    *,
    language: str,
    sha256: str | None = None,
    unverified: bool = False,
    progress: Progress = lambda done, total: None,
) -> Pulled:
    """Gets `model` from `site` (its address, without the name) for `language` into the models folder `folder`.

    It takes the place of another model of that language. `unverified` takes it even where nobody says what its
    checksum is. Raises ModelError; what went wrong is told, and nothing is changed.
    """
    check_language(language)
    work = folder / _IN_WORK
    with _told(folder), _alone(folder, language):
        work.mkdir(parents=True, exist_ok=True)
        checksum = _checksum(model, site, sha256)
        if checksum is None and not unverified:
            raise ModelError(
                f"nobody says what the checksum of {model.name} is: {site} has neither {model.name}.zip.sha256 nor a "
                "model-list.json with it. Give it as --sha256, or take what comes with --unverified"
            )
        archive = Download(f"{site.rstrip('/')}/{model.name}.zip", work / f"{model.name}.zip").fetch(progress)
        if checksum is not None:
            _check(archive, checksum)
        fresh = work / f"{model.name}.unpacked"
        with unpacked(archive, fresh) as found:
            if not is_model(found):
                archive.unlink()
                raise ModelError(f"{model.name}.zip of {site} holds no Vosk model (no am/final.mdl)")
            replaced = _put(found, folder / language / model.name, work)
        archive.unlink()
    return Pulled(folder / language / model.name, checksum, replaced)


def remove(folder: Path, language: str) -> list[str]:
    """Removes the models pulled for `language`; their names. Raises ModelError when there are none."""
    check_language(language)
    place = folder / language
    with _told(folder), _alone(folder, language):
        names = sorted(model.name for model in place.iterdir()) if place.is_dir() else []
        if not names:
            raise ModelError(f"no model was pulled for {language!r} into {folder}")
        _discard(place, folder / _IN_WORK)
    return names


def _checksum(model: Model, site: str, given: str | None) -> Checksum | None:
    """From whoever knows it best."""
    if given is not None:
        return Checksum("sha256", _digest(given, 64, "--sha256"), "--sha256")
    if model.sha256 is not None:
        return Checksum("sha256", model.sha256, "the hotline's own list")
    beside = f"{site.rstrip('/')}/{model.name}.zip.sha256"
    said = small_text(beside)
    if said is not None and said.split():
        return Checksum("sha256", _digest(said.split()[0], 64, beside), beside)
    return _listed(model, f"{site.rstrip('/')}/model-list.json")


def _listed(model: Model, address: str) -> Checksum | None:
    """The maker lists the MD5 of its models: no proof against a forger, but against a damaged or another file."""
    text = small_text(address)
    try:
        entries = json.loads(text) if text is not None else []
    except json.JSONDecodeError:
        return None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("name") == model.name and isinstance(entry.get("md5"), str):
            return Checksum("md5", _digest(entry["md5"], 32, address), address)
    return None


def _digest(text: str, length: int, source: str) -> str:
    digest = text.strip().lower()
    if len(digest) != length or not set(digest) <= set("0123456789abcdef"):
        raise ModelError(f"{source} does not give a checksum of {length} hexadecimal digits but {text[:80]!r}")
    return digest


def _check(archive: Path, checksum: Checksum) -> None:
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.new(checksum.kind, usedforsecurity=False)).hexdigest()
    if found != checksum.digest:
        archive.unlink()
        raise ModelError(
            f"{archive.name} is not what it should be: its {checksum.kind} is {found}, but {checksum.source} says "
            f"{checksum.digest}. It was thrown away; try again, or another mirror (speech.models_url)"
        )


def _put(found: Path, place: Path, work: Path) -> tuple[str, ...]:
    """A gateway that is starting finds the old model or the new one, whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        _discard(place, work)
    found.rename(place)
    others = [other for other in place.parent.iterdir() if other != place]
    for other in others:
        _discard(other, work)
    return tuple(sorted(other.name for other in others))


def _discard(folder: Path, work: Path) -> None:
    """Out of sight first: half a model is worse than none."""
    aside = work / f"{folder.name}.{os.getpid()}.old"
    folder.rename(aside)
    shutil.rmtree(aside)


@contextlib.contextmanager
def _alone(folder: Path, language: str) -> Iterator[None]:
    """Of several pulls of one language the first goes on and the others are told."""
    work = folder / _IN_WORK
    work.mkdir(parents=True, exist_ok=True)
    with (work / f"{language.lower()}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelError(f"a model for {language!r} is being pulled or removed already") from None
        yield


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What the disk refuses, in words."""
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(folder if folder.exists() else folder.parent).free // 2**20
            raise ModelError(
                f"the disk of {folder} is full ({free} MB free): make room, or set speech.models to another folder"
            ) from problem
        raise ModelError(f"{problem.filename or folder}: {problem.strerror or problem}") from problem
