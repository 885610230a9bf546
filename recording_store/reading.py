"""Recordings that are read: whatever they lie in, they are the bytes of a WAV file, from any place on."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final

from recording_store.cipher import RECORD_BYTES, SEALED_BYTES, NotSealed, Sealer, opens, record_offset, whole_records
from recording_store.errors import RecordingDamaged
from recording_store.form import WAV_HEADER_BYTES, Form, wav_header

_PIECE_BYTES: Final = 64 * 1024


class RecordingFile(ABC):
    """The bytes of a WAV file. `mark` changes when they do (an ETag); `complete`: nobody writes it any more; `known`:
    `form` is true of it."""

    known = True
    sealed = False
    complete = True

    def __init__(self, descriptor: int, form: Form, sound_bytes: int, name: str, mark: str) -> None:
        self._descriptor = descriptor
        self.form = form
        self.name = name
        self._sound_bytes = sound_bytes - sound_bytes % form.frame_bytes
        self._header = wav_header(form, self._sound_bytes)
        self.mark = hashlib.sha256(f"{name}-{mark}".encode()).hexdigest()[:32]

    @property
    def size(self) -> int:
        return len(self._header) + self._sound_bytes

    @property
    def seconds(self) -> float:
        return self._sound_bytes / self.form.bytes_a_second

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` bytes of the WAV file from `offset` on; fewer only at its end. Raises RecordingDamaged."""
        end = min(offset + length, self.size)
        if offset >= end:
            return b""
        into = len(self._header)
        head = self._header[offset : min(end, into)]
        start, stop = max(offset, into) - into, end - into
        return head + (self._sound(start, stop - start) if stop > start else b"")

    def pieces(self) -> Iterator[bytes]:
        """The sound without the header, from its start to its end, a few seconds each."""
        at = len(self._header)
        while at < self.size:
            piece = self.read_at(at, _PIECE_BYTES)
            at += len(piece)
            yield piece

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> RecordingFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _sound(self, start: int, length: int) -> bytes:
        """Of the sound after its header."""

    def _raw(self, at: int, length: int) -> bytes:
        found = os.pread(self._descriptor, length, at)
        while len(found) < length and (more := os.pread(self._descriptor, length - len(found), at + len(found))):
            found += more
        return found


class PlainFile(RecordingFile):
    def _sound(self, start: int, length: int) -> bytes:
        return self._raw(WAV_HEADER_BYTES + start, length)


class OtherFile(RecordingFile):
    """A WAV file with parts of its own: served as it is, and what is in it is not known."""

    known = False

    def __init__(self, descriptor: int, size: int, name: str, mark: str) -> None:
        super().__init__(descriptor, Form(1, 1), size, name, mark)
        self._header = b""

    def _sound(self, start: int, length: int) -> bytes:
        return self._raw(start, length)


class SealedFile(RecordingFile):
    sealed = True

    def __init__(self, descriptor: int, form: Form, sealer: Sealer, size: int, name: str) -> None:
        self._sealer = sealer
        self._descriptor = descriptor
        self._records = whole_records(size)
        tail = self._raw(record_offset(self._records), size - record_offset(self._records))
        try:
            self._last = sealer.open(self._records, tail, last=True)
            self.complete = True
        except NotSealed:  # it is being written, or its process has died
            self._last = b""
            self.complete = False
            while self._records and not opens(sealer, descriptor, self._records - 1):
                self._records -= 1
        sound_bytes = self._records * RECORD_BYTES + len(self._last)
        super().__init__(descriptor, form, sound_bytes, name, f"{sealer.mark}-{sound_bytes}-{self.complete}")

    def _sound(self, start: int, length: int) -> bytes:
        first, last = start // RECORD_BYTES, (start + length - 1) // RECORD_BYTES
        sealed = self._raw(record_offset(first), min(last + 1, self._records) * SEALED_BYTES - first * SEALED_BYTES)
        sound = bytearray()
        try:
            for number in range(first, min(last + 1, self._records)):
                at = (number - first) * SEALED_BYTES
                sound += self._sealer.open(number, sealed[at : at + SEALED_BYTES], last=False)
        except NotSealed:
            second = number * RECORD_BYTES // self.form.bytes_a_second
            raise RecordingDamaged(f"recording {self.name} is damaged at second {second}") from None
        if last >= self._records:
            sound += self._last
        begin = start - first * RECORD_BYTES
        return bytes(sound[begin : begin + length])
