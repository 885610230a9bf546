"""`hotline flow test`, as an author and a build server run it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result

Run = Callable[..., Result]

TALK = """\
preamble: {flow: handover, language: en}

tests:
  danger is asked nothing before it is written down:
    variables: {danger: "true"}
    services:
      tickets.open:
        - {outcome: opened, gives: {ticket_number: "77"}, with: {danger: "true"}}
    talk:
      - hear: Go away.    # the first thing
      - hang up
"""


@pytest.fixture
def tested(flows: Path) -> Path:
    """The flows with one conversation."""
    (flows / "tests").mkdir()
    (flows / "tests" / "handover.yaml").write_text(TALK, encoding="utf-8")
    return flows


def test_a_difference_is_shown_and_fails_the_build(run: Run, tested: Path) -> None:
    done = run("test", str(tested), "--junit", "out.xml")
    assert done.exit_code == 1, done.output
    assert "FAILED  danger is asked nothing before it is written down" in done.output
    assert "flows/tests/handover.yaml:10: the caller hears something else" in done.output
    assert "1 failed" in done.output
    suite = ElementTree.parse("out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")


def test_update_writes_what_was_heard_and_keeps_the_comment(run: Run, tested: Path) -> None:
    done = run("test", str(tested), "--update")
    assert done.exit_code == 0, done.output
    assert "flows/tests/handover.yaml was updated" in done.output
    after = (tested / "tests" / "handover.yaml").read_text(encoding="utf-8")
    assert "# the first thing" in after
    assert "Go away" not in after
    assert run("test", str(tested)).output.endswith("1 passed\n")


def test_only_the_tests_that_are_asked_for_are_played(run: Run, tested: Path) -> None:
    assert "1 failed" in run("test", str(tested), "-k", "HANDOVER").output
    assert "1 failed" in run("test", str(tested), "-k", "danger*written").output
    nothing = run("test", str(tested), "-k", "billing")
    assert nothing.exit_code == 1
    assert "there are no conversations with 'billing' in their name" in nothing.output


def test_a_conversation_that_cannot_be_read_says_where(run: Run, tested: Path) -> None:
    (tested / "tests" / "handover.yaml").write_text("tests: {a: {talk: [silense]}}", encoding="utf-8")
    done = run("test", str(tested))
    assert done.exit_code == 2
    assert "flows/tests/handover.yaml:1:20: test 'a': 'silense' is no step. Did you mean 'silence'?" in done.output


def test_coverage_lists_what_no_test_takes_and_may_be_asked_for(run: Run, tested: Path) -> None:
    run("test", str(tested), "--update")
    done = run("test", str(tested), "--coverage", "--fail-under", "99")
    assert done.exit_code == 1
    assert "not taken: main/" in done.output
    assert "% , fewer than 99 %".replace(" ,", ",") in done.output
    assert run("test", str(tested), "--fail-under", "0").exit_code == 0


def test_real_services_answer_from_the_demo_and_leave_nothing_behind(run: Run, tested: Path, tmp_path: Path) -> None:
    (tested / "tests" / "handover.yaml").write_text(
        """
preamble: {flow: handover, language: en, at: 2026-11-23 22:00, from: "+8613800571001"}
tests:
  first:
    services: real
    variables: {danger: "true"}
    talk:
      - expect: {service: tickets.open, outcome: opened}
      - record: a wire is down
      - hear: {contains: It is written down as}
  in a storm:
    services: real
    storm: on
    flow: main
    talk:
      - hear: {contains: It is stormy.}
      - storm: off
      - press: "2"
      - expect: {node: handover/say_it}
  second, on another line:
    services: {others: real, tickets.open: error}
    variables: {danger: "true"}
    talk:
      - expect: {service: tickets.open, outcome: error}
  a call we make:
    services: real
    direction: outbound
    from: "95598"
    flow: main
    talk:
      - expect: {service: accounts.find_caller, with: {number: "95598"}, outcome: unknown}
""",
        encoding="utf-8",
    )
    done = run("test", str(tested))
    assert done.exit_code == 0, done.output
    assert "4 passed" in done.output
    assert not (tmp_path / "home" / "hotline.db").exists()
