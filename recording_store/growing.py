"""Recordings that are being written: only appended to, so that what stands in them already cannot be lost."""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod

from recording_store.cipher import OVERHEAD, RECORD_BYTES, NotSealed, Sealer, opens, record_offset
from recording_store.errors import RecordingDamaged
from recording_store.form import WAV_HEADER_BYTES, Form, wav_header


class RecordingWriter(ABC):
    """One thread at a time. What `append` has taken can be read at once, but for less than a record's worth."""

    def __init__(self, descriptor: int, name: str, form: Form, written: int) -> None:
        self._descriptor = descriptor
        self.name = name
        self.form = form
        self._taken = written  # bytes of sound

    @property
    def seconds(self) -> float:
        return self._taken / self.form.bytes_a_second

    @property
    def frames(self) -> int:
        """Moments (samples of each channel) taken so far."""
        return self._taken // self.form.frame_bytes

    @abstractmethod
    def append(self, pcm: bytes) -> None:
        """All of it or, when it raises OSError (a full disk), nothing: it may be tried again."""

    @abstractmethod
    def finish(self) -> None:
        """Complete, synced and closed. May be tried again when it raises OSError."""

    def close(self) -> None:
        """Closed as it is: somebody else goes on with it. Twice is once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _extend(self, data: bytes, at: int) -> None:
        """`at`: the end of what is to be kept. What a full disk has taken of `data` is cut off again."""
        try:
            self._put(data, at)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, at)
            raise

    def _put(self, data: bytes, at: int) -> None:
        while data:
            done = os.pwrite(self._descriptor, data, at)
            data, at = data[done:], at + done

    def _finished(self) -> None:
        os.fsync(self._descriptor)
        self.close()


class PlainWriter(RecordingWriter):
    """The header is right after every append, so any player plays what a dead process has left."""

    def __init__(self, descriptor: int, name: str, form: Form, written: int) -> None:
        super().__init__(descriptor, name, form, written)
        os.ftruncate(descriptor, WAV_HEADER_BYTES + written)
        self._put(wav_header(form, written), 0)

    def append(self, pcm: bytes) -> None:
        self._extend(pcm, WAV_HEADER_BYTES + self._taken)
        # Over the old one, in place: where that fails (a disk that copies what is changed may be full), the file stays
        # as long as it is and the header of before is true of it.
        self._put(wav_header(self.form, self._taken + len(pcm)), 0)
        self._taken += len(pcm)

    def finish(self) -> None:
        os.ftruncate(self._descriptor, WAV_HEADER_BYTES + self._taken)
        self._finished()


class SealedWriter(RecordingWriter):
    """`records`: how many stand in the file already; one that was begun behind them is written anew."""

    def __init__(self, descriptor: int, name: str, form: Form, sealer: Sealer, records: int) -> None:
        there, rest = records, b""
        if records and (end := os.fstat(descriptor).st_size) > record_offset(records):
            sealed = os.pread(descriptor, end - record_offset(records), record_offset(records))
            with contextlib.suppress(NotSealed):  # finished before: its last record is opened again
                rest = sealer.open(records, sealed, last=True)
        while records and not opens(sealer, descriptor, records - 1):
            records, rest = records - 1, b""  # a machine that lost its power: blocks that never came to the disk
        if there and not records:  # its header was changed, most likely: nothing is cut off that could be saved yet
            raise RecordingDamaged(f"recording {name} is damaged: none of its {there} records can be opened")
        os.ftruncate(descriptor, record_offset(records))
        super().__init__(descriptor, name, form, records * RECORD_BYTES + len(rest))
        self._sealer = sealer
        self._records = records
        self._rest = rest  # sound that does not fill a record yet

    def append(self, pcm: bytes) -> None:
        sound = self._rest + pcm
        whole = len(sound) - len(sound) % RECORD_BYTES
        sealed = b"".join(
            self._sealer.seal(self._records + index, sound[at : at + RECORD_BYTES], last=False)
            for index, at in enumerate(range(0, whole, RECORD_BYTES))
        )
        self._extend(sealed, record_offset(self._records))
        self._records += whole // RECORD_BYTES
        self._rest = sound[whole:]
        self._taken += len(pcm)

    def finish(self) -> None:
        self._extend(self._sealer.seal(self._records, self._rest, last=True), record_offset(self._records))
        os.ftruncate(self._descriptor, record_offset(self._records) + OVERHEAD + len(self._rest))
        self._finished()
