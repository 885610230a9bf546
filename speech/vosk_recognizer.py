"""Vosk, the production recogniser: the phrases of a wait as its grammar, or free decoding, at 8 kHz as it comes."""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vosk import KaldiRecognizer, Model, SetLogLevel

from speech.audio import RATE
from speech.model_words import model_words
from speech.models import is_model
from speech.phrase_words import in_vocabulary, row_of_phrases, segmented, words_of_phrase
from speech.recognizers import NOTHING_RECOGNIZED, Recognition, RecognizerUnavailable

SetLogLevel(-1)

# What stands for speech outside the grammar; models differ in its name.
_UNKNOWN = ("[unk]", "<unk>", "<UNK>")
DECOYS = 30
"""For a model without it. Of 132 other utterances at a yes or no, 48 were taken for one without decoys, with 30 of
them 11, with 300 2; but of 90 phrases of a menu of 15, 28 were heard without, with 30 29, with 300 22 (Korean, as
espeak-ng speaks it)."""
_PARTIAL_EVERY_BYTES = 1600  # 100 ms: a partial is a walk through the lattice and a JSON text
_BETWEEN_CJK = re.compile(r"(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff])")

_models: dict[Path, Any] = {}
_models_lock = threading.Lock()


def load_model(folder: Path) -> Any:
    """The model in `folder`, loaded once a process however many recognisers use it. Raises RecognizerUnavailable."""
    folder = folder.resolve()
    with _models_lock:
        if folder not in _models:
            # Kaldi ends the process on some broken models, so what can be checked is checked first.
            if not is_model(folder):
                raise RecognizerUnavailable(
                    f"{folder} holds no Vosk model (no am/final.mdl): mend the folder under speech.recognizers in "
                    "config.yaml, or leave it out and get a model with `hotline speech models pull`"
                )
            try:
                _models[folder] = Model(str(folder))
            except Exception as error:  # Vosk raises nothing more precise
                raise RecognizerUnavailable(
                    f"Vosk cannot load the model in {folder} ({error}): download and unpack it again"
                ) from error
        return _models[folder]


def decoys_of(folder: Path) -> tuple[str, ...]:
    """Words of the model in `folder` that stand for all that is no phrase, where the model has no word for that.

    Any ones will do, as long as they are always the same.
    """
    usual = (word for word in model_words(folder) if word.isalpha() and 2 <= len(word) <= 4)
    return tuple(sorted(usual, key=lambda word: zlib.crc32(word.encode()))[:DECOYS])


class VoskRecognizer:
    """A `Recognizer`. Confidence is the mean over the words heard.

    Vosk's grammar takes the words of its phrases in any order, so what it heard counts only if it is a phrase. With
    `free` the sound of what is none is decoded once more without the grammar, beginning as soon as that can be told:
    free decoding takes ten times as long, so only what needs it waits for it.
    """

    def __init__(self, model: Any, decoys: Sequence[str] = ()) -> None:
        self._model = model
        unknown = [name for name in _UNKNOWN if model.vosk_model_find_word(name) >= 0][:1]
        self._others = tuple(unknown or decoys)
        self._phrases: dict[tuple[str, ...], str] = {}
        self._free = self._repeat = False
        self._by_grammar: _Decoding | None = None
        self._freely: _Decoding | None = None
        self._sound = bytearray()  # of a wait where a free decoding may still be needed

    def start(self, phrases: Sequence[str], *, free: bool = False, repeat: bool = False) -> None:
        self._phrases = {}
        for phrase in phrases:
            words = self._in_vocabulary(phrase)
            if words is not None:
                self._phrases.setdefault(tuple(words.split()), phrase)
        self._free, self._repeat = free, repeat
        self._sound.clear()
        self._freely = self._by_grammar = None
        if self._phrases or not free:
            own = {word for words in self._phrases for word in words}
            grammar = [*map(" ".join, self._phrases), *(word for word in self._others if word not in own)]
            grammar = grammar or [*_UNKNOWN[:1]]  # an empty one would be no grammar at all
            self._by_grammar = _Decoding(KaldiRecognizer(self._model, RATE, json.dumps(grammar, ensure_ascii=False)))
        else:
            self._freely = _Decoding(KaldiRecognizer(self._model, RATE))

    def feed(self, pcm: bytes) -> str:
        if self._by_grammar is None:
            if self._freely is None:
                raise RuntimeError("start() comes before feed()")
            return _joined(self._freely.feed(pcm))
        words = self._by_grammar.feed(pcm)
        fits = self._begins_a_phrase(words)
        if self._freely is not None:
            so_far = _joined(self._freely.feed(pcm))
            return _joined(words) if fits else so_far
        if self._free:
            self._sound += pcm
            if not fits:
                return _joined(self._decode_freely())
        return _joined(words) if fits else ""

    def finish(self) -> Recognition:
        if self._by_grammar is None and self._freely is None:
            raise RuntimeError("start() comes before finish()")
        try:
            return self._finished()
        finally:
            self._by_grammar = self._freely = None
            self._sound.clear()

    def _finished(self) -> Recognition:
        if self._by_grammar is not None:
            words, confidence = self._by_grammar.finish(self._others)
            text = self._as_written(words)
            if text is None and not self._free:
                text = self._as_written(self._without_others_round_it(words))  # "er, billing please": less sure by that
            if text is not None:
                return Recognition(text, confidence)
            if not self._free:
                return NOTHING_RECOGNIZED
        if self._freely is None:
            self._decode_freely()
        assert self._freely is not None
        words, confidence = self._freely.finish(_UNKNOWN)
        text = _joined(words)
        return Recognition(text, confidence) if text else NOTHING_RECOGNIZED

    def _decode_freely(self) -> list[str]:
        self._freely = _Decoding(KaldiRecognizer(self._model, RATE))
        words = self._freely.feed(bytes(self._sound))
        self._sound.clear()
        return words

    def missing_words(self, phrases: Sequence[str]) -> list[str]:
        """Vosk only logs a grammar word its model does not have, and then never hears the phrase."""
        missing: dict[str, None] = {}
        for phrase in phrases:
            for word in words_of_phrase(phrase):
                if self._segmented(word) is None:
                    missing[word] = None
        return list(missing)

    def close(self) -> None:
        self._by_grammar = self._freely = None

    def _begins_a_phrase(self, words: Sequence[str]) -> bool:
        """What was heard so far may still become a phrase, or with repeat a row of them."""
        heard = tuple(words)
        if self._repeat:
            own = {word for phrase in self._phrases for word in phrase}
            return all(word in own for word in heard)
        return not heard or any(phrase[: len(heard)] == heard for phrase in self._phrases)

    def _as_written(self, words: Sequence[str]) -> str | None:
        """The phrase, or with repeat the phrases, as `start` was given them; None for anything else."""
        if not self._repeat:
            return self._phrases.get(tuple(words))
        row = row_of_phrases(words, self._phrases)
        return None if row is None else _BETWEEN_CJK.sub("", row)

    def _without_others_round_it(self, words: Sequence[str]) -> Sequence[str]:
        own = [index for index, word in enumerate(words) if word not in self._others]
        return words[own[0] : own[-1] + 1] if own else ()

    def _in_vocabulary(self, phrase: str) -> str | None:
        return in_vocabulary(phrase, self._knows)

    def _segmented(self, word: str) -> str | None:
        return segmented(word, self._knows)

    def _knows(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)


class _Decoding:
    """One utterance in one of Kaldi's recognisers, which may cut it at its pauses."""

    def __init__(self, kaldi: Any) -> None:
        kaldi.SetWords(True)
        self._kaldi = kaldi
        self._finals: list[dict[str, Any]] = []
        self._partial: list[str] = []
        self._unreported_bytes = 0

    def feed(self, pcm: bytes) -> list[str]:
        """The words so far."""
        self._unreported_bytes += len(pcm)
        if self._kaldi.AcceptWaveform(pcm):  # Vosk saw a pause and closed a piece; what follows is still ours
            self._finals.append(json.loads(self._kaldi.Result()))
        elif self._unreported_bytes < _PARTIAL_EVERY_BYTES:
            return self._partial
        self._unreported_bytes = 0
        heard = [word for final in self._finals for word in final.get("text", "").split()]
        self._partial = heard + json.loads(self._kaldi.PartialResult()).get("partial", "").split()
        return self._partial

    def finish(self, others: Sequence[str]) -> tuple[list[str], float]:
        """The words, and how sure they are: those of `others`, which stand for other speech, count as 0."""
        self._finals.append(json.loads(self._kaldi.FinalResult()))
        found = [word for final in self._finals for word in final.get("result", [])]
        if not found:
            return [], 0.0
        known = sum(word["conf"] for word in found if word["word"] not in others)
        return [word["word"] for word in found], max(0.0, min(1.0, known / len(found)))


def _joined(pieces: Sequence[str]) -> str:
    return _BETWEEN_CJK.sub("", " ".join(word for word in pieces if word not in _UNKNOWN))
