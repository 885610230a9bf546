"""PocketSphinx with the English model of its own package: the recogniser that needs nothing downloaded.

The grammar of a wait is a finite-state graph: its phrases beside a loop of decoy words that any other speech falls
into. Measured at 8 kHz mu-law, a plain grammar took every second foreign sentence for a phrase; with the decoys one in
a hundred. What the graph lets through is weighed a second time, see `_confidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pocketsphinx

from speech.audio import RATE, audioop
from speech.decoys import DECOYS
from speech.pronunciations import phones_of, words_of
from speech.recognizers import NOTHING_RECOGNIZED, Recognition, RecognizerUnavailable

MODEL_RATE = 16000
LONGEST_UTTERANCE_S = 30

_DECOY_PROBABILITY = 1e-20
_PARTIAL_EVERY_BYTES = 1600  # 100 ms of 8 kHz PCM
_START, _END, _DECOY = 0, 1, 2
_GRAMMAR, _PHONES = "wait", "phones"

_Transition = tuple[int, int, float, str] | tuple[int, int, float]


class PocketSphinxRecognizer:
    """A `Recognizer` for English. It has no free decoding: `free` hears the phrases only, and nothing without them.

    (Its packaged language model needs more than the time it listens to, and understands a telephone badly.)
    """

    def __init__(self) -> None:
        try:
            # Without bestpath=False some grammars keep the decoder busy for minutes. Dither: digital silence misleads
            # the noise estimate. The seed makes one recording always give one result.
            self._decoder = pocketsphinx.Decoder(
                lm=None, bestpath=False, dither=True, seed=1, samprate=MODEL_RATE, loglevel="FATAL"
            )
        except (RuntimeError, ValueError) as error:
            raise RecognizerUnavailable(
                f"PocketSphinx cannot load its packaged English model ({error}): install the package pocketsphinx again"
            ) from error
        self._decoder.add_allphone_file(_PHONES, None)
        self._fresh_means = self._decoder.get_cmn()
        self._grammar: tuple[tuple[str, ...], bool] | None = None
        self._phrases: dict[tuple[str, ...], str] = {}
        self._repeat = False
        self._listening = False
        self._resampler: Any = None
        self._heard = bytearray()
        self._partial = ""
        self._unreported_bytes = 0

    def start(self, phrases: Sequence[str], *, free: bool = False, repeat: bool = False) -> None:
        self._abandon()
        grammar = (tuple(phrases), repeat)
        if grammar != self._grammar:
            self._load(phrases, repeat)
            self._grammar = grammar
        self._decoder.activate_search(_GRAMMAR)
        self._decoder.set_cmn(self._fresh_means)  # the line of the caller before says nothing about this one
        self._decoder.start_utt()
        self._listening = True
        self._resampler = None
        self._heard.clear()
        self._partial = ""
        self._unreported_bytes = 0

    def feed(self, pcm: bytes) -> str:
        if not self._listening:
            raise RuntimeError("start() comes before feed()")
        if len(self._heard) >= LONGEST_UTTERANCE_S * MODEL_RATE * 2:
            return self._partial
        wide, self._resampler = audioop.ratecv(pcm, 2, 1, RATE, MODEL_RATE, self._resampler)
        self._heard += wide
        self._decoder.process_raw(wide)
        self._unreported_bytes += len(pcm)
        if self._unreported_bytes >= _PARTIAL_EVERY_BYTES:
            self._unreported_bytes = 0
            self._partial = self._partial_text()
        return self._partial

    def finish(self) -> Recognition:
        if not self._listening:
            raise RuntimeError("start() comes before finish()")
        self._abandon()
        hypothesis = self._decoder.hyp()
        text = self._as_written(hypothesis.hypstr.split()) if hypothesis else None
        if not text:
            return NOTHING_RECOGNIZED
        confidence = self._confidence(hypothesis.score)
        return Recognition(text, confidence) if confidence > 0 else NOTHING_RECOGNIZED

    def missing_words(self, phrases: Sequence[str]) -> list[str]:
        words = dict.fromkeys(word for phrase in phrases for word in words_of(phrase))
        return [word for word in words if phones_of(word, self._decoder.lookup_word) is None]

    def close(self) -> None:
        self._abandon()
        self._heard.clear()
        self._grammar = None

    def _abandon(self) -> None:
        if self._listening:
            self._listening = False
            self._decoder.end_utt()

    def _load(self, phrases: Sequence[str], repeat: bool) -> None:
        self._repeat = repeat
        self._phrases = {}
        for phrase in phrases:
            words = tuple(words_of(phrase))
            if words and all(self._learned(word) for word in words):
                self._phrases.setdefault(words, phrase)
        graph = self._decoder.create_fsg(_GRAMMAR, _START, _END, self._transitions())
        self._decoder.add_fsg(_GRAMMAR, graph)

    def _learned(self, word: str) -> bool:
        if self._decoder.lookup_word(word) is None:
            phones = phones_of(word, self._decoder.lookup_word)
            if phones is None:
                return False
            self._decoder.add_word(word, phones, update=False)
        return True

    def _transitions(self) -> list[_Transition]:
        transitions: list[_Transition] = [(_DECOY, _END, 1.0)]
        state = _DECOY
        for words in self._phrases:
            before = _START
            for index, word in enumerate(words):
                last = index == len(words) - 1
                state += not last
                transitions.append((before, _END if last else state, 1.0, word))
                before = state
        if self._repeat:
            transitions.append((_END, _START, 1.0))
        own = {word for words in self._phrases for word in words}
        for decoy in DECOYS:
            if decoy not in own:
                transitions.append((_START, _DECOY, _DECOY_PROBABILITY, decoy))
                transitions.append((_DECOY, _DECOY, _DECOY_PROBABILITY, decoy))
        return transitions

    def _as_written(self, words: list[str]) -> str | None:
        """The phrase, or with repeat the phrases, as `start` was given them; None if `words` is anything else."""
        if not self._repeat:
            return self._phrases.get(tuple(words))
        # The graph only lets whole phrases through, but two readings may differ; the longest phrase goes first.
        longest = max((len(phrase) for phrase in self._phrases), default=0)
        written: list[str] = []
        at = 0
        while at < len(words):
            for length in range(min(longest, len(words) - at), 0, -1):
                phrase = self._phrases.get(tuple(words[at : at + length]))
                if phrase is not None:
                    written.append(phrase)
                    at += length
                    break
            else:
                return None
        return " ".join(written)

    def _partial_text(self) -> str:
        hypothesis = self._decoder.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        own = {word for phrase in self._phrases for word in phrase}
        return " ".join(words) if all(word in own for word in words) else ""

    def _confidence(self, score: float) -> float:
        return 0.9
