"""The files by their names: begun, gone on with, opened, mended, deleted, each with the key it was written with."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from recording_store.cipher import HEADER_BYTES, Header, Key, Sealer, whole_records
from recording_store.errors import NoSuchRecording, RecordingDamaged, WrongKey
from recording_store.form import CALL, MESSAGE, WAV_HEADER_BYTES, Form, wav_form, wav_sound_bytes
from recording_store.growing import PlainWriter, RecordingWriter, SealedWriter
from recording_store.reading import OtherFile, PlainFile, RecordingFile, SealedFile
from setting_sections import Settings

_UNFINISHED: Final = ".part"
_OURS: Final = (".wav", ".sealed", _UNFINISHED)
_START_BYTES: Final = max(HEADER_BYTES, WAV_HEADER_BYTES)


class RecordingStore:
    """Safe to share between threads. `folder` is made when something is written."""

    def __init__(self, folder: Path, key: SecretStr | None = None, old_keys: Sequence[SecretStr] = ()) -> None:
        self.folder = folder
        self._key = key
        self._old_keys = tuple(old_keys)

    @classmethod
    def of(cls, settings: Settings) -> RecordingStore:
        recordings = settings.recordings
        return cls(settings.home / "recordings", recordings.key, recordings.old_keys)

    # --- writing

    def name_for(self, recording_id: str) -> str:
        """The file that a recording with this id is written to."""
        return f"{recording_id}.sealed" if self._key is not None else f"{recording_id}.wav"

    def write(self, recording_id: str, pcm: bytes, form: Form = MESSAGE) -> str:
        """A whole recording, synced before anything refers to it: a reader sees all of it or none. Its file's name."""
        name = self.name_for(recording_id)
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=self.folder, prefix=f"{recording_id}.", suffix=_UNFINISHED)
        try:
            with contextlib.closing(self._writer(descriptor, name, form)) as writer:
                writer.append(pcm)
                writer.finish()
            Path(unfinished).chmod(0o644)  # mkstemp makes it private; web and media may run as different users
            Path(unfinished).replace(self.folder / name)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        return name

    def begin(self, recording_id: str, form: Form = CALL) -> RecordingWriter:
        """A recording that grows. Raises OSError, and has left nothing then: it may be tried again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = self.name_for(recording_id)
        descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            return self._writer(descriptor, name, form)
        except BaseException:
            (self.folder / name).unlink(missing_ok=True)
            raise

    def go_on(self, name: str) -> RecordingWriter:
        """Goes on with one whose process has died, behind the last whole moment of it. Where not even the header was
        written, there is none, and the file is taken away. Raises RecordingError."""
        path = self._path(name)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NoSuchRecording(f"recording {name} is not there") from None
        with _closed_on_failure(descriptor):
            start, size = os.pread(descriptor, _START_BYTES, 0), os.fstat(descriptor).st_size
            if size < HEADER_BYTES:
                path.unlink(missing_ok=True)
                raise NoSuchRecording(f"recording {name} is empty: its process died when it had just begun")
            sealed = Header.decoded(start)
            if sealed is not None:
                return SealedWriter(descriptor, name, sealed.form, self._sealer(name, sealed), whole_records(size))
            form = wav_form(start)
            if form is None:
                raise RecordingDamaged(f"recording {name} does not begin as one that the hotline has begun")
            frames = (size - WAV_HEADER_BYTES) // form.frame_bytes
            return PlainWriter(descriptor, name, form, frames * form.frame_bytes)

    # --- reading

    def open(self, name: str, *, running: bool = False) -> RecordingFile:
        """`running`: it need not be complete. To be closed. Raises RecordingError."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, IsADirectoryError):
            raise NoSuchRecording(f"recording {name} is not there") from None
        with _closed_on_failure(descriptor):
            found = self._file(descriptor, name)
            if not running and not (found.complete and found.size):
                raise RecordingDamaged(
                    f"recording {name} was cut short, or is another one's file: its end is not there"
                )
            return found

    # --- keeping and deleting

    def mend(self, name: str) -> float:
        """Finishes one whose process has died; the seconds there are. Raises RecordingError, OSError."""
        with contextlib.suppress(NoSuchRecording), self.open(name, running=True) as found:
            if found.sealed and found.complete:
                return found.seconds
        with contextlib.closing(self.go_on(name)) as writer:
            seconds = writer.seconds
            writer.finish()
        return seconds

    def delete(self, name: str) -> None:
        """Nothing happens when it is gone already. Raises RecordingError, OSError."""
        self._path(name).unlink(missing_ok=True)

    def untouched_since(self, moment: datetime) -> list[str]:
        """Files of recordings, finished or not, that nobody has written to since."""
        try:
            with os.scandir(self.folder) as found:
                files = [file for file in found if file.name.endswith(_OURS) and file.is_file(follow_symlinks=False)]
        except FileNotFoundError:  # nothing was ever recorded
            return []
        return sorted(file.name for file in files if _written_at(file) < moment.timestamp())

    # --- inside

    def _path(self, name: str) -> Path:
        """Rows name files of this folder, nothing else."""
        if not name or name != Path(name).name or name.startswith("."):
            raise NoSuchRecording(f"recording {name!r} is not in the folder of recordings")
        return self.folder / name

    def _writer(self, descriptor: int, name: str, form: Form) -> RecordingWriter:
        """Of an empty file; it is closed when this raises."""
        with _closed_on_failure(descriptor):
            if self._key is None:
                return PlainWriter(descriptor, name, form, 0)
            key = Key(self._key.get_secret_value())
            header = key.new_header(form)
            if os.pwrite(descriptor, header.encoded(), 0) < HEADER_BYTES:
                raise OSError(f"the header of recording {name} was written in part only")
            return SealedWriter(descriptor, name, form, key.sealer(header, name), 0)

    def _file(self, descriptor: int, name: str) -> RecordingFile:
        status = os.fstat(descriptor)
        start = os.pread(descriptor, _START_BYTES, 0)
        header = Header.decoded(start)
        if header is not None:
            return SealedFile(descriptor, header.form, self._sealer(name, header), status.st_size, name)
        form = wav_form(start)
        mark = f"{status.st_mtime_ns}-{status.st_size}"
        if form is None:  # a WAV of somebody else's making: as it is
            return OtherFile(descriptor, status.st_size, name, mark)
        return PlainFile(descriptor, form, wav_sound_bytes(start, status.st_size), name, mark)

    def _sealer(self, name: str, header: Header) -> Sealer:
        for text in (self._key, *self._old_keys):
            if text is not None:
                key = Key(text.get_secret_value())
                if key.id == header.key_id:
                    return key.sealer(header, name)
        wanted = header.key_id.hex()
        if self._key is None and not self._old_keys:
            raise WrongKey(f"recording {name} is encrypted, with key {wanted}, and no key is set: set recordings.key")
        raise WrongKey(
            f"recording {name} is encrypted with key {wanted}, which is neither recordings.key nor in "
            "recordings.old_keys: add the key it was written with to recordings.old_keys"
        )


def _written_at(file: os.DirEntry[str]) -> float:
    """Seconds since 1970; of a file that is gone meanwhile, the end of time."""
    try:
        return file.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return math.inf


@contextlib.contextmanager
def _closed_on_failure(descriptor: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.close(descriptor)
        raise
