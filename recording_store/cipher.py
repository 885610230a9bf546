"""Recordings at rest, encrypted: an authenticated header, then records that are sealed one by one.

    header   8 B magic | 8 B key id | 16 B salt | channels, bytes a sample, rate of the sound
    record   12 B nonce | ciphertext | 16 B tag            AES-256-GCM; header, number and "last" are bound to it

Every record but the last holds `RECORD_BYTES` of sound, the last one fewer (none, perhaps). So a running file is only
ever appended to, a reader decrypts no more than it wants, and a record that is cut off, changed, moved or taken from
another file is found out, and so is a whole file in another's place. The file's own key comes of the configured one,
the salt and the file's name (HKDF, RFC 5869); the configured one is stretched first (scrypt, RFC 7914), since a person
may have chosen it.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from recording_store.form import Form

MAGIC: Final = b"HOTLREC1"
RECORD_BYTES: Final = 4096  # an eighth of a second of a call
OVERHEAD: Final = 12 + 16
SEALED_BYTES: Final = RECORD_BYTES + OVERHEAD
_HEADER: Final = struct.Struct(">8s8s16sBBI")
HEADER_BYTES: Final = _HEADER.size
_STRETCHED_WITH: Final = b"hotline recordings"


class NotSealed(Exception):
    """What is read is not what was written in this place: cut off, changed or moved."""


@dataclass(frozen=True, slots=True)
class Header:
    key_id: bytes
    salt: bytes
    form: Form

    def encoded(self) -> bytes:
        form = self.form
        return _HEADER.pack(MAGIC, self.key_id, self.salt, form.channels, form.sample_bytes, form.rate)

    @classmethod
    def decoded(cls, data: bytes) -> Header | None:
        """None when `data` does not begin with a whole header of ours."""
        if len(data) < HEADER_BYTES:
            return None
        magic, key_id, salt, channels, sample_bytes, rate = _HEADER.unpack(data[:HEADER_BYTES])
        if magic != MAGIC or not (channels and sample_bytes and rate):
            return None
        return cls(key_id, salt, Form(channels, sample_bytes, rate))


class Key:
    """One configured key. Making the first one of a text takes some 50 ms."""

    def __init__(self, text: str) -> None:
        self._stretched = _stretched(text)
        self.id = _derived(self._stretched, b"", b"key id", 8)

    def new_header(self, form: Form) -> Header:
        return Header(self.id, os.urandom(16), form)

    def sealer(self, header: Header, name: str) -> Sealer:
        """For the file of this name, and no other."""
        return Sealer(_derived(self._stretched, header.salt, b"recording " + name.encode(), 32), header)


class Sealer:
    """Seals and opens the records of one file."""

    def __init__(self, key: bytes, header: Header) -> None:
        self._aes = AESGCM(key)
        self._header = header.encoded()
        self.mark = header.salt.hex()  # which file it is

    def seal(self, number: int, sound: bytes, *, last: bool) -> bytes:
        """The nonce is random: after a broken-off write the same place may be written anew with other sound."""
        nonce = os.urandom(12)
        return nonce + self._aes.encrypt(nonce, sound, self._place(number, last))

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        """Raises NotSealed."""
        if len(sealed) < OVERHEAD:
            raise NotSealed
        try:
            return self._aes.decrypt(sealed[:12], sealed[12:], self._place(number, last))
        except InvalidTag:
            raise NotSealed from None

    def _place(self, number: int, last: bool) -> bytes:
        return self._header + struct.pack(">Q?", number, last)


def record_offset(number: int) -> int:
    """Where in its file a record begins."""
    return HEADER_BYTES + number * SEALED_BYTES


def whole_records(size: int) -> int:
    """How many stand whole in a file of `size` bytes, but for the last one of a finished file, which is shorter."""
    return max(0, size - HEADER_BYTES) // SEALED_BYTES


def opens(sealer: Sealer, descriptor: int, number: int) -> bool:
    """Whether this record, which is not the last one, stands in the file as it was written."""
    try:
        sealer.open(number, os.pread(descriptor, SEALED_BYTES, record_offset(number)), last=False)
    except NotSealed:
        return False
    return True


@lru_cache(maxsize=16)
def _stretched(text: str) -> bytes:
    return Scrypt(salt=_STRETCHED_WITH, length=32, n=2**14, r=8, p=1).derive(text.encode())


def _derived(key: bytes, salt: bytes, what_for: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, what_for).derive(key)
