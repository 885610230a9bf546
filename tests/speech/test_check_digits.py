"""A wrong key or a swapped pair in an account number is noticed before anybody's account is looked up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.demo import CHECK, DEMO_CALLERS
from speech.check_digits import SCHEMES, complete, valid

WITH_CHECK = sorted(SCHEMES - {"none"})
STEMS = st.text("0123456789", min_size=1, max_size=18)


@pytest.mark.parametrize(
    ("scheme", "number"),
    [("iso7064_mod11_10", "07945"), ("luhn", "79927398713"), ("luhn", "4111111111111111"), ("none", "12")],
)
def test_numbers_that_the_norms_give_as_examples(scheme: str, number: str) -> None:
    assert valid(number, scheme)
    assert complete(number[:-1], scheme) == (number if scheme != "none" else number[:-1])


@pytest.mark.parametrize("scheme", WITH_CHECK)
@given(stem=STEMS, data=st.data())
def test_one_wrong_digit_is_always_noticed(scheme: str, stem: str, data: st.DataObject) -> None:
    number = complete(stem, scheme)
    assert valid(number, scheme)
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    assert not valid(number[:place] + wrong + number[place + 1 :], scheme)


@given(STEMS, st.data())
def test_luhn_notices_a_swap_of_neighbours_unless_they_are_0_and_9(stem: str, data: st.DataObject) -> None:
    number = complete(stem, "luhn")
    place = data.draw(st.integers(0, len(number) - 2))
    pair = number[place : place + 2]
    swapped = number[:place] + pair[::-1] + number[place + 2 :]
    assert valid(swapped, "luhn") == (pair[0] == pair[1] or set(pair) == {"0", "9"})


@given(st.text("0123456789", max_size=10))
def test_mod11_10_misses_one_pair_of_neighbours_at_any_place(before: str) -> None:
    pairs = [(a, b) for a in range(10) for b in range(a)]
    missed = [1 for a, b in pairs if valid(f"{before}{b}{a}" + complete(f"{before}{a}{b}", CHECK)[-1], CHECK)]
    assert len(missed) == 1


@pytest.mark.parametrize("number", ["", "5", "0794 5", "０７９４５", "-07945", "07945x"])
def test_what_is_no_digits_is_not_valid(number: str) -> None:
    assert not valid(number, "iso7064_mod11_10")


def test_a_wrong_scheme_and_a_wrong_stem_are_named() -> None:
    with pytest.raises(ValueError, match="iso7064_mod11_10, luhn, none"):
        valid("1", "verhoeff")
    with pytest.raises(ValueError, match="'12a'"):
        complete("12a", "luhn")


def test_the_callers_of_the_demo_have_numbers_of_ten_digits_that_are_valid() -> None:
    assert all(len(c.account_number) == 10 and valid(c.account_number, CHECK) for c in DEMO_CALLERS)
