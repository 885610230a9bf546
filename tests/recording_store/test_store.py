"""A recording is read as it was written, from any place, or it is said why not."""

from __future__ import annotations

import io
import os
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from recording_store import (
    CALL,
    Form,
    NoSuchRecording,
    RecordingDamaged,
    RecordingStore,
    WrongKey,
)
from recording_store.cipher import HEADER_BYTES, OVERHEAD, RECORD_BYTES, SEALED_BYTES
from recording_store.form import wav_header

KEY, OTHER = SecretStr("the key of the recordings"), SecretStr("a key of another house")
ID = "a" * 32


@contextmanager
def store_in_folder(key: SecretStr | None) -> Iterator[RecordingStore]:
    with tempfile.TemporaryDirectory() as folder:
        yield RecordingStore(Path(folder), key)


def sound(frames: int, form: Form = CALL) -> bytes:
    return (b"0123456789abcdef" * (frames * form.frame_bytes // 16 + 1))[: frames * form.frame_bytes]


def content(store: RecordingStore, name: str, *, running: bool = False) -> bytes:
    with store.open(name, running=running) as file:
        return file.read_at(0, file.size)


def corrupted(store: RecordingStore, name: str, at: int) -> None:
    path = store.folder / name
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


# --- written and read


@pytest.mark.parametrize("key", [None, KEY])
def test_what_is_written_is_read_as_a_wav_file(tmp_path: Path, key: SecretStr | None) -> None:
    store = RecordingStore(tmp_path / "recordings", key)
    name = store.write(ID, sound(20_000, Form()), Form())
    with wave.open(io.BytesIO(content(store, name))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert file.readframes(30_000) == sound(20_000, Form())
    with store.open(name) as found:
        assert found.seconds == 2.5
        assert found.complete
    assert [path.name for path in store.folder.iterdir()] == [name]


def test_a_file_with_a_key_holds_nothing_of_what_was_said(tmp_path: Path) -> None:
    name = RecordingStore(tmp_path, KEY).write(ID, sound(50_000))
    kept = (tmp_path / name).read_bytes()
    assert b"0123456789abcdef" not in kept
    assert b"RIFF" not in kept


def test_without_a_key_any_player_plays_it(tmp_path: Path) -> None:
    name = RecordingStore(tmp_path).write(ID, sound(800), CALL)
    assert name == f"{ID}.wav"
    with wave.open(str(tmp_path / name)) as file:
        assert file.getnframes() == 800


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from([None, KEY]),
    pieces=st.lists(st.integers(0, 3000), max_size=8),
    places=st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 20_000)), min_size=1, max_size=6),
)
def test_any_part_is_what_stands_there(key: SecretStr | None, pieces: list[int], places: list[tuple[int, int]]) -> None:
    with store_in_folder(key) as store:
        writer = store.begin(ID)
        whole = sound(sum(pieces))
        at = 0
        for piece in pieces:
            writer.append(whole[at : at + 4 * piece])
            at += 4 * piece
        assert writer.frames == sum(pieces)
        writer.finish()
        expected = wav_header(CALL, len(whole)) + whole
        with store.open(writer.name) as file:
            assert file.size == len(expected)
            assert b"".join(file.pieces()) == whole
            for offset, length in places:
                assert file.read_at(offset, length) == expected[offset : offset + length]


# --- a process that dies


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from([None, KEY]), frames=st.integers(0, 9000), cut=st.integers(0, 40_000), more=st.integers(0, 5000)
)
def test_whatever_a_dead_process_has_left_is_mended_and_gone_on_with(
    key: SecretStr | None, frames: int, cut: int, more: int
) -> None:
    """The file ends anywhere, in the middle of a write too."""
    with store_in_folder(key) as store:
        writer = store.begin(ID)
        writer.append(sound(frames))
        writer.close()
        path = store.folder / writer.name
        start = HEADER_BYTES if key else 44
        os.truncate(path, max(start, path.stat().st_size - cut))
        left = content(store, writer.name, running=True)[44:]
        assert sound(frames).startswith(left)
        again = store.go_on(writer.name)
        assert again.frames == len(left) // 4
        again.append(b"\1\2\3\4" * more)
        again.close()
        seconds = store.mend(writer.name)
        mended = content(store, writer.name)[44:]
        whole = left + b"\1\2\3\4" * more
        assert whole.startswith(mended)
        assert len(whole) - len(mended) < (RECORD_BYTES if key else 1)
        assert seconds == pytest.approx(len(mended) / 32_000)
        assert store.mend(writer.name) == seconds


@pytest.mark.parametrize("key", [None, KEY])
def test_a_running_recording_is_heard_up_to_the_last_moment(tmp_path: Path, key: SecretStr | None) -> None:
    store = RecordingStore(tmp_path, key)
    writer = store.begin(ID)
    for second in range(1, 5):
        writer.append(sound(8000))
        with store.open(writer.name, running=True) as file:
            assert second - 0.13 < file.seconds <= second
            assert len(b"".join(file.pieces())) == file.size - 44
    if key is not None:
        with pytest.raises(RecordingDamaged, match="cut short"):
            store.open(writer.name)
    writer.finish()
    with store.open(writer.name) as file:
        assert file.seconds == 4


def test_a_finished_recording_can_be_gone_on_with(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path, KEY)
    name = store.write(ID, sound(3000), CALL)
    writer = store.go_on(name)
    writer.append(b"\0" * 400)
    writer.finish()
    assert content(store, name)[44:] == sound(3000) + b"\0" * 400


@pytest.mark.parametrize("key", [None, KEY])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, key: SecretStr | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RecordingStore(tmp_path, key)
    writer = store.begin(ID)
    writer.append(sound(8000))
    real = os.pwrite

    def full(descriptor: int, data: bytes, at: int) -> int:
        if at > HEADER_BYTES + 50_000:
            raise OSError(28, "No space left on device")
        return real(descriptor, data[:5000], at)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            writer.append(b"\7" * 40_000)
    writer.append(b"\1\2\3\4" * 10)
    writer.finish()
    assert content(store, writer.name)[44:] == sound(8000) + b"\1\2\3\4" * 10


# --- what is not as it was


def test_a_recording_cut_short_is_found_out_wherever_it_is_cut(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path, KEY)
    name = store.write(ID, sound(4000))
    whole = (tmp_path / name).read_bytes()
    for end in (HEADER_BYTES, HEADER_BYTES + SEALED_BYTES, HEADER_BYTES + 2 * SEALED_BYTES + 9, len(whole) - 1):
        (tmp_path / name).write_bytes(whole[:end])
        with pytest.raises(RecordingDamaged, match="cut short"):
            store.open(name)


@settings(max_examples=40, deadline=None)
@given(at=st.integers(HEADER_BYTES, HEADER_BYTES + 3 * SEALED_BYTES + OVERHEAD - 1))
def test_any_changed_byte_is_found_out(at: int) -> None:
    with store_in_folder(KEY) as store:
        name = store.write(ID, sound(3 * RECORD_BYTES // 4))
        corrupted(store, name, at)
        with pytest.raises(RecordingDamaged), store.open(name) as file:
            file.read_at(0, file.size)


def test_records_in_another_order_or_of_another_file_are_found_out(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path, KEY)
    one, two = store.write(ID, sound(4000)), store.write("b" * 32, sound(4000))
    kept = (tmp_path / one).read_bytes()
    first = kept[HEADER_BYTES : HEADER_BYTES + SEALED_BYTES]
    second = kept[HEADER_BYTES + SEALED_BYTES : HEADER_BYTES + 2 * SEALED_BYTES]
    foreign = (tmp_path / two).read_bytes()[HEADER_BYTES : HEADER_BYTES + SEALED_BYTES]
    for records in (second + first, foreign + second):
        (tmp_path / one).write_bytes(kept[:HEADER_BYTES] + records + kept[HEADER_BYTES + 2 * SEALED_BYTES :])
        with store.open(one) as file, pytest.raises(RecordingDamaged, match="damaged at second 0"):
            file.read_at(0, 100)


def test_a_whole_file_in_the_place_of_another_is_found_out(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path, KEY)
    one, two = store.write(ID, sound(4000)), store.write("b" * 32, sound(4000))
    (tmp_path / two).replace(tmp_path / one)
    with pytest.raises(RecordingDamaged, match="another one's file"):
        store.open(one)
    with pytest.raises(RecordingDamaged):
        store.mend(one)
    with store.open(one, running=True) as file:
        assert file.seconds == 0


@pytest.mark.parametrize("at", [20, 30, 33, 35])
def test_a_changed_header_is_found_out(tmp_path: Path, at: int) -> None:
    store = RecordingStore(tmp_path, KEY)
    name = store.write(ID, sound(100))
    corrupted(store, name, at)
    with pytest.raises(RecordingDamaged), store.open(name) as file:
        file.read_at(0, file.size)


# --- keys


def test_what_was_kept_before_there_was_a_key_stays_playable(tmp_path: Path) -> None:
    name = RecordingStore(tmp_path).write(ID, sound(500))
    assert content(RecordingStore(tmp_path, KEY), name)[44:] == sound(500)


def test_a_new_key_reads_what_the_old_one_has_written_while_that_is_named(tmp_path: Path) -> None:
    name = RecordingStore(tmp_path, KEY).write(ID, sound(500))
    turned = RecordingStore(tmp_path, OTHER, (KEY,))
    assert content(turned, name)[44:] == sound(500)
    newer = turned.write("b" * 32, sound(10))
    with pytest.raises(WrongKey):
        RecordingStore(tmp_path, KEY).open(newer)


def test_a_wrong_key_and_a_missing_one_say_what_to_do(tmp_path: Path) -> None:
    name = RecordingStore(tmp_path, KEY).write(ID, sound(500))
    with pytest.raises(WrongKey, match=r"encrypted with key [0-9a-f]{16}.*recordings.old_keys"):
        RecordingStore(tmp_path, OTHER).open(name)
    with pytest.raises(WrongKey, match=r"no key is set: set recordings.key"):
        RecordingStore(tmp_path).open(name)


# --- files of others, and names


def test_a_wav_of_somebody_else_s_making_is_served_as_it_is(tmp_path: Path) -> None:
    listed = b"LIST" + (4).to_bytes(4, "little") + b"INFO"
    foreign = wav_header(Form(), 8)[:36] + listed + b"data" + (8).to_bytes(4, "little") + b"12345678"
    (tmp_path / "other.wav").write_bytes(foreign)
    followed = wav_header(Form(), 8) + b"12345678" + listed
    (tmp_path / "followed.wav").write_bytes(followed)
    store = RecordingStore(tmp_path, KEY)
    assert content(store, "other.wav") == foreign
    assert content(store, "followed.wav") == followed[:52]


@pytest.mark.parametrize("name", ["", ".", "..", "../secret", "a/b.wav", "/etc/passwd", ".hidden", "none.wav"])
def test_only_files_of_the_folder_are_read_and_deleted(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    store = RecordingStore(tmp_path / "recordings")
    (tmp_path / "recordings" / "a").mkdir(parents=True)
    with pytest.raises(NoSuchRecording):
        store.open(name)
    if name != "none.wav":
        with pytest.raises(NoSuchRecording):
            store.delete(name)


def test_deleting_twice_is_deleting_once(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path, KEY)
    name = store.write(ID, b"")
    store.delete(name)
    store.delete(name)
    with pytest.raises(NoSuchRecording):
        store.open(name)
    with pytest.raises(NoSuchRecording):
        store.mend(name)
