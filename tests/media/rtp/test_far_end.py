"""Who can take a call's sound for himself: hardly anybody."""

from __future__ import annotations

import pytest

from media.rtp.far_end import QUIET_S, FarEnd

ANNOUNCED = ("192.0.2.10", 4000)
OTHER_PORT = ("192.0.2.10", 61_000)
STRANGER = ("203.0.113.66", 4000)
THIRD = ("203.0.113.67", 4000)


def test_sound_goes_where_it_was_announced_until_it_comes_from_another_port_of_that_host() -> None:
    far_end = FarEnd(ANNOUNCED)
    assert far_end.address == ANNOUNCED
    assert far_end.believed(OTHER_PORT, 1.0)
    assert far_end.address == OTHER_PORT


def test_another_host_is_never_believed() -> None:
    far_end = FarEnd(ANNOUNCED)
    assert not far_end.believed(STRANGER, 1.0)
    assert far_end.believed(ANNOUNCED, 1.0)
    assert not far_end.believed(STRANGER, 100.0)
    assert far_end.address == ANNOUNCED


def test_who_can_be_heard_is_not_moved_and_after_a_pause_only_once() -> None:
    far_end = FarEnd(ANNOUNCED)
    assert far_end.believed(ANNOUNCED, 1.0)
    assert not far_end.believed(OTHER_PORT, 1.02)
    assert far_end.believed(ANNOUNCED, 1.04)
    assert far_end.believed(OTHER_PORT, 1.04 + QUIET_S)
    assert not far_end.believed(("192.0.2.10", 62_000), 100.0)
    assert not far_end.believed(ANNOUNCED, 200.0)
    assert far_end.address == OTHER_PORT


def test_behind_a_router_whoever_speaks_first_is_believed_and_nobody_else() -> None:
    far_end = FarEnd(("10.0.0.5", 4000), latch=True)
    assert far_end.believed(STRANGER, 1.0)
    assert not far_end.believed(THIRD, 1.1)
    assert far_end.address == STRANGER


def test_who_was_announced_and_turns_up_after_a_stranger_wins_for_good() -> None:
    far_end = FarEnd(ANNOUNCED, latch=True)
    assert far_end.believed(STRANGER, 1.0)
    assert far_end.believed(ANNOUNCED, 1.02)
    assert not far_end.believed(STRANGER, 1.04)
    assert not far_end.believed(STRANGER, 50.0)
    assert far_end.address == ANNOUNCED


def test_a_host_is_the_same_however_it_is_written() -> None:
    far_end = FarEnd(("2001:DB8:0:0::1", 4000))
    assert far_end.believed(("2001:db8::1", 4000), 1.0)
    with pytest.raises(ValueError, match=r"telephone\.example"):
        FarEnd(("telephone.example", 4000))
