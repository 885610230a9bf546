"""Keys heard as tones in the sound itself: for far ends that can send them in no other way.

After ITU-T Q.24: 40 ms of tone are a key, and 40 ms without it part two; 20 ms are none. The higher tone may be 4 dB
above the lower and 8 dB below it, each 1.8 % off its pitch. Speech holds such tones too: nearly all the power must be
in two, and they must be where a key has them, which the turn of their phase from window to window tells.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from speech.audio import RATE, audioop, mulaw_to_pcm

ROWS: Final = (697, 770, 852, 941)
COLUMNS: Final = (1209, 1336, 1477, 1633)
KEYS: Final = ("123A", "456B", "789C", "*0#D")

HOP: Final = 80  # samples; a window has two of them, 20 ms, and shares one with the next
WINDOWS_TO_TELL: Final = 2
WINDOWS_TO_END: Final = 4
"""A pause of 40 ms spoils five windows at least, a lost packet whose gap was filled fewer."""

_QUIETEST_RMS: Final = 32768 * 10 ** (-39 / 20)  # both tones at -36 dBm0; 0 dBm0 is 6 dB below overload
_TWIST, _REVERSE_TWIST = 10 ** (6 / 10), 10 ** (9.5 / 10)  # in power: 4 and 8 dB, and what noise makes of them
_SHARE_OF_ALL: Final = 0.8
_SHARE_OF_GROUP: Final = 6.0  # the tone over the next strongest of its group; 20 ms part 697 and 770 Hz by no more
_HALVES: Final = 0.6  # in power: a window that the tone does not fill is none
_OFF_PITCH: Final = 0.026  # the norm wants 1.8 % heard and 3.5 % not

_ASIDE: Final = (-0.014, 0.0, 0.014)  # tones are looked for a little below and above their pitches as well
_TONES: Final = len(ROWS) + len(COLUMNS)
_PLACES: Final = _TONES * len(_ASIDE)

_pitches = np.array([hertz * (1 + aside) for aside in _ASIDE for hertz in ROWS + COLUMNS])
_angles = 2 * np.pi * np.outer(np.arange(2 * HOP), _pitches) / RATE
_BANK: Final = (np.hstack([np.cos(_angles), -np.sin(_angles)]) / (HOP * math.sqrt(2))).astype(np.float32)
"""Samples to real, then imaginary parts of every place, of which the squares add up to the power there."""
_TURN: Final = tuple(2 * math.pi * hertz * HOP / RATE for hertz in ROWS + COLUMNS)  # of a tone's phase, a hop


class ToneKeys:
    """Fed with what one far end says."""

    def __init__(self) -> None:
        self._sound = bytes(2 * HOP)  # PCM: the end of what was heard, a hop and whatever of the next there is
        self._before = ("", 0.0, 0.0)  # key and phases of the window before
        self._run = 0  # windows with that key in a row
        self._told = ""
        self._without = 0  # windows in a row without the key that was told

    def heard(self, mulaw: bytes) -> list[str]:
        """Keys that have been heard for long enough by now, each once a press. Sound of any length, in order."""
        sound = self._sound + mulaw_to_pcm(mulaw)
        hops = len(sound) // (2 * HOP) - 1
        self._sound = sound[2 * HOP * hops :] if hops > 0 else sound
        found: list[str] = []
        for hop in range(hops):
            key, low, high = _tones(sound[2 * HOP * hop : 2 * HOP * (hop + 2)])
            before, self._before = self._before, (key, low, high)
            self._run = self._run + 1 if key and key == before[0] else 1
            self._without = 0 if key and key == self._told else self._without + 1
            if self._without >= WINDOWS_TO_END:
                self._told = ""
            if key and key != self._told and self._run >= WINDOWS_TO_TELL and _on_pitch(key, before, low, high):
                found.append(key)
                self._told, self._without = key, 0
        return found


def _tones(pcm: bytes) -> tuple[str, float, float]:
    """The key whose tones fill this window and the phases of its two; "" for none."""
    half = 2 * HOP
    first, second = audioop.rms(pcm[:half], 2), audioop.rms(pcm[half:], 2)
    power = (first * first + second * second) / 2
    if power < _QUIETEST_RMS**2 or min(first, second) ** 2 < _HALVES * max(first, second) ** 2:
        return "", 0.0, 0.0
    parts = np.frombuffer(pcm, dtype="<i2").astype(np.float32) @ _BANK
    squares = parts * parts
    places = (squares[:_PLACES] + squares[_PLACES:]).reshape(len(_ASIDE), _TONES)
    powers: list[float] = places.max(axis=0).tolist()
    low, high = max(powers[:4]), max(powers[4:])
    if low + high < _SHARE_OF_ALL * power or high > _TWIST * low or low > _REVERSE_TWIST * high:
        return "", 0.0, 0.0
    row, column = powers.index(low), powers.index(high, 4)
    if low < _SHARE_OF_GROUP * _rival(powers[:4], row) or high < _SHARE_OF_GROUP * _rival(powers[4:], column - 4):
        return "", 0.0, 0.0
    return KEYS[row][column - 4], _phase(parts, row), _phase(parts, column)


def _phase(parts: NDArray[np.float32], tone: int) -> float:
    place = _ASIDE.index(0.0) * _TONES + tone
    return math.atan2(parts[_PLACES + place], parts[place])


def _rival(powers: list[float], but: int) -> float:
    return max(power for tone, power in enumerate(powers) if tone != but)


def _on_pitch(key: str, before: tuple[str, float, float], low: float, high: float) -> bool:
    row = next(row for row, keys in enumerate(KEYS) if key in keys)
    column = KEYS[row].index(key) + 4
    return all(
        abs(math.remainder(phase - earlier - _TURN[tone], math.tau)) <= _OFF_PITCH * _TURN[tone]
        for tone, phase, earlier in ((row, low, before[1]), (column, high, before[2]))
    )
