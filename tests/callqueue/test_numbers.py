"""How numbers are written down, and which can be rung."""

from __future__ import annotations

import pytest

from callqueue.numbers import e164, masked, reachable


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("13800571001", "+8613800571001"),
        ("138 0057 1001", "+8613800571001"),
        ("0571-8857 1005", "+8657188571005"),
        ("+44 20 7946 0018", "+442079460018"),
        ("+8613800571001", "+8613800571001"),
        ("95598", "95598"),
        ("110", "110"),
        ("anonymous", "anonymous"),
        ("", ""),
        ("+1", "+1"),
    ],
)
def test_what_can_be_read_is_written_in_e164(written: str, kept: str) -> None:
    assert e164(written, "CN") == kept


@pytest.mark.parametrize("number", ["+8613800571001", "+8657188571005", "+442079460018"])
def test_a_number_that_can_be_rung(number: str) -> None:
    assert reachable(number)


@pytest.mark.parametrize(
    "number", ["", "anonymous", "95598", "13800571001", "+1", "+266696687", "+86282452253", "+99912"]
)
def test_a_number_that_cannot(number: str) -> None:
    assert not reachable(number)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613800138000", "+86 138 •••• •000"),
        ("+442079460018", "+44 20 7••• •018"),
        ("95598", "95598"),
        ("anonymous", "anonymous"),
    ],
)
def test_a_masked_number_is_recognised_and_cannot_be_rung(number: str, shown: str) -> None:
    assert masked(number) == shown
