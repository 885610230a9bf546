"""The words that a Vosk model knows, read from its files: without loading the model, which takes seconds and memory.

Large models have them as `graph/words.txt`; the small ones, whose graph is put together for each grammar, keep them in
the symbol table of `graph/Gr.fst`. Its format is OpenFst's: a magic number, a name, two counts, then word and number.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from speech.recognizers import RecognizerUnavailable

_SYMBOLS = struct.pack("<i", 2125658996)
_LONGEST = 1024  # bytes of a word: more is no symbol table
_HEADER_BYTES = 4096  # it comes right after the header of the graph


@lru_cache(maxsize=4)
def model_words(folder: Path) -> frozenset[str]:
    """All of them, also the markers like <eps> and [unk]. Raises RecognizerUnavailable where they cannot be read."""
    listed, graph = folder / "graph" / "words.txt", folder / "graph" / "Gr.fst"
    try:
        if listed.is_file():
            with listed.open(encoding="utf-8") as lines:
                return frozenset(line.split()[0] for line in lines if line.strip())
        with graph.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return frozenset(_symbols(view))
    except (OSError, ValueError, struct.error) as problem:
        raise RecognizerUnavailable(f"the words of the model in {folder} cannot be read: {problem}") from problem


def _symbols(view: mmap.mmap) -> Iterator[str]:
    at = view.find(_SYMBOLS, 0, _HEADER_BYTES)
    if at < 0:
        raise ValueError("there is no symbol table in Gr.fst")
    _name, at = _text(view, at + len(_SYMBOLS))
    _next_key, count = struct.unpack_from("<qq", view, at)
    at += 16
    for _ in range(count):
        word, at = _text(view, at)
        at += 8  # its number
        yield word


def _text(view: mmap.mmap, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<i", view, at)
    if not 0 <= length <= _LONGEST:
        raise ValueError(f"a word of {length} bytes in the symbol table of Gr.fst")
    at += 4
    return view[at : at + length].decode("utf-8", errors="replace"), at + length
