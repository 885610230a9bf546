"""The real voice, and what callers hear when its process is killed, hangs or is asked for the impossible."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from speech import pyttsx3_voice
from speech.audio import speech_level_dbfs
from speech.pyttsx3_voice import DEFAULT_VOICES, Pyttsx3Voice, VoiceChoice
from speech.voices import VoiceUnavailable


@pytest.fixture
def own_voice() -> Iterator[Pyttsx3Voice]:
    """One that a test may break."""
    voice = Pyttsx3Voice(timeout_s=30)
    yield voice
    voice.close()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Press one to report an outage, press two for billing.", "en"),
        ("您好,报修请按一,查询电费请按二。", "zh-CN"),
    ],
)
def test_a_prompt_is_spoken_at_a_natural_pace_and_level(voice: Pyttsx3Voice, text: str, language: str) -> None:
    pcm = voice.render(text, language)
    assert 2.0 < len(pcm) / 16000 < 8.0
    assert speech_level_dbfs(pcm) == pytest.approx(-20, abs=0.5)
    assert voice.render(text[: len(text) // 3], language) != pcm


def test_a_mandarin_voice_takes_breath_at_every_comma(voice: Pyttsx3Voice) -> None:
    without, latin, chinese = (
        len(voice.render(f"您目前欠费一百元{mark}请在明天前缴纳", "zh-CN")) for mark in ("", ",", "，")
    )
    assert latin > without + 16 * 100  # 100 ms at 8 kHz
    assert latin == pytest.approx(chinese, rel=0.05)


def test_a_rendering_is_never_empty_however_often_voices_change(voice: Pyttsx3Voice) -> None:
    lengths: dict[str, set[int]] = {"en": set(), "zh-CN": set()}
    for _ in range(60):
        lengths["en"].add(round(len(voice.render("billing", "en")) / 1600))
        lengths["zh-CN"].add(round(len(voice.render("电费", "zh-CN")) / 1600))
    assert all(max(found) - min(found) <= 1 for found in lengths.values())  # in tenths of a second


def test_threads_get_the_text_they_asked_for(voice: Pyttsx3Voice) -> None:
    texts = ["yes", "report an outage", "please hold the line while I look that up for you"] * 6
    with ThreadPoolExecutor(6) as threads:
        rendered = list(threads.map(lambda text: len(voice.render(text, "en")), texts))
    short, middle, long = rendered[:3]
    assert short < middle < long
    for index, length in enumerate(rendered):
        assert length == pytest.approx(rendered[index % 3], rel=0.05)


def test_the_first_prompt_is_whole_on_a_slow_disk_and_at_the_pace_asked_for(tmp_path: Path) -> None:
    program = """
import os, sys, time, wave
import voice_process

write = wave.Wave_write.writeframes

def slowly(writer, sound):
    half = len(sound) // 4 * 2
    write(writer, sound[:half])
    time.sleep(0.1)
    write(writer, sound[half:])

wave.Wave_write.writeframes = slowly
lengths = []
for path in sys.argv[2:]:
    request = {"text": "Press one to report an outage.", "voice": "gmw/en-us", "words_per_minute": 120, "path": path}
    assert voice_process.answer(request) == {"ok": True}
    lengths.append(os.path.getsize(path))
print(*lengths, file=open(sys.argv[1], "w"))
"""
    lengths, first_wav, second_wav = (tmp_path / name for name in ("lengths", "first.wav", "second.wav"))
    ended = subprocess.run(
        [sys.executable, "-c", program, str(lengths), str(first_wav), str(second_wav)],
        cwd=Path(pyttsx3_voice.__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    first, second = map(int, lengths.read_text().split())
    assert first == pytest.approx(second, rel=0.02)


def test_a_killed_voice_is_replaced_unnoticed(own_voice: Pyttsx3Voice) -> None:
    assert own_voice.process_id is None
    own_voice.render("yes", "en")
    first = own_voice.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert own_voice.render("no", "en")
    assert own_voice.process_id != first


def test_a_prompt_whose_voice_is_killed_over_it_is_rendered_by_the_next(own_voice: Pyttsx3Voice) -> None:
    first = own_voice.render("hello", "en")
    pid = own_voice.process_id
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # so that it cannot be done before it is killed
    with ThreadPoolExecutor(1) as thread:
        rendering = thread.submit(own_voice.render, "hello", "en")
        until = time.monotonic() + 30
        while not own_voice._lock.locked() and time.monotonic() < until:  # it has been asked then
            time.sleep(0.005)
        os.kill(pid, signal.SIGKILL)
        assert len(rendering.result(60)) == pytest.approx(len(first), rel=0.05)
    assert own_voice.process_id not in (None, pid)


def test_a_voice_that_hangs_is_replaced_and_the_next_says_it() -> None:
    voice = Pyttsx3Voice(timeout_s=3)
    try:
        voice.render("yes", "en")
        hung = voice.process_id
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        assert voice.render("no", "en")
        assert voice.process_id != hung
    finally:
        voice.close()


def test_one_that_hangs_again_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyttsx3_voice, "_START_TIMEOUT_S", 0.0)
    voice = Pyttsx3Voice(timeout_s=0.3)
    start = voice._start

    def started_hung() -> None:
        start()
        assert voice.process_id is not None
        os.kill(voice.process_id, signal.SIGSTOP)

    try:
        with monkeypatch.context() as patched:
            patched.setattr(voice, "_start", started_hung)
            with pytest.raises(VoiceUnavailable, match=r"a fresh one as well, did not answer within 0\.3 s"):
                voice.render("no", "en")
        assert voice.process_id is None, "nothing is left of them"
        monkeypatch.undo()
        voice._timeout_s = 30
        assert voice.render("no", "en")
    finally:
        voice.close()


def test_the_voice_dies_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import os, signal\n"
        "from speech.pyttsx3_voice import Pyttsx3Voice\n"
        "voice = Pyttsx3Voice()\n"
        "voice.render('yes', 'en')\n"
        "print(voice.process_id, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    orphan = Path("/proc", ended.stdout.strip(), "cmdline")
    deadline = time.monotonic() + 20
    while orphan.exists() and orphan.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not (orphan.exists() and orphan.read_bytes())  # a zombie has no command line


def test_a_forked_process_gets_a_voice_of_its_own(own_voice: Pyttsx3Voice) -> None:
    own_voice.render("yes", "en")
    parents = own_voice.process_id
    child = os.fork()
    if child == 0:
        try:
            fine = bool(own_voice.render("no", "en")) and own_voice.process_id not in (None, parents)
            own_voice.close()
        except BaseException:
            fine = False
        os._exit(0 if fine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert own_voice.render("yes", "en")
    assert own_voice.process_id == parents


@pytest.mark.parametrize("choice", [VoiceChoice("gmw/nowhere"), VoiceChoice("gmw/en-us+nobody")])
def test_a_voice_that_does_not_exist_is_named(choice: VoiceChoice) -> None:
    voice = Pyttsx3Voice({"en": choice}, timeout_s=30)
    try:
        with pytest.raises(VoiceUnavailable, match=r"no voice.*config\.yaml"):
            voice.render("yes", "en")
    finally:
        voice.close()


def test_a_language_without_a_voice_is_named(voice: Pyttsx3Voice) -> None:
    with pytest.raises(VoiceUnavailable, match="'fr'"):
        voice.render("oui", "fr")


def test_there_is_nothing_to_say_without_a_word(voice: Pyttsx3Voice) -> None:
    assert voice.render("", "en") == b""
    assert voice.render(" ... \n", "en") == b""
    assert voice.render("a\0b\nc", "en")


def test_the_default_voices_exist(voice: Pyttsx3Voice) -> None:
    assert {choice.voice_id for choice in DEFAULT_VOICES.values()} <= set(voice.voice_ids())
