"""The cache of renderings, with a voice that counts what it is asked for."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from speech.pyttsx3_voice import Pyttsx3Voice
from speech.voices import CachedVoice, VoiceUnavailable


class CountingVoice:
    """Says a text as so many samples of one value; a language may be out of order."""

    def __init__(self, *, broken: str = "", rate: int = 150) -> None:
        self.rendered: list[str] = []
        self.rate = rate
        self.broken = broken
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def render(self, text: str, language: str) -> bytes:
        self.rendered.append(text)
        self.may_go_on.wait(10)
        if language == self.broken:
            raise VoiceUnavailable("out of order")
        return bytes([len(text), 1]) * 1000

    def fingerprint(self, language: str) -> str:
        return f"counting {self.rate}"


def test_a_text_is_rendered_once_and_survives_a_restart(tmp_path: Path) -> None:
    voice = CountingVoice()
    first = CachedVoice(voice, tmp_path, 10**6).pcm("hello", "en")
    again = CachedVoice(voice, tmp_path, 10**6).pcm("hello", "en")
    assert first == again == bytes([5, 1]) * 1000
    assert voice.rendered == ["hello"]


def test_another_language_or_rate_is_another_sound(tmp_path: Path) -> None:
    voice = CountingVoice()
    cache = CachedVoice(voice, tmp_path, 10**6)
    cache.pcm("hello", "en")
    cache.pcm("hello", "zh-CN")
    voice.rate = 180
    cache.pcm("hello", "en")
    assert len(voice.rendered) == 3


def test_callers_who_need_one_text_at_once_share_one_rendering(tmp_path: Path) -> None:
    voice = CountingVoice()
    cache = CachedVoice(voice, tmp_path, 10**6)
    voice.may_go_on.clear()
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(cache.pcm, "hello", "en") for _ in range(8)]
        voice.may_go_on.set()
        heard = {future.result(10) for future in waiting}
    assert len(heard) == 1
    assert voice.rendered == ["hello"]


def test_a_failure_reaches_all_who_wait_and_is_not_kept(tmp_path: Path) -> None:
    voice = CountingVoice(broken="en")
    cache = CachedVoice(voice, tmp_path, 10**6)
    with pytest.raises(VoiceUnavailable):
        cache.pcm("hello", "en")
    voice.broken = ""
    assert cache.pcm("hello", "en")


def test_what_was_used_least_recently_makes_room(tmp_path: Path) -> None:
    voice = CountingVoice()
    cache = CachedVoice(voice, tmp_path, 5 * 2044)
    for text in ("one", "two", "three", "four", "five"):
        cache.pcm(text, "en")
        os.utime(cache.path(text, "en"), (len(voice.rendered), len(voice.rendered)))
    cache.pcm("one", "en")  # used again: now the newest
    cache.pcm("sixth", "en")
    kept = {text for text in ("one", "two", "three", "four", "five", "sixth") if cache.path(text, "en").exists()}
    assert kept == {"one", "four", "five", "sixth"}
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.wav")) <= 5 * 2044


def test_a_damaged_file_is_rendered_again(tmp_path: Path) -> None:
    voice = CountingVoice()
    cache = CachedVoice(voice, tmp_path, 10**6)
    whole = cache.pcm("hello", "en")
    cache.path("hello", "en").write_bytes(b"RIFF")
    assert cache.pcm("hello", "en") == whole
    assert CachedVoice(voice, tmp_path, 10**6).pcm("hello", "en") == whole
    assert len(voice.rendered) == 2


def test_a_file_that_was_cut_short_is_rendered_again(tmp_path: Path) -> None:
    voice = CountingVoice()
    cache = CachedVoice(voice, tmp_path, 10**6)
    whole = cache.pcm("hello", "en")
    os.truncate(cache.path("hello", "en"), 144)  # as after a disk that was full, or a machine that lost its power
    assert cache.pcm("hello", "en") == whole
    assert cache.path("hello", "en").stat().st_size == 2044


def test_who_comes_as_another_has_just_rendered_it_does_not_render_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = CountingVoice()
    cache = CachedVoice(voice, tmp_path, 10**6)
    look = CachedVoice._read

    def late(self: CachedVoice, path: Path) -> bytes | None:
        """Sees nothing, and goes on only when another thread has rendered it and is gone."""
        found = look(self, path)
        if not voice.rendered:
            monkeypatch.setattr(CachedVoice, "_read", look)
            cache.pcm("hello", "en")
        return found

    monkeypatch.setattr(CachedVoice, "_read", late)
    assert cache.pcm("hello", "en") == bytes([5, 1]) * 1000
    assert voice.rendered == ["hello"]


def test_several_processes_together_keep_to_the_limit(tmp_path: Path) -> None:
    limit = 40 * 2044
    caches = [CachedVoice(CountingVoice(), tmp_path, limit) for _ in range(4)]
    kept = []
    for number in range(60):
        for cache in caches:
            cache.pcm(f"{number} {id(cache)}", "en")
        kept.append(sum(file.stat().st_size for file in tmp_path.rglob("*.wav")))
    assert max(kept) <= limit * (1 + 4 * 0.05) + 4 * 2044
    assert kept[-1] > limit / 2


def test_what_a_process_that_was_killed_left_half_written_goes(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    old, fresh = tmp_path / "ab" / ".abc.1.part", tmp_path / "ab" / ".abd.2.part"
    for part in (old, fresh):
        part.write_bytes(b"RIFF")
    os.utime(old, (1, 1))
    CachedVoice(CountingVoice(), tmp_path, 10**6)
    assert not old.exists()
    assert fresh.exists(), "another process may be writing it"


def test_a_disk_that_cannot_be_written_does_not_silence_a_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, pcm: bytes) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("speech.voices.write_wav", full)
    assert CachedVoice(CountingVoice(), tmp_path, 10**6).pcm("hello", "en")


def test_warming_renders_what_is_missing_and_names_the_language_that_fails(tmp_path: Path) -> None:
    voice = CountingVoice(broken="zh-CN")
    cache = CachedVoice(voice, tmp_path, 10**6)
    cache.pcm("one", "en")
    texts = [("one", "en"), ("一", "zh-CN"), ("二", "zh-CN"), ("two", "en")]
    with pytest.raises(VoiceUnavailable, match="zh-CN: out of order"):
        cache.warm(texts)
    assert voice.rendered == ["one", "一", "two"]
    voice.broken = ""
    told: list[tuple[int, int]] = []
    assert cache.warm(texts, lambda done, of: told.append((done, of)) is None)
    assert told == [(1, 2), (2, 2)]
    assert cache.warm(texts, lambda done, of: told.append((done, of)) is None)
    assert len(told) == 2, "and then all are there"


def test_warming_stops_when_it_is_told_to(tmp_path: Path) -> None:
    voice = CountingVoice()
    cache = CachedVoice(voice, tmp_path, 10**6)
    texts = [("one", "en"), ("two", "en"), ("three", "en")]
    assert not cache.warm(texts, lambda done, of: done < 2)
    assert voice.rendered == ["one", "two"]
    assert cache.warm(texts, lambda done, of: False), "the last one was there before it was asked"


def test_the_real_voice_through_the_cache(tmp_path: Path, voice: Pyttsx3Voice) -> None:
    cache = CachedVoice(voice, tmp_path, 10**6)
    assert cache.pcm("Goodbye.", "en") == cache.pcm("Goodbye.", "en")
