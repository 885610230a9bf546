"""PocketSphinx with the English model of its own package: the recogniser that needs nothing downloaded.

The grammar of a wait is a finite-state graph: its phrases beside a loop of decoy words that other speech falls into.
What gets through is weighed a second time, see `_confidence`; noise is turned down before, see `speech.quieting`. How
much is understood at the hotline's own waits stands in docs/performance.md (bench/telephone_recognition.py): on a quiet
line nine of ten phrases, and one of fourteen other utterances is taken for one. Numbers come out right every other
time: offer the keypad as well. It takes 0.06 of the time it listens to, of one core.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pocketsphinx

from speech.audio import RATE, audioop
from speech.decoys import DECOYS
from speech.phrase_words import row_of_phrases
from speech.pronunciations import phones_of, words_of
from speech.quieting import Quieter
from speech.recognizers import NOTHING_RECOGNIZED, Recognition, RecognizerUnavailable

MODEL_RATE = 16000
LONGEST_UTTERANCE_S = 30

# What each decoy costs. Cheaper ones reject more of what was said right, dearer ones let more foreign speech through
# to the second look: of 32 phrases and 31 other sentences at 10 dB of noise, 1e-20 heard 22 and took 4, 1e-25 24 and 8.
_DECOY_PROBABILITY = 1e-22
_REPEATED_DECOY_PROBABILITY = 1e-30
# Without a price on the next phrase, noise between digits becomes an "oh" or an "eight".
_NEXT_PHRASE_PROBABILITY = 1e-4
# The log likelihood a frame (10 ms) of a phrase over that of free phones: as good as it gets, and too bad.
_BEST_FIT, _WORST_FIT = -0.0015, -0.0075
_CONFIDENCE_AT_WORST = 0.3
_PARTIAL_EVERY_BYTES = 1600  # 100 ms of 8 kHz PCM
_START, _END, _DECOY = 0, 1, 2
_GRAMMAR, _PHONES = "wait", "phones"

# Cepstral means of telephone speech, where the decoder starts from before it has heard any: its own are those of a
# studio. Averaged over 160 synthetic sentences of eight voices through mu-law, none of them a menu phrase: with a plain
# grammar 94 instead of 83 of 96 phrases were right.
_TELEPHONE_MEANS = "50.3,1.5,-4.8,8.0,-3.1,-6.3,-4.0,-4.8,-14.0,6.2,-7.4,2.5,-4.0"
# Lines that send digital silence between words upset the decoder's noise estimate, so a little noise is always there:
# -61 dBFS, which is below what any real line has. Seeded, so that one recording always gives one result.
_NOISE_RMS = 30

_Transition = tuple[int, int, float, str] | tuple[int, int, float]


@lru_cache(maxsize=1)
def _line_noise() -> bytes:
    """One second of white noise at 8 kHz."""
    chance = random.Random(1)  # noqa: S311 - noise, not a secret
    return array("h", (round(chance.gauss(0, _NOISE_RMS)) for _ in range(RATE))).tobytes()


def _decoder() -> Any:
    # Without bestpath=False some grammars keep the decoder busy for minutes.
    return pocketsphinx.Decoder(lm=None, bestpath=False, dither=True, seed=1, samprate=MODEL_RATE, loglevel="FATAL")


class PocketSphinxRecognizer:
    """A `Recognizer` for English. It has no free decoding: `free` hears the phrases only, and nothing without them.

    (Its packaged language model needs more than the time it listens to, and understands a telephone badly.)
    """

    def __init__(self) -> None:
        try:
            self._decoder, self._sounds = _decoder(), _decoder()
        except (RuntimeError, ValueError) as error:
            raise RecognizerUnavailable(
                f"PocketSphinx cannot load its packaged English model ({error}): install the package pocketsphinx again"
            ) from error
        self._sounds.add_allphone_file(_PHONES, None)
        self._sounds.activate_search(_PHONES)
        self._grammar: tuple[tuple[str, ...], bool] | None = None
        self._phrases: dict[tuple[str, ...], str] = {}
        self._repeat = False
        self._listening = False
        self._quieter = Quieter()
        self._resampler: Any = None
        self._heard_bytes = self._fed_bytes = 0
        self._partial = ""
        self._unreported_bytes = 0

    def start(self, phrases: Sequence[str], *, free: bool = False, repeat: bool = False) -> None:
        self._abandon()
        grammar = (tuple(phrases), repeat)
        if grammar != self._grammar:
            self._load(phrases, repeat)
            self._grammar = grammar
        self._decoder.activate_search(_GRAMMAR)
        for decoder in (self._decoder, self._sounds):
            decoder.set_cmn(_TELEPHONE_MEANS)  # the line of the caller before says nothing about this one
            decoder.start_utt()
        self._listening = True
        self._quieter = Quieter()
        self._resampler = None
        self._heard_bytes = self._fed_bytes = 0
        self._partial = ""
        self._unreported_bytes = 0

    def feed(self, pcm: bytes) -> str:
        if not self._listening:
            raise RuntimeError("start() comes before feed()")
        if self._heard_bytes >= LONGEST_UTTERANCE_S * RATE * 2:
            return self._partial
        self._heard_bytes += len(pcm)
        quiet = self._with_noise(self._quieter.feed(pcm))
        wide, self._resampler = audioop.ratecv(quiet, 2, 1, RATE, MODEL_RATE, self._resampler)
        if wide:
            self._decoder.process_raw(wide)
            self._sounds.process_raw(wide)
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
        self._grammar = None

    def _with_noise(self, pcm: bytes) -> bytes:
        noise = _line_noise()
        at = self._fed_bytes % len(noise)
        self._fed_bytes += len(pcm)
        while len(noise) < at + len(pcm):
            noise += noise
        return audioop.add(pcm, noise[at : at + len(pcm)], 2)

    def _abandon(self) -> None:
        if self._listening:
            self._listening = False
            self._decoder.end_utt()
            self._sounds.end_utt()

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
            transitions.append((_END, _START, _NEXT_PHRASE_PROBABILITY))
        own = {word for words in self._phrases for word in words}
        probability = _REPEATED_DECOY_PROBABILITY if self._repeat else _DECOY_PROBABILITY
        for decoy in DECOYS:
            if decoy not in own:
                transitions.append((_START, _DECOY, probability, decoy))
                transitions.append((_DECOY, _DECOY, probability, decoy))
        return transitions

    def _as_written(self, words: list[str]) -> str | None:
        """The phrase, or with repeat the phrases, as `start` was given them; None if `words` is anything else."""
        if not self._repeat:
            return self._phrases.get(tuple(words))
        return row_of_phrases(words, self._phrases)

    def _partial_text(self) -> str:
        hypothesis = self._decoder.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        own = {word for phrase in self._phrases for word in phrase}
        return " ".join(words) if all(word in own for word in words) else ""

    def _confidence(self, score: float) -> float:
        """How well the phrase fits, against the sounds themselves; 0 when it only was the least bad phrase there is.

        PocketSphinx gives no posterior without its (hanging) best path. So a second decoder hears the utterance as
        whatever phones fit best: the likelihood ratio a frame tells a phrase that was said from one that was forced on
        other words.
        """
        spoken_frames = sum(
            segment.end_frame - segment.start_frame + 1
            for segment in self._decoder.seg()
            if not segment.word.startswith("<")
        )
        phones = self._sounds.hyp()
        if phones is None or phones.score <= 0 or score <= 0 or not spoken_frames:
            return 0.0
        fit: float = (math.log(score) - math.log(phones.score)) / spoken_frames
        if fit < _WORST_FIT:
            return 0.0
        share = min(1.0, (fit - _WORST_FIT) / (_BEST_FIT - _WORST_FIT))
        return round(_CONFIDENCE_AT_WORST + (0.99 - _CONFIDENCE_AT_WORST) * share, 3)
