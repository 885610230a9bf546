"""What comes over the line in the measurement of recognition: voices of several makers, noise, coughs, mu-law.

PCM is 16 bit, 8 kHz, mono. Everything random comes from a generator that is given.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from speech.audio import RATE, level_normalised, mulaw_to_pcm, pcm_to_mulaw, read_wav
from speech.pyttsx3_voice import Pyttsx3Voice, VoiceChoice

LEVEL_DBFS = -22.0
LEAD_S, TAIL_S = 0.5, 1.4
Sound = np.ndarray


class Voices:
    """`maker:voice` -> sound: flite and festival (Debian), espeak (the hotline's own voice). Kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._espeak: dict[str, Pyttsx3Voice] = {}

    def says(self, voice: str, text: str) -> Sound:
        """Speech at one level, without silence around it."""
        kept = self._folder / f"{hashlib.sha256(f'{voice} {text}'.encode()).hexdigest()}.raw"
        if not kept.exists():
            pcm = level_normalised(self._rendered(*voice.split(":", 1), text), LEVEL_DBFS)
            kept.write_bytes(_trimmed(np.frombuffer(pcm, np.int16)).tobytes())
        return np.frombuffer(kept.read_bytes(), np.int16).astype(np.float64)

    def _rendered(self, maker: str, voice: str, text: str) -> bytes:
        if maker == "espeak":
            if voice not in self._espeak:
                self._espeak[voice] = Pyttsx3Voice({"any": VoiceChoice(voice, 155)}, timeout_s=30)
            return self._espeak[voice].render(text, "any")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "said.wav")
            if maker == "flite":
                subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
            else:
                choose = ["text2wave", "-eval", f"(voice_{voice})", "-o", str(path)]
                subprocess.run(choose, input=text, text=True, check=True)
            return read_wav(path)

    def close(self) -> None:
        for voice in self._espeak.values():
            voice.close()


def _trimmed(sound: Sound) -> Sound:
    loud = np.flatnonzero(np.abs(sound) > 200)
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound


def on_the_line(speech: Sound, noise: Sound | None, snr_db: float | None) -> bytes:
    """With silence before and after, noise all along at `snr_db` below the speech, and through mu-law."""
    sound = np.concatenate([np.zeros(int(LEAD_S * RATE)), speech, np.zeros(int(TAIL_S * RATE))])
    if noise is not None and snr_db is not None:
        level = 32768 * 10 ** (LEVEL_DBFS / 20)  # what speech is brought to; a cough is as loud as it is
        noise = np.resize(noise, len(sound))
        sound = sound + noise * (level * 10 ** (-snr_db / 20) / _rms(noise))
    pcm = np.clip(np.rint(sound), -32768, 32767).astype(np.int16).tobytes()
    return mulaw_to_pcm(pcm_to_mulaw(pcm))


def pink(chance: np.random.Generator, seconds: float) -> Sound:
    spectrum = np.fft.rfft(chance.standard_normal(int(seconds * RATE)))
    shape = 1 / np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum * shape)


def babble(chance: np.random.Generator, talk: list[Sound], seconds: float, people: int = 6) -> Sound:
    """So many people talking at once, each over and over, from anywhere in what they say."""
    size = int(seconds * RATE)
    mixed = np.zeros(size)
    for _ in range(people):
        one = talk[chance.integers(len(talk))]
        mixed += np.resize(np.roll(one, chance.integers(RATE)), size)
    return mixed


def not_speech(chance: np.random.Generator) -> dict[str, Sound]:
    """What a telephone carries besides words. A cough: bursts of noise, coloured by a mouth, that die away."""

    def cough(times: int) -> Sound:
        bursts = []
        for _ in range(times):
            burst = chance.standard_normal(int(chance.uniform(0.15, 0.3) * RATE))
            burst = np.convolve(burst, np.hanning(9), "same") * np.exp(-np.arange(len(burst)) / (0.07 * RATE))
            bursts += [burst, np.zeros(int(chance.uniform(0.05, 0.2) * RATE))]
        return _at(np.concatenate(bursts), 6000)

    door = chance.standard_normal(int(0.25 * RATE)) * np.exp(-np.arange(int(0.25 * RATE)) / (0.03 * RATE))
    breath = np.convolve(chance.standard_normal(int(0.9 * RATE)), np.hanning(5), "same") * np.hanning(int(0.9 * RATE))
    hum = sum(np.sin(2 * np.pi * 50 * n * np.arange(2 * RATE) / RATE) / n for n in (1, 2, 3, 5))
    notes = np.repeat(chance.choice([262, 294, 330, 392, 440, 523], 12), RATE // 5)
    tune = np.sin(2 * np.pi * np.cumsum(notes) / RATE) + 0.4 * np.sin(4 * np.pi * np.cumsum(notes) / RATE)
    return {
        "silence": np.zeros(2 * RATE),
        "cough": cough(1), "coughs": cough(3), "door": _at(door, 9000), "breath": _at(breath, 1500),
        "hum": _at(np.asarray(hum), 1200), "music": _at(tune, 3000),
    }  # fmt: skip


def _at(sound: Sound, rms: float) -> Sound:
    return sound * (rms / _rms(sound))


def _rms(sound: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(sound)))) or 1.0
