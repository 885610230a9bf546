"""Noise turned down before the embedded recogniser: what is steady goes, what is said stays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from speech.audio import RATE
from speech.pocketsphinx_recognizer import PocketSphinxRecognizer
from speech.quieting import HOP, Quieter

Caller = Callable[[str], bytes]


def noise(seconds: float, rms: float) -> NDArray[np.int16]:
    return np.rint(np.random.default_rng(3).normal(0, rms, int(seconds * RATE))).astype(np.int16)


def level_db(pcm: bytes) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(np.frombuffer(pcm, np.int16).astype(float)))) + 1e-9))


def test_steady_noise_is_turned_down() -> None:
    sound = noise(2, 1000).tobytes()
    quiet = Quieter().feed(sound)
    assert level_db(sound[-RATE:]) - level_db(quiet[-RATE:]) > 15


def test_speech_stays_as_loud_as_it_is(caller: Caller) -> None:
    said = caller("report an outage")
    quiet = Quieter().feed(said)
    assert abs(level_db(said) - level_db(quiet)) < 2
    louder = (np.frombuffer(said, np.int16) + noise(len(said) / 2 / RATE, 100)).astype(np.int16).tobytes()
    assert abs(level_db(said) - level_db(Quieter().feed(louder))) < 2


def test_it_makes_no_difference_in_what_pieces_it_comes(caller: Caller) -> None:
    said = caller("billing")
    whole = Quieter().feed(said)
    piecewise = Quieter()
    pieces = b"".join(piecewise.feed(said[at : at + 226]) for at in range(0, len(said), 226))
    assert pieces == whole
    assert len(whole) == len(said) // (2 * HOP) * (2 * HOP)
    assert Quieter().feed(b"") == b""


def test_phrases_are_heard_in_noise(caller: Caller) -> None:
    """12 dB below. The voice says them a little differently each time, so one of them may go unheard."""
    recognizer = PocketSphinxRecognizer()
    phrases = ["report an outage", "billing", "complaint", "pay my bill"]
    heard = []
    for phrase in phrases:
        said = np.frombuffer(caller(phrase), np.int16)
        loud = float(np.sqrt(np.mean(np.square(said.astype(float)))))
        recognizer.start([*phrases, "agent", "yes", "no"])
        recognizer.feed((said + noise(len(said) / RATE, loud * 0.25)).astype(np.int16).tobytes())
        heard.append(recognizer.finish().text)
    recognizer.close()
    assert sum(text == phrase for text, phrase in zip(heard, phrases, strict=True)) >= 3, heard
