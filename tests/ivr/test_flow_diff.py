"""What an author sees of a change."""

from __future__ import annotations

from ivr.flow_diff import Change, LineKind, diff, unified

OLD = {"a.yaml": "one\ntwo\nthree\n", "gone.yaml": "x\n", "same.yaml": "y\n"}
NEW = {"a.yaml": "one\n2\nthree\nfour", "new.yaml": "--- z\n", "same.yaml": "y\n"}


def test_each_file_that_differs_has_its_lines_with_their_numbers() -> None:
    found = {one.name: one for one in diff(OLD, NEW)}
    assert {name: one.change for name, one in found.items()} == {
        "a.yaml": Change.CHANGED, "gone.yaml": Change.REMOVED, "new.yaml": Change.ADDED,
    }  # fmt: skip
    changed = [(line.kind, line.text, line.old, line.new) for line in found["a.yaml"].lines[1:]]
    assert changed == [
        (LineKind.SAME, "one", 1, 1),
        (LineKind.REMOVED, "two", 2, None),
        (LineKind.ADDED, "2", None, 2),
        (LineKind.SAME, "three", 3, 3),
        (LineKind.ADDED, "four", None, 4),
    ]
    assert (found["a.yaml"].added, found["a.yaml"].removed) == (2, 1)
    assert [line.text for line in found["new.yaml"].lines[1:]] == ["--- z"]


def test_no_difference_is_nothing() -> None:
    assert diff(OLD, dict(OLD)) == ()
    assert unified(OLD, dict(OLD)) == ""


def test_the_text_is_what_patch_takes() -> None:
    text = unified(OLD, NEW)
    assert "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n three\n+four\n" in text
    assert "--- a/gone.yaml\n+++ /dev/null\n" in text
    assert "--- /dev/null\n+++ b/new.yaml\n" in text
