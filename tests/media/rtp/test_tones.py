"""Keys heard as tones: every key, at the levels telephones send them, and no key in speech."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.rtp.packets import Packet
from media.rtp.reception import Reception
from media.rtp.tones import COLUMNS, ROWS, ToneKeys
from media.rtp.tones import KEYS as ROW_KEYS
from speech.audio import RATE, audioop, dtmf, level_normalised, pcm_to_mulaw, read_wav, tone
from speech.pyttsx3_voice import Pyttsx3Voice, VoiceChoice

KEYS = "1234567890*#ABCD"
PAUSE = bytes(2 * RATE * 60 // 1000)


def heard(pcm: bytes, *, offset: int = 0) -> str:
    """`offset` samples of silence first, so that frames do not begin where tones do."""
    return "".join(ToneKeys().heard(pcm_to_mulaw(bytes(2 * offset) + pcm + PAUSE)))


@pytest.mark.parametrize("offset", [0, 40, 93, 131])
@pytest.mark.parametrize("gain", [1.0, 0.3, 0.1])
def test_every_key_is_heard_once(offset: int, gain: float) -> None:
    pcm = b"".join(audioop.mul(dtmf(key, 80), 2, gain) + PAUSE for key in KEYS)
    assert heard(pcm, offset=offset) == KEYS


def test_a_key_pressed_twice_is_two_keys_and_a_long_one_is_one() -> None:
    assert heard(dtmf("5", 80) + PAUSE + dtmf("5", 80)) == "55"
    assert heard(dtmf("5", 1500)) == "5"


def keys_as(
    keys: str, on_ms: int, off_ms: int, *, low_dbm0: float = -10, high_dbm0: float = -10, off_pitch: float = 0.0,
    snr_db: float | None = None, lead: int = 0,
) -> bytes:  # fmt: skip
    """Keys as a telephone might send them: levels of the lower and the higher tone, and both off their pitch."""
    rng = np.random.default_rng(len(keys) + on_ms + lead)
    pieces = [np.zeros(lead)]
    for key in keys:
        row = next(number for number, row_keys in enumerate(ROW_KEYS) if key in row_keys)
        at = np.arange(on_ms * 8) / RATE
        tones = (ROWS[row], low_dbm0), (COLUMNS[ROW_KEYS[row].index(key)], high_dbm0)
        pieces.append(
            sum(
                rms(level) * math.sqrt(2) * np.sin(2 * np.pi * hertz * (1 + off_pitch) * at + rng.uniform(0, 2 * np.pi))
                for hertz, level in tones
            )
        )
        pieces.append(np.zeros(off_ms * 8))
    sound = np.concatenate(pieces)
    if snr_db is not None:
        noise = math.hypot(rms(low_dbm0), rms(high_dbm0)) * 10 ** (-snr_db / 20)
        sound = sound + rng.normal(0, noise, len(sound))
    return np.clip(sound, -32768, 32767).astype("<i2").tobytes()


def rms(dbm0: float) -> float:
    return float(32768 * 10 ** ((dbm0 - 6.15) / 20))  # mu-law overloads 3.17 dB above a sine of 0 dBm0


HEARD = {
    "short": {},
    "the highest pitch": {"off_pitch": 0.018},
    "the lowest pitch": {"off_pitch": -0.018},
    "the higher tone louder": {"low_dbm0": -14},
    "the lower tone louder": {"low_dbm0": -6, "high_dbm0": -14},
    "faint": {"low_dbm0": -30, "high_dbm0": -30},
    "loud": {"low_dbm0": -3, "high_dbm0": -3},
    "a little noise": {"snr_db": 20},
}
NOT_HEARD = {
    "too short": {"on_ms": 20, "off_ms": 60},
    "far above its pitch": {"on_ms": 100, "off_pitch": 0.035},
    "far below its pitch": {"on_ms": 100, "off_pitch": -0.035},
    "of too unequal tones": {"on_ms": 100, "low_dbm0": -22},
    "too faint": {"on_ms": 100, "low_dbm0": -40, "high_dbm0": -40},
}


@pytest.mark.parametrize("case", HEARD)
@pytest.mark.parametrize("lead", range(0, 160, 23))
def test_what_the_norm_wants_heard_is_heard_wherever_frames_begin(case: str, lead: int) -> None:
    assert heard(keys_as(KEYS, **{"on_ms": 40, "off_ms": 40, "lead": lead} | HEARD[case])) == KEYS


@pytest.mark.parametrize("case", NOT_HEARD)
@pytest.mark.parametrize("lead", range(0, 160, 23))
def test_what_is_no_key_is_not_heard(case: str, lead: int) -> None:
    assert heard(keys_as(KEYS, **{"on_ms": 40, "off_ms": 40, "lead": lead} | NOT_HEARD[case])) == ""


def test_keys_are_heard_through_a_noisy_line() -> None:
    assert heard(keys_as(KEYS * 4, 80, 60, snr_db=10)) == KEYS * 4


def test_a_key_is_told_while_it_is_held() -> None:
    mulaw = pcm_to_mulaw(keys_as("6", 400, 0))
    keys, at = ToneKeys(), 0
    while not keys.heard(mulaw[at : at + 160]):
        at += 160
    assert at <= 2 * 160


def test_a_lost_packet_does_not_make_two_presses_of_one() -> None:
    mulaw = pcm_to_mulaw(keys_as("6", 400, 100))
    for lost in range(5, 15):
        reception, keys, told = Reception(), ToneKeys(), ""
        for number in range(len(mulaw) // 160):
            packet = Packet(0, False, number, 160 * number, 1, mulaw[160 * number : 160 * number + 160])
            if number != lost and reception.counted(packet):
                sounds = reception.received(packet, packet.payload, number * 0.02)
                told += "".join(keys.heard(b"".join([*sounds, *reception.due(number * 0.02)])))
            else:
                told += "".join(keys.heard(b"".join(reception.due(number * 0.02))))
        assert told == "6", lost


@settings(deadline=None)
@given(st.lists(st.integers(0, 700), max_size=20))
def test_sound_in_pieces_of_any_length_is_the_same_sound(cuts: list[int]) -> None:
    mulaw = pcm_to_mulaw(keys_as("159#", 60, 60) + bytes(1600))
    keys, at, told = ToneKeys(), 0, ""
    for cut in [*cuts, len(mulaw)]:
        told += "".join(keys.heard(mulaw[at : at + cut]))
        at += cut
    assert told == "159#"


def test_one_tone_alone_or_two_of_one_group_are_no_key() -> None:
    assert heard(tone((770.0,), 300)) == ""
    assert heard(tone((697.0, 770.0), 300)) == ""
    assert heard(tone((440.0, 480.0), 1000)) == "", "ringing is none either"
    assert heard(bytes(16000)) == ""


def test_nobody_presses_a_key_by_talking() -> None:
    voice = Pyttsx3Voice({"en": VoiceChoice("gmw/en-us", 150), "zh-CN": VoiceChoice("sit/cmn", 150)})
    try:
        said = [
            (
                "The power went out at half past nine, and the whole street is dark since then. Please send somebody.",
                "en",
            ),
            ("My account number is one two three four five six seven eight nine zero. Yes, that is right.", "en"),
            ("我们小区从昨天晚上八点半开始停电,到现在还没有恢复,请你们尽快派人来看一下。", "zh-CN"),
        ]
        for text, language in said:
            pcm = level_normalised(voice.render(text, language))
            assert heard(pcm) == "", text
    finally:
        voice.close()


@pytest.mark.parametrize("voice", ["kal", "kal16", "awb", "rms", "slt"])
def test_no_voice_of_several_presses_keys(voice: str, tmp_path: Path) -> None:
    words = (
        "My electricity has gone off, and so has that of all the houses in Willow Lane. The meter number is "
        "eight one three, zero zero four, two seven six. I pay by the month, and the last bill was one hundred and "
        "twenty dollars. There is a wire on the ground near the bus stop; could you send a crew before the children "
        "come home from school at half past three? Who is the manager, and when does the office open tomorrow?"
    )
    subprocess.run(["flite", "-voice", voice, "-t", words, "-o", str(tmp_path / "said.wav")], check=True)
    said = read_wav(tmp_path / "said.wav")
    for level_dbfs in (-14, -20, -28):
        assert heard(level_normalised(said, level_dbfs)) == ""
