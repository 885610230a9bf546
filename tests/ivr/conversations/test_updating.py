"""`--update` changes what was heard and nothing else: comments, quotes and layout of a file stay its author's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ivr.conversations.talk import NewText, Result
from ivr.conversations.updating import updated
from ivr.yaml_source import Place

FILE = """\
# What callers of the menu hear.
preamble: {language: en, talk: [{hear: old}, {press: "2"}]}   # in one line

tests:
  a message:      # with a comment
    talk:
      - hear: Please write.   # said slowly
      - hear: {contains: speak}
      # and now
      - record: "hello"
      - hear: ""
"""


def test_only_the_texts_that_were_heard_change(results: Callable[..., list[Result]]) -> None:
    (result,) = results(FILE, update=True)
    assert result.passed
    assert updated(FILE, result.new_texts) == FILE.replace("hear: old", "hear: For your bill press 1.").replace(
        "hear: Please write.", "hear: Please speak."
    ).replace('hear: ""', 'hear: "Goodbye from Riverbend County Power."')


def test_a_file_that_was_updated_needs_no_update(results: Callable[..., list[Result]]) -> None:
    (first,) = results(FILE, update=True)
    after = updated(FILE, first.new_texts)
    (again,) = results(after)
    assert again.passed
    (second,) = results(after, update=True)
    assert second.new_texts == ()


LONG = "You have already reported this: ticket 1 2 3. " * 4


@pytest.mark.parametrize(
    ("before", "pieces", "after"),
    [
        ("- hear: a", ("b: c",), "- hear: 'b: c'"),
        ('- hear: "a"', ('say "b"',), '- hear: "say \\"b\\""'),
        ("- hear:", ("b",), "- hear: b"),
        ("- hear:", ("b", "c"), "- hear:\n    - b\n    - c"),
        ("- hear: [a]  # why", ("b", "c, d"), "- hear: [b, 'c, d']  # why"),
        ("- hear:\n  - a  # why\n  - b", ("c",), "- hear:\n  - c"),
        ("- hear: &again a", ("b",), "- hear: &again b"),
        ("- hear: >-\n    a\n    b\n\n# after", ("c",), "- hear: c\n\n# after"),
        ("- hear: a  # why", (LONG,), None),
    ],
)
def test_the_new_text_is_written_as_the_old_one_was(before: str, pieces: tuple[str, ...], after: str | None) -> None:
    node = yaml.compose(before).value[0].value[0][1]
    place = Place("f", node.start_mark.line + 1, node.start_mark.column + 1)
    if before == "- hear:":
        place = Place("f", 1, 8)
    found = updated(before + "\n", [NewText(place, pieces)])
    if after is not None:
        assert found == after + "\n"
    else:
        assert found.startswith("- hear: >-  # why\n    You have")
        assert max(len(line) for line in found.splitlines()) <= 120


@given(
    text=st.text(st.characters(blacklist_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=300).filter(
        str.strip
    ),
    before=st.sampled_from(
        ["{0}", "'{0}'", '"{0}"', "[{0}]", ">-\n    {0}", "{0}   # comment", "\n    - {0}\n    - b"]
    ),
)
def test_whatever_was_heard_is_read_back_as_it_was(text: str, before: str) -> None:
    file = f"x: {{y: 1}}\ntests:\n- hear: {before.format('old')}\n- press: '1'  # last\n"
    node = yaml.compose(file).value[1][1].value[0].value[0][1]
    place = Place("f", node.start_mark.line + 1, node.start_mark.column + 1)
    after = updated(file, [NewText(place, (text,))])
    heard = yaml.load(after, Loader=yaml.BaseLoader)["tests"][0]["hear"]
    said = " ".join(heard if isinstance(heard, list) else [heard])
    assert said == " ".join(text.split())
    assert after.endswith("- press: '1'  # last\n")
