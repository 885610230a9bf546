"""Vosk, the production recogniser: the phrases of a wait as its grammar, or free decoding, at 8 kHz as it comes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vosk import KaldiRecognizer, Model, SetLogLevel

from speech.audio import RATE
from speech.recognizers import NOTHING_RECOGNIZED, Recognition, RecognizerUnavailable

SetLogLevel(-1)

# What stands for speech outside the grammar; models differ in its name. One without it is only guarded by confidence.
_UNKNOWN = ("[unk]", "<unk>", "<UNK>")
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
            if not any((folder / name).is_file() for name in ("am/final.mdl", "final.mdl")):
                raise RecognizerUnavailable(
                    f"{folder} holds no Vosk model (no am/final.mdl): unpack one there, or mend the folder under "
                    "speech.recognizers in config.yaml (docs/operating.md, 'Ears for Mandarin')"
                )
            try:
                _models[folder] = Model(str(folder))
            except Exception as error:  # Vosk raises nothing more precise
                raise RecognizerUnavailable(
                    f"Vosk cannot load the model in {folder} ({error}): download and unpack it again"
                ) from error
        return _models[folder]


class VoskRecognizer:
    """A `Recognizer`. Confidence is the mean over the words heard; one outside the grammar counts as 0."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._kaldi: Any = None
        self._finals: list[dict[str, Any]] = []
        self._partial = ""
        self._unreported_bytes = 0

    def start(self, phrases: Sequence[str], *, free: bool = False, repeat: bool = False) -> None:
        """As `Recognizer.start`. Vosk's grammar takes any sequence of its phrases anyway, so `repeat` adds nothing."""
        if free:
            self._kaldi = KaldiRecognizer(self._model, RATE)
        else:
            usable = [words for phrase in phrases if (words := self._in_vocabulary(phrase)) is not None]
            unknown = [name for name in _UNKNOWN if self._model.vosk_model_find_word(name) >= 0][:1]
            grammar = json.dumps([*dict.fromkeys(usable), *unknown], ensure_ascii=False)
            self._kaldi = KaldiRecognizer(self._model, RATE, grammar)
        self._kaldi.SetWords(True)
        self._finals = []
        self._partial = ""
        self._unreported_bytes = 0

    def feed(self, pcm: bytes) -> str:
        if self._kaldi is None:
            raise RuntimeError("start() comes before feed()")
        self._unreported_bytes += len(pcm)
        if self._kaldi.AcceptWaveform(pcm):  # Vosk saw a pause and closed a piece; what follows is still ours
            self._finals.append(json.loads(self._kaldi.Result()))
        elif self._unreported_bytes < _PARTIAL_EVERY_BYTES:
            return self._partial
        self._unreported_bytes = 0
        heard = [final.get("text", "") for final in self._finals]
        self._partial = _joined([*heard, json.loads(self._kaldi.PartialResult()).get("partial", "")])
        return self._partial

    def finish(self) -> Recognition:
        if self._kaldi is None:
            raise RuntimeError("start() comes before finish()")
        self._finals.append(json.loads(self._kaldi.FinalResult()))
        self._kaldi = None
        words = [word for final in self._finals for word in final.get("result", [])]
        text = _joined([word["word"] for word in words])
        if not text:
            return NOTHING_RECOGNIZED
        known = sum(word["conf"] for word in words if word["word"] not in _UNKNOWN)
        return Recognition(text, max(0.0, min(1.0, known / len(words))))

    def missing_words(self, phrases: Sequence[str]) -> list[str]:
        """Vosk only logs a grammar word its model does not have, and then never hears the phrase."""
        missing: dict[str, None] = {}
        for phrase in phrases:
            for word in _words(phrase):
                if self._segmented(word) is None:
                    missing[word] = None
        return list(missing)

    def close(self) -> None:
        self._kaldi = None

    def _in_vocabulary(self, phrase: str) -> str | None:
        pieces = [self._segmented(word) for word in _words(phrase)]
        return None if not pieces or None in pieces else " ".join(piece for piece in pieces if piece)

    def _segmented(self, word: str) -> str | None:
        """`word` as the fewest words of the model: Chinese is written without the spaces that its models expect."""
        best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
        for end in range(1, len(word) + 1):
            for start in range(end) if _is_cjk(word) else (0,):
                before = best[start]
                if before is None or (best[end] is not None and len(before) + 1 >= len(best[end] or ())):
                    continue
                if self._model.vosk_model_find_word(word[start:end]) >= 0:
                    best[end] = (*before, word[start:end])
        found = best[len(word)]
        return None if found is None else " ".join(found)


def _words(phrase: str) -> list[str]:
    return [word for word in re.split(r"[^\w']+", phrase.lower()) if word.strip("'_")]


def _is_cjk(word: str) -> bool:
    return any("\u3400" <= sign <= "\u9fff" for sign in word)


def _joined(pieces: Sequence[str]) -> str:
    words = [word for piece in pieces for word in piece.split() if word not in _UNKNOWN]
    return _BETWEEN_CJK.sub("", " ".join(words))
