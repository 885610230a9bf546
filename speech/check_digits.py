"""Check digits of numbers that people say and key in: is it one, and which digit makes a stem whole.

`iso7064_mod11_10` is ISO/IEC 7064's hybrid MOD 11,10: it finds every single wrong digit, and of the 45 pairs that
two swapped neighbours can be all but one, which one depends on the digits before it. `luhn` is ISO/IEC 7812-1's: it
finds every single wrong digit, and every swap of neighbours but of 0 and 9. `none` has no check digit: any digits do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

NONE: Final = "none"


def valid(number: str, scheme: str) -> bool:
    """Is `number`, check digit last, one of `scheme`? False for anything but ASCII digits.

    Raises ValueError for a scheme that does not exist.
    """
    check = _scheme(scheme)
    if not number.isascii() or not number.isdecimal():
        return False
    return check is None or (len(number) >= 2 and check(number[:-1]) == number[-1])


def complete(stem: str, scheme: str) -> str:
    """`stem` with its check digit behind it, or as it is where the scheme has none.

    Raises ValueError for a stem that is no digits, or a scheme that does not exist.
    """
    check = _scheme(scheme)
    if not stem.isascii() or not stem.isdecimal():
        raise ValueError(f"{stem!r} is no digits, so there is no check digit for it")
    return stem if check is None else stem + check(stem)


def _mod11_10(stem: str) -> str:
    product = 10
    for digit in stem:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def _luhn(stem: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(stem)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


_CHECKS: Final[dict[str, Callable[[str], str] | None]] = {"iso7064_mod11_10": _mod11_10, "luhn": _luhn, NONE: None}
SCHEMES: Final = frozenset(_CHECKS)


def _scheme(name: str) -> Callable[[str], str] | None:
    if name not in _CHECKS:
        raise ValueError(f"there is no check digit scheme {name!r}; there are: {', '.join(sorted(SCHEMES))}")
    return _CHECKS[name]
