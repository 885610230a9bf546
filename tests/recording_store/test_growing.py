"""A recording that grows loses nothing of what it has, whatever the disk does and whenever its process dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import pytest
from pydantic import SecretStr

from recording_store import CALL, NoSuchRecording, RecordingDamaged, RecordingStore
from recording_store.cipher import HEADER_BYTES, SEALED_BYTES

KEY = SecretStr("the key of the recordings")
KEYS = pytest.mark.parametrize("key", [None, KEY])
ID = "a" * 32
SECOND = b"0123456789abcdef" * 2000
ROOT = Path(__file__).resolve().parent.parent.parent


def content(store: RecordingStore, name: str, *, running: bool = False) -> bytes:
    with store.open(name, running=running) as file:
        return file.read_at(44, file.size)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@KEYS
def test_a_disk_that_is_full_as_a_recording_begins_is_no_hindrance_later(
    tmp_path: Path, key: SecretStr | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RecordingStore(tmp_path, key)
    before = descriptors()

    def full(descriptor: int, data: bytes, at: int) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        for _ in range(3):
            with pytest.raises(OSError, match="No space"):
                store.begin(ID)
            with pytest.raises(OSError, match="No space"):
                store.write("b" * 32, SECOND)
    assert descriptors() == before
    assert list(tmp_path.iterdir()) == []
    writer = store.begin(ID)
    writer.append(SECOND)
    writer.finish()
    assert content(store, writer.name) == SECOND


def test_a_header_that_cannot_be_written_over_costs_nothing_that_stands_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that copies what is changed has to find room for an old block too."""
    store = RecordingStore(tmp_path)
    writer = store.begin(ID)
    writer.append(SECOND)
    real = os.pwrite

    def full(descriptor: int, data: bytes, at: int) -> int:
        if at < 44:
            raise OSError(28, "No space left on device")
        return real(descriptor, data, at)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            writer.append(b"\7" * 4000)
    with wave.open(str(tmp_path / writer.name)) as file:
        assert file.readframes(10**6) == SECOND
    writer.append(b"\1" * 4000)
    writer.finish()
    assert content(store, writer.name) == SECOND + b"\1" * 4000


@KEYS
def test_a_process_that_dies_before_the_header_leaves_nothing_in_the_way(tmp_path: Path, key: SecretStr | None) -> None:
    store = RecordingStore(tmp_path, key)
    name = store.name_for(ID)
    (tmp_path / name).touch()
    with pytest.raises(NoSuchRecording):
        store.mend(name)
    writer = store.begin(ID)
    writer.append(SECOND)
    writer.finish()
    assert content(store, name) == SECOND


def test_a_file_of_which_nothing_can_be_opened_is_not_cut_to_nothing(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path, KEY)
    writer = store.begin(ID)
    writer.append(SECOND)
    writer.close()
    path = tmp_path / writer.name
    kept = bytearray(path.read_bytes())
    kept[20] ^= 1  # of the salt
    path.write_bytes(kept)
    with pytest.raises(RecordingDamaged, match="none of its"):
        store.mend(writer.name)
    assert path.read_bytes() == kept


def test_records_that_never_came_to_the_disk_are_cut_off_and_the_rest_is_kept(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path, KEY)
    writer = store.begin(ID)
    writer.append(SECOND)
    writer.close()
    path = tmp_path / writer.name
    kept = path.read_bytes()
    path.write_bytes(kept[: HEADER_BYTES + 3 * SEALED_BYTES] + bytes(len(kept) - HEADER_BYTES - 3 * SEALED_BYTES))
    store.mend(writer.name)
    assert content(store, writer.name) == SECOND[: 3 * 4096]


WRITES = """
import sys
from pathlib import Path
from pydantic import SecretStr
from recording_store import RecordingStore
writer = RecordingStore(Path(sys.argv[1]), SecretStr(sys.argv[2]) if sys.argv[2] else None).begin(sys.argv[3])
print("begun", flush=True)
at = 0
while True:
    piece = b"".join((at + n).to_bytes(4, "little") for n in range(0, 4 * 997, 4))
    writer.append(piece)
    at += len(piece)
"""


@KEYS
def test_whenever_a_process_is_killed_its_recording_is_whole_up_to_there(tmp_path: Path, key: SecretStr | None) -> None:
    store = RecordingStore(tmp_path, key)
    for number in range(4):
        recording_id = str(number) * 32
        arguments = [sys.executable, "-c", WRITES, str(tmp_path), key.get_secret_value() if key else "", recording_id]
        with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            time.sleep(0.01 + 0.013 * number)  # any moment will do
            process.send_signal(signal.SIGKILL)
        name = store.name_for(recording_id)
        if key is None:  # any player plays it as it lies there
            with wave.open(str(tmp_path / name)) as file:
                assert file.getnchannels() == CALL.channels
                left = file.readframes(10**9)
        else:
            left = content(store, name, running=True)
        assert left == b"".join(at.to_bytes(4, "little") for at in range(0, len(left), 4))
        store.mend(name)
        mended = content(store, name)
        assert mended[: len(left)] == left
        assert len(mended) >= len(left)
