"""The conversations that come with the flows, one test each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.conversation_runs import Bench
from ivr.conversations.lines import OpenLine
from ivr.conversations.report import difference_lines
from ivr.conversations.steps import Conversation
from ivr.conversations.talk import play
from settings import SHIPPED_FLOWS, load

# Read when tests are collected, so that each conversation is a test with a name of its own.
HOME = tempfile.TemporaryDirectory(prefix="hotline-home-")
BENCH = Bench.of(load(environ={}, home=Path(HOME.name)), SHIPPED_FLOWS)
CONVERSATIONS = BENCH.conversations()


@pytest.fixture(scope="module")
def open_line() -> Iterator[OpenLine]:
    with BENCH.lines() as opened:
        yield opened


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=[f"{c.place.file}: {c.name}" for c in CONVERSATIONS])
def test_the_conversation_goes_as_written(conversation: Conversation, open_line: OpenLine) -> None:
    result = play(conversation, open_line, BENCH.services)
    assert result.passed, "\n".join(("", *difference_lines(result)))
