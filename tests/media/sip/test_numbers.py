"""Whose number calls, in whatever way SIP says it."""

from __future__ import annotations

import pytest

from media.sip.grammar import BadValue
from media.sip.messages import Request, Source, read
from media.sip.numbers import caller, dialled, is_callable, number_of, uri_of


def invite(headers: str = "", sender: str = "<sip:013800571001@pbx>;tag=1", to: str = "sip:95598@us") -> Request:
    message = read(
        (
            f"INVITE {to} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
            f"From: {sender}\r\nTo: <sip:057188888888@us>\r\n"
            f"Call-ID: 1\r\nCSeq: 1 INVITE\r\n{headers}\r\n"
        ).encode(),
        Source("UDP", "127.0.0.1", 5060),
    )
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:13800571001@pbx", "+8613800571001"),
        ("sip:013800571001@pbx", "+8613800571001"),
        ("sip:+8613800571001@pbx;user=phone", "+8613800571001"),
        ("sip:%2B8613800571001@pbx", "+8613800571001"),
        ("sip:008613800571001@pbx", "+8613800571001"),
        ("tel:+86-138-0057-1001", "+8613800571001"),
        ("sip:(0571)88888888@pbx", "+8657188888888"),
        ("tel:88888888;phone-context=+86571", "+8657188888888"),
        ("sip:88888888;phone-context=+86571@pbx;user=phone", "+8657188888888"),
        ("sip:95598@pbx", "95598"),
        ("sip:110@pbx", "110"),
        ("sip:8001@pbx", "8001"),
        ("sip:+14155552671@pbx", "+14155552671"),
        ("sip:li.wei@pbx", "li.wei"),
        ("sip:%3Cscript%3E@pbx", "script"),
        ("sip:pbx", ""),
        ("http://x/1", ""),
        ("sip:" + "9" * 70 + "@pbx", "9" * 20),
    ],
)
def test_numbers_are_written_one_way(uri: str, number: str) -> None:
    assert number_of(uri, "CN") == number


def test_without_a_trunk_only_from_counts() -> None:
    asserted = invite("P-Asserted-Identity: <sip:+8657112345678@evil>\r\n")
    assert caller(asserted, "CN", trusted=False) == "+8613800571001"
    assert caller(asserted, "CN", trusted=True) == "+8657112345678"


@pytest.mark.parametrize(
    ("headers", "number"),
    [
        ('P-Asserted-Identity: "Li, Wei" <sip:desk@pbx>, <tel:+8657112345678>\r\n', "+8657112345678"),
        ("Remote-Party-ID: <sip:057112345678@pbx>;party=calling;privacy=off\r\n", "+8657112345678"),
        ("Remote-Party-ID: <sip:057112345678@pbx>;party=calling;privacy=full\r\n", ""),
        ("P-Asserted-Identity: <tel:+8657112345678>\r\nPrivacy: id;critical\r\n", ""),
        ("P-Asserted-Identity: nonsense <<\r\n", "+8613800571001"),
        ("Privacy: none\r\n", "+8613800571001"),
    ],
)
def test_what_the_trunk_asserts(headers: str, number: str) -> None:
    assert caller(invite(headers), "CN", trusted=True) == number


@pytest.mark.parametrize(
    "sender",
    [
        '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
        "<sip:Restricted@pbx>;tag=1",
        "<sip:unavailable@unknown.invalid>;tag=1",
        "<sip:123@anonymous.invalid>;tag=1",
    ],
)
def test_who_withholds_the_number_has_none(sender: str) -> None:
    assert caller(invite(sender=sender), "CN", trusted=False) == ""


def test_an_anonymous_caller_whom_the_trunk_knows_is_known() -> None:
    known = invite("P-Asserted-Identity: <tel:+8657112345678>\r\n", '"Anonymous" <sip:anonymous@anonymous.invalid>')
    assert caller(known, "CN", trusted=True) == "+8657112345678"


def test_what_was_dialled_is_the_request_line() -> None:
    assert dialled(invite(), "CN") == "95598"
    assert dialled(invite(to="sip:us"), "CN") == "+8657188888888"


def test_a_number_as_an_address() -> None:
    assert uri_of("+8613800571001", "trunk") == "sip:+8613800571001@trunk"
    assert uri_of("sip:desk@pbx", "trunk") == "sip:desk@pbx"
    assert uri_of("1@evil;x", "trunk") == "sip:1%40evil%3Bx@trunk"
    with pytest.raises(BadValue):
        uri_of("sip:a b@c", "trunk")


@pytest.mark.parametrize(
    ("sender", "number"),
    [
        ("<sip:+8613800571001@pbx>", "+8613800571001"),
        ("<sip:13800571001@pbx>", "+8613800571001"),
        ("<sip:8001@pbx>", "8001"),
        ("<sip:alice@pbx>", None),
        ("<sip:pbx>", None),
        ("<sip:+86138005710011234567890@pbx>", None),
        ("<sip:%EF%BC%91%EF%BC%93%EF%BC%98@pbx>", None),
        ("<sip:*21@pbx>", None),
    ],
)
def test_who_could_be_called_back_is_told_from_names(sender: str, number: str | None) -> None:
    found = caller(invite(sender=sender + ";tag=1"), "CN", trusted=False)
    assert (found if is_callable(found) else None) == number
