"""What the hotline says beside the flows is said as the flows want it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from database import Database
from ivr.flow_store import FlowStore
from ivr.outputs import Say, Segment
from media.own_words import OwnWords
from media.texts import text
from tests.ivr.conftest import AGENT, LANGUAGES, SHARED, UTILITY
from tests.media.gateway_parts import FLOW

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def words(database: Database, shared: str = SHARED) -> OwnWords:
    flows = FlowStore(database, {}, LANGUAGES, UTILITY)
    flows.use({"shared.yaml": shared, "agent.yaml": AGENT, "main.yaml": FLOW}, NOW)
    return OwnWords(flows)


def test_a_shared_prompt_of_that_name_is_said_instead(database: Database) -> None:
    own = "one_moment: {en: Hold the line., zh-CN: 请别挂断。}\n  ears_busy: {en: 'No, {utility}.', zh-CN: 不。}"
    said = words(database, SHARED.replace("prompts:", f"prompts:\n  {own}", 1))
    assert said.say("one_moment", "zh-CN") == Say((Segment("请别挂断。", "zh-CN", "one_moment"),))
    assert said.say("ears_busy", "en").text == text("ears_busy", "en"), "values are nothing that is made ahead"


@pytest.mark.parametrize("language", ["en", "zh-CN", "fr"])
def test_without_one_there_is_a_text_and_a_name_for_its_recording(database: Database, language: str) -> None:
    said = words(database).say("one_moment", language)
    assert said.segments == (Segment(text("one_moment", language), language, "one_moment"),)


def test_before_anything_was_published_as_well(database: Database) -> None:
    assert OwnWords(FlowStore(database, {}, LANGUAGES, UTILITY)).say("apology", "en").text == text("apology", "en")
