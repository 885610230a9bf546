"""A model's ZIP archive, unpacked with the distrust that a file from elsewhere deserves."""

from __future__ import annotations

import contextlib
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from speech.models import ModelError

LARGEST_BYTES = 16 * 1024**3  # the largest of the maker's models take 5 GB
MOST_FILES = 10_000
_PIECE = 1024 * 1024


@contextlib.contextmanager
def unpacked(archive: Path, folder: Path) -> Iterator[Path]:
    """`archive` in the new folder `folder`, which is gone afterwards; answers the one folder that it holds.

    Raises ModelError for what is no such archive, which is thrown away, and OSError of the disk.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        try:
            with zipfile.ZipFile(archive) as file:
                _unpack(file, folder)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as problem:
            archive.unlink()
            raise ModelError(
                f"{archive.name} is no ZIP archive that can be read ({problem}): pull it again"
            ) from problem
        inside = list(folder.iterdir())
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(file: zipfile.ZipFile, folder: Path) -> None:
    members = file.infolist()
    size = sum(member.file_size for member in members)
    if size > LARGEST_BYTES or len(members) > MOST_FILES:
        raise zipfile.BadZipFile(f"{len(members)} files of {size / 2**20:.0f} MB are no model")
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ModelError(
            f"unpacking takes {size / 2**20:.0f} MB, the disk of {folder} has {free / 2**20:.0f} MB left: make room, "
            "or set speech.models to another folder"
        )
    for member in members:
        target = _target(member, folder)
        if member.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with file.open(member) as source, target.open("xb") as copy:
            left = member.file_size  # what the directory promises; an archive that holds more lies
            while piece := source.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise zipfile.BadZipFile(f"{member.filename} is larger than it says")
                copy.write(piece)


def _target(member: zipfile.ZipInfo, folder: Path) -> Path:
    path = PurePosixPath(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    odd = path.is_absolute() or not path.parts or ".." in path.parts or "\\" in member.filename
    if odd or kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise zipfile.BadZipFile(f"it holds {member.filename!r}, which belongs in no model")
    return folder.joinpath(*path.parts)
