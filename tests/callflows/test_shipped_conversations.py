"""The conversations that come with the flows: what callers hear and what becomes of it, in both languages."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from commands.conversation_runs import TESTS, Bench
from ivr.flow import FlowSet
from settings import SHIPPED_FLOWS, load

FILES = sorted(path.name for path in (SHIPPED_FLOWS / TESTS).glob("*.yaml"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench.of(load(environ={}, home=tmp_path_factory.mktemp("home")), SHIPPED_FLOWS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("file", FILES)
def test_callers_hear_what_is_written_down(bench: Bench, file: str) -> None:
    conversations = [one for one in bench.conversations() if Path(one.place.file).name == file]
    assert conversations
    played = [result for result, _ in bench.play(conversations)]
    failed = [f"{one.conversation.name}: {one.difference}" for one in played if not one.passed]
    assert not failed, "\n\n".join(failed)


def test_there_are_many_of_them_and_in_both_languages(bench: Bench) -> None:
    conversations = bench.conversations()
    assert len(conversations) >= 100
    languages = Counter(conversation.setting.language for conversation in conversations)
    assert set(languages) == {"en", "zh-CN"}
    assert min(languages.values()) >= 30


def test_a_spoken_branch_of_the_main_menu_is_one_of_a_smaller_menu_too(bench: Bench) -> None:
    """What can be said at once can be reached by keys as well, for callers on lines that understand no speech."""
    flows: FlowSet = bench.flows
    topics = flows.flows["main"].nodes["topics"]
    keyed = [option for option in topics.options if option.key]  # type: ignore[attr-defined]
    spoken = {option.name for option in topics.options if not option.key}  # type: ignore[attr-defined]
    assert [option.key for option in keyed] == ["1", "2", "3", "4", "5"]
    smaller = {
        option.name
        for flow in flows.flows.values()
        for name, node in flow.nodes.items()
        if (flow.name, name) != ("main", "topics")
        for option in getattr(node, "options", ())
        if option.key
    }
    assert spoken <= smaller
