"""Who hears whom in a room, whatever comes in and however unevenly."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.rooms.buffers import MOST_FRAMES, START_FRAMES, JitterBuffer
from media.rooms.mixer import CALLER, SILENCE, Mixer, Place
from media.rooms.music import Music, hold_music
from speech.audio import FRAME_BYTES, audioop, mulaw_to_pcm, pcm_to_mulaw, tone
from tests.media.tones import PITCHES, level_of, tone_frames

STAFF = (Place.TALK, Place.LISTEN, Place.WHISPER, Place.BARGE)
MUSIC_HZ = 1000.0
calmly = settings(deadline=None, max_examples=50)


def room(**places: Place) -> Mixer:
    mixer = Mixer(Music(tone((MUSIC_HZ,), 200)))
    for name, place in places.items():
        mixer.join(name, place)
    return mixer


def heard(mixer: Mixer, *, talking: dict[str, float], ticks: int = 20) -> dict[str, bytes]:
    """Everybody in `talking` sounds their own pitch for `ticks` frames; what each person heard."""
    sounds = {name: tone_frames(hertz, ticks + START_FRAMES) for name, hertz in talking.items()}
    everything: dict[str, bytes] = {}
    for name, frames in sounds.items():
        for frame in frames[:START_FRAMES]:
            mixer.push(name, frame)
    for tick in range(ticks):
        for name, frames in sounds.items():
            mixer.push(name, frames[tick + START_FRAMES])
        for listener, mixed in mixer.mix().items():
            everything[listener] = everything.get(listener, b"") + (mixed or SILENCE)
    return everything


@calmly
@given(st.lists(st.sampled_from(STAFF), max_size=4), st.booleans())
def test_nobody_hears_themself_and_everybody_hears_whom_they_may(places: list[Place], held: bool) -> None:
    mixer = room(**{f"p{index}": place for index, place in enumerate(places)})
    mixer.held = held
    people = {CALLER: Place.CALLER, **{f"p{index}": place for index, place in enumerate(places)}}
    pitches = dict(zip(people, PITCHES, strict=False))
    sound = heard(mixer, talking=pitches)
    for listener, place in people.items():
        for speaker, said_from in people.items():
            level = level_of(pitches[speaker], sound[listener])
            if speaker == listener or said_from is Place.LISTEN:
                allowed = False
            elif said_from is Place.WHISPER:
                allowed = place is Place.TALK
            else:
                allowed = not (held and Place.CALLER in (place, said_from))
            assert (level > -40) == allowed, f"{listener} ({place}) hears {speaker} ({said_from}) at {level:.0f} dB"


@calmly
@given(st.lists(st.sampled_from((Place.WHISPER, Place.LISTEN)), min_size=1, max_size=4), st.binary(max_size=4000))
def test_not_a_sample_of_a_whisper_reaches_the_caller(places: list[Place], sound: bytes) -> None:
    mixer = room(agent=Place.TALK, **{f"p{index}": place for index, place in enumerate(places)})
    for index in range(len(places)):
        mixer.push(f"p{index}", sound)
    for _ in range(40):
        assert mixer.mix()[CALLER] is None


def test_two_loud_voices_saturate_and_never_wrap() -> None:
    mixer = room(a=Place.TALK, b=Place.TALK)
    loud = pcm_to_mulaw((32000).to_bytes(2, "little", signed=True) * FRAME_BYTES)
    for _ in range(START_FRAMES):
        mixer.push("a", loud)
        mixer.push("b", loud)
    mixed = mixer.mix()[CALLER]
    assert mixed is not None
    assert audioop.minmax(mulaw_to_pcm(mixed), 2)[0] > 31000


def test_one_voice_alone_is_passed_on_as_it_came() -> None:
    mixer = room(agent=Place.TALK)
    frames = tone_frames(700.0, 5)
    mixer.push(CALLER, b"".join(frames))
    assert [mixer.mix()["agent"] for _ in range(5)] == frames


def test_levels_are_kept_when_two_voices_are_mixed() -> None:
    sound = heard(room(a=Place.TALK, b=Place.TALK), talking={"a": 500.0, "b": 900.0}, ticks=50)
    assert level_of(500.0, sound[CALLER]) == pytest.approx(-12, abs=0.5)
    assert level_of(900.0, sound[CALLER]) == pytest.approx(-12, abs=0.5)


def test_on_hold_the_caller_hears_music_and_the_agent_silence() -> None:
    mixer = room(agent=Place.TALK)
    mixer.held = True
    sound = heard(mixer, talking={CALLER: 500.0, "agent": 900.0})
    assert level_of(MUSIC_HZ, sound[CALLER]) > -20
    assert sound["agent"] == SILENCE * 20


def test_who_waits_hears_music_until_somebody_talks_to_them() -> None:
    mixer = room(boss=Place.LISTEN)
    mixer.waiting = True
    assert level_of(MUSIC_HZ, heard(mixer, talking={})[CALLER]) > -20
    mixer.join("agent", Place.TALK)
    assert heard(mixer, talking={})[CALLER] == SILENCE * 20


def test_a_prompt_is_heard_instead_of_the_music_and_its_mark_comes_after_it() -> None:
    mixer = room()
    mixer.waiting = True
    mixer.prompts.push(b"".join(tone_frames(600.0, 3)))
    mixer.prompts.mark("said")
    prompt = b""
    for _ in range(3):
        assert mixer.prompts.marks() == []
        prompt += mixer.mix()[CALLER] or b""
    assert mixer.prompts.marks() == ["said"]
    assert level_of(600.0, prompt) > -20


def test_a_muted_agent_is_not_heard_and_still_hears() -> None:
    mixer = room(agent=Place.TALK)
    mixer.mute("agent", True)
    sound = heard(mixer, talking={CALLER: 500.0, "agent": 900.0})
    assert sound[CALLER] == SILENCE * 20
    assert level_of(500.0, sound["agent"]) > -20


@calmly
@given(st.lists(st.binary(max_size=2000), max_size=40), st.integers(1, 5))
def test_late_doubled_and_bursting_sound_never_waits_longer_than_the_buffer(pieces: list[bytes], pops: int) -> None:
    buffer = JitterBuffer()
    for piece in pieces:
        buffer.push(piece)
        assert len(buffer) <= MOST_FRAMES
        for _ in range(pops):
            frame = buffer.pop()
            assert frame is None or len(frame) == FRAME_BYTES


def test_sound_that_came_late_becomes_prompt_again() -> None:
    buffer = JitterBuffer()
    frames = iter(tone_frames(500.0, 1000))
    for _ in range(10):  # a hold-up: ten at once
        buffer.push(next(frames))
    for _ in range(800):
        buffer.push(next(frames))
        buffer.pop()
    assert len(buffer) <= START_FRAMES + 1


def test_a_wav_file_that_cannot_be_read_leaves_the_chimes(tmp_path: Path) -> None:
    assert len(hold_music(tmp_path / "missing.wav")) == len(hold_music(None))
    chimes = b"".join(hold_music(None).frame(number) for number in range(len(hold_music(None))))
    assert not math.isinf(level_of(392.0, chimes))
