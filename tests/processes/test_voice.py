"""The voice of a media process: what is rendered ahead, when, and what calls begin with meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from database import Database
from ivr.flow import FlowSet
from ivr.flow_store import FlowStore
from media.texts import every
from models import PublicationOrigin
from processes import voice as under_test
from processes.voice import GatewayVoice, RenderingAhead
from settings import Settings
from speech.audio import tone, write_wav
from tests.ivr.conftest import AGENT, LANGUAGES, SHARED, UTILITY

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def files(word: str) -> dict[str, str]:
    main = f"""
flow: main
prompts:
  hello: {{en: "{word} {{utility}}.", zh-CN: 您好。}}
  today: {{en: "It is {{today:date}}.", zh-CN: "今天{{today:date}}。"}}
nodes:
  hello: {{say: [hello, today], next: bye}}
  bye: {{hangup: goodbye}}
"""
    return {"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": main}


def store(database: Database) -> FlowStore:
    return FlowStore(database, {}, LANGUAGES, UTILITY)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture
def voice(settings: Settings) -> Iterator[GatewayVoice]:
    made = GatewayVoice(settings)
    yield made
    made.close()


@pytest.fixture
def flows(database: Database) -> FlowStore:
    made = store(database)
    made.use(files("Hello"), NOW)
    return made


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "LOOKS_EVERY_S", 0.05)


def kept(settings: Settings) -> int:
    return len(list((settings.home / "voice-cache").glob("??/*.wav")))


def test_all_that_everybody_hears_is_rendered_once(voice: GatewayVoice, flows: FlowStore, settings: Settings) -> None:
    assert voice.warm(flows.last_known)
    fixed = sum(
        template.same_for_all
        for prompts in (flows.last_known.prompts, *(flow.prompts for flow in flows.last_known.flows.values()))
        for texts in prompts.values()
        for template in texts.values()
    )
    assert 0 < kept(settings) <= fixed + sum(len(every(language)) for language in LANGUAGES)
    before = kept(settings)
    assert voice.warm(flows.last_known)
    assert kept(settings) == before
    assert voice.pcm(f"Hello {UTILITY['en']}.", "en")
    assert kept(settings) == before, "the greeting was there, with the utility's name in it"


def test_what_has_a_recording_is_not(voice: GatewayVoice, flows: FlowStore, settings: Settings) -> None:
    write_wav(settings.home / "prompts" / "en" / "hello.wav", tone((300.0,), 500))
    voice.warm(flows.last_known)
    before = kept(settings)
    voice.pcm(f"Hello {UTILITY['en']}.", "en")
    assert kept(settings) == before + 1


def test_a_new_publication_is_rendered_before_calls_begin_with_it(
    database: Database, settings: Settings, flows: FlowStore
) -> None:
    rendering, go_on = threading.Event(), threading.Event()

    class SlowVoice(GatewayVoice):
        def warm(self, flows: FlowSet, **changes: object) -> bool:
            if any("Welcome" in text.source for text in flows.flows["main"].prompts["hello"].values()):
                rendering.set()
                assert go_on.wait(60)
            return super().warm(flows, **changes)  # type: ignore[arg-type]

    voice = SlowVoice(settings)
    ahead = RenderingAhead(voice, flows).start()
    try:
        old = flows.last_known.revision
        new = store(database).use(files("Welcome"), NOW, origin=PublicationOrigin.FOLDER).revision
        assert rendering.wait(60), "nobody has called, and yet it is seen"
        with database.unit() as unit:
            assert flows.for_new_call(unit.connection).flows.revision == old
        go_on.set()
        until(lambda: flows.last_known.revision == new)
        before = kept(settings)
        assert voice.pcm(f"Welcome {UTILITY['en']}.", "en")
        assert kept(settings) == before
    finally:
        go_on.set()
        ahead.stop()
        voice.close()


def test_calls_do_not_wait_for_ever(
    database: Database, settings: Settings, flows: FlowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "CALLS_WAIT_S", 0.0)
    voice = GatewayVoice(settings)
    ahead = RenderingAhead(voice, flows).start()
    try:
        new = store(database).use(files("Welcome"), NOW).revision
        until(lambda: flows.last_known.revision == new)
    finally:
        ahead.stop()
        voice.close()


def test_a_language_that_cannot_be_spoken_is_said_and_the_other_is_rendered(
    settings: Settings, flows: FlowStore, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    voices = {**settings.speech.voices, "en": settings.speech.voices["en"].model_copy(update={"voice": "nobody"})}
    broken = settings.model_copy(update={"speech": settings.speech.model_copy(update={"voices": voices})})
    voice = GatewayVoice(broken)
    try:
        assert voice.warm(flows.last_known)
        assert kept(settings) > 0
        assert len(voice.pcm("您好。", "zh-CN")) > 8000
    finally:
        voice.close()
