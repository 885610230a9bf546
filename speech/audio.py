"""Telephone sound: mu-law and PCM, sampling rates, levels, WAV files and tones.

Unless a name says otherwise PCM is 16-bit signed little-endian, mono, 8000 samples a second.
"""

from __future__ import annotations

import math
import os
import tempfile
import warnings
import wave
from array import array
from functools import lru_cache
from pathlib import Path

with warnings.catch_warnings():
    # Python 3.11 and 3.12 announce its removal; on 3.13 and later the package audioop-lts brings it back.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

from speech import riff

__all__ = [
    "FRAME_BYTES",
    "PCM_FRAME_BYTES",
    "RATE",
    "AudioError",
    "audioop",
    "beep",
    "dtmf",
    "faded_out",
    "level_normalised",
    "mulaw_to_pcm",
    "pcm_to_mulaw",
    "read_wav",
    "read_wav_as_it_is",
    "resample",
    "speech_level_dbfs",
    "tone",
    "write_wav",
]

RATE = 8000
FRAME_BYTES = 160
"""20 ms of mu-law; the same 20 ms are `PCM_FRAME_BYTES` of PCM."""
PCM_FRAME_BYTES = 320
FULL_SCALE = 32768

_PEAK_LIMIT = 0.89 * FULL_SCALE  # -1 dBFS: mu-law and resampling overshoot a little
_SILENCE_BELOW = 0.002 * FULL_SCALE  # -54 dBFS: pauses do not count towards the level of speech
_DTMF_ROWS = (697, 770, 852, 941)
_DTMF_COLUMNS = (1209, 1336, 1477, 1633)
_DTMF_KEYS = ("123A", "456B", "789C", "*0#D")


class AudioError(Exception):
    """A sound file that cannot be read: says which and why."""


def mulaw_to_pcm(mulaw: bytes) -> bytes:
    """G.711 mu-law, one byte a sample, to PCM, two bytes a sample."""
    return audioop.ulaw2lin(mulaw, 2)


def pcm_to_mulaw(pcm: bytes) -> bytes:
    return audioop.lin2ulaw(pcm, 2)


@lru_cache(maxsize=8)
def _low_pass(cutoff: float) -> tuple[float, ...]:
    """Taps of a Hamming-windowed sinc; `cutoff` is a share of the sampling rate. The lower, the more taps it takes."""
    half = round(4 / cutoff)
    taps = [
        (2 * cutoff if n == 0 else math.sin(2 * math.pi * cutoff * n) / (math.pi * n))
        * (0.54 + 0.46 * math.cos(math.pi * n / half))
        for n in range(-half, half + 1)
    ]
    return tuple(tap / sum(taps) for tap in taps)


def _filtered(pcm: bytes, taps: tuple[float, ...]) -> bytes:
    """The convolution done as sums of shifted, scaled copies: audioop does each in C, Python only once a tap."""
    wide = audioop.lin2lin(audioop.mul(pcm, 2, 0.5), 2, 4)  # halved: the sums must not clip on the way
    half = len(taps) // 2
    padded = bytes(4 * half) + wide + bytes(4 * half)
    total = bytes(len(wide))
    for index, tap in enumerate(taps):
        total = audioop.add(total, audioop.mul(padded[4 * index : 4 * index + len(wide)], 4, tap), 4)
    return audioop.lin2lin(audioop.mul(total, 4, 2.0), 4, 2)


def resample(pcm: bytes, from_rate: int, to_rate: int) -> bytes:
    """A whole clip at another rate (Hz). Going down, what the lower rate cannot carry is filtered out first."""
    if from_rate == to_rate or not pcm:
        return pcm
    if to_rate < from_rate:
        pcm = _filtered(pcm, _low_pass(0.45 * to_rate / from_rate))
    converted, _ = audioop.ratecv(pcm, 2, 1, from_rate, to_rate, None)
    return converted


def speech_level_dbfs(pcm: bytes) -> float:
    """RMS level of the parts that are not pauses, in dB below full scale; -inf for silence."""
    frames = (pcm[at : at + PCM_FRAME_BYTES] for at in range(0, len(pcm), PCM_FRAME_BYTES))
    loud = [level for frame in frames if (level := audioop.rms(frame, 2)) >= _SILENCE_BELOW]
    if not loud:
        return -math.inf
    return 20 * math.log10(math.sqrt(sum(level * level for level in loud) / len(loud)) / FULL_SCALE)


def level_normalised(pcm: bytes, target_dbfs: float = -20.0) -> bytes:
    """Speech brought to `target_dbfs` (RMS, pauses left out), or as near as the peak limit of -1 dBFS allows.

    Prompts come from recordings and from voices; a caller must not reach for the volume between two of them.
    """
    level = speech_level_dbfs(pcm)
    if math.isinf(level):
        return pcm
    gain = min(10 ** ((target_dbfs - level) / 20), _PEAK_LIMIT / audioop.max(pcm, 2))
    return audioop.mul(pcm, 2, gain)


def faded_out(mulaw: bytes) -> bytes:
    """The same sound going down to silence in a straight line: for a sound that has to stop in its midst."""
    samples = array("h", mulaw_to_pcm(mulaw))
    count = len(samples)
    faded = array("h", (round(sample * (count - index) / count) for index, sample in enumerate(samples)))
    return pcm_to_mulaw(faded.tobytes())


def write_wav(path: Path, pcm: bytes, rate: int = RATE) -> None:
    """Written beside `path`, synced, then renamed: a reader sees the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".part")
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with wave.open(file, "wb") as writer:
                writer.setnchannels(1)
                writer.setsampwidth(2)
                writer.setframerate(rate)
                writer.writeframes(pcm)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o644)  # mkstemp makes it private; web and media may run as different users
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def read_wav(path: Path, *, whole: bool = False) -> bytes:
    """Any WAV file (PCM of 8 to 32 bits, floats, either G.711 law; mono or stereo, any rate) as PCM at 8 kHz.

    One that was cut short is read as far as it goes, unless it has to be `whole`. Raises AudioError.
    """
    return resample(*read_wav_as_it_is(path, whole=whole), RATE)


def read_wav_as_it_is(path: Path, *, whole: bool = False) -> tuple[bytes, int]:
    """The same as 16-bit mono PCM at the rate of the file, and that rate. Raises AudioError."""
    try:
        wave_file = riff.parse(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AudioError(f"{path}: not a readable PCM WAV file ({error})") from error
    if wave_file.channels > 2:
        raise AudioError(f"{path}: has {wave_file.channels} channels; mono or stereo is wanted")
    if whole and not wave_file.whole:
        raise AudioError(f"{path}: was cut short")
    pcm = _in_16_bits(wave_file)
    return audioop.tomono(pcm, 2, 0.5, 0.5) if wave_file.channels == 2 else pcm, wave_file.rate


def _in_16_bits(wave_file: riff.Wave) -> bytes:
    samples, width = wave_file.samples, wave_file.width
    match wave_file.kind:
        case riff.MU_LAW:
            return mulaw_to_pcm(samples)
        case riff.A_LAW:
            return audioop.alaw2lin(samples, 2)
        case riff.FLOAT:
            numbers = array("f" if width == 4 else "d", samples)  # little-endian, as all that we run on
            return array("h", (_full_scale(number) for number in numbers)).tobytes()
    if width == 1:
        samples = audioop.bias(samples, 1, -128)  # 8-bit WAV is unsigned
    return samples if width == 2 else audioop.lin2lin(samples, width, 2)


def _full_scale(number: float) -> int:
    """-1 to 1 as 16 bit; beyond it is clipped, and what is no number is silence."""
    return round(max(-1.0, min(1.0, number)) * (FULL_SCALE - 1)) if math.isfinite(number) else 0


def tone(hertz: tuple[float, ...], milliseconds: int, level_dbfs: float = -12.0) -> bytes:
    """A sum of sines, all as loud, at `level_dbfs` (RMS of the sum), with 5 ms ramps so that it does not click."""
    count = RATE * milliseconds // 1000
    ramp = min(RATE * 5 // 1000, count // 2) or 1
    amplitude = 10 ** (level_dbfs / 20) * FULL_SCALE * math.sqrt(2 / len(hertz))
    samples = array("h", bytes(2 * count))
    for index in range(count):
        envelope = min(1.0, index / ramp, (count - 1 - index) / ramp)
        wave_sum = sum(math.sin(2 * math.pi * pitch * index / RATE) for pitch in hertz)
        samples[index] = round(max(-_PEAK_LIMIT, min(_PEAK_LIMIT, amplitude * wave_sum)) * envelope)
    return samples.tobytes()


@lru_cache(maxsize=1)
def beep() -> bytes:
    """The tone of "speak after the tone": 1000 Hz, 400 ms."""
    return tone((1000.0,), 400)


@lru_cache(maxsize=64)
def dtmf(digit: str, milliseconds: int) -> bytes:
    """The two tones of a key (ITU-T Q.23), `0`-`9`, `*`, `#`, `A`-`D`. ValueError for anything else."""
    for row, keys in zip(_DTMF_ROWS, _DTMF_KEYS, strict=True):
        column = keys.find(digit.upper()) if len(digit) == 1 else -1
        if column >= 0:
            return tone((float(row), float(_DTMF_COLUMNS[column])), milliseconds)
    raise ValueError(f"{digit!r} is not a key of a telephone")
