"""A trunk that is not registered with is asked whether it is there; its going is noticed, and its return."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from aiosipua import SipRequest

from media.sip.timing import Timing
from tests.media.sip.beginnings import house_and_trunk
from tests.media.sip.phone import House, Phone, scenario, until

SPEED = 100.0
TIMING = Timing(t1=0.5, t2=4, t4=5)
CHALLENGE = 'WWW-Authenticate: Digest realm="t", nonce="one", qop="auth"\r\n'


async def opened(**more: object) -> tuple[House, Phone]:
    return await house_and_trunk(TIMING, SPEED, ping_s=30.0, **more)


async def answers(trunk: Phone, status: int, done: Callable[[], bool], *, headers: str = "") -> None:
    """Every question, until it has had its effect: on a busy machine some answers come when nobody waits any more."""

    def once_more() -> bool:
        while not done() and not trunk.messages.empty():
            trunk.reply(cast(SipRequest, trunk.messages.get_nowait()), status, headers=headers)
        return done()

    await until(once_more)


@pytest.mark.parametrize("status", [200, 403, 404, 405, 501])
@scenario
async def test_any_answer_is_a_sign_of_life(status: int) -> None:
    house, trunk = await opened()
    assert house.endpoint.reachable is None
    asked = await trunk.asked("OPTIONS")
    assert asked.uri == f"sip:127.0.0.1:{trunk.port}"
    trunk.reply(asked, status)
    await answers(trunk, status, lambda: house.endpoint.reachable is True)


@scenario
async def test_one_that_goes_and_comes_back_is_known_to() -> None:
    house, trunk = await opened()
    first = await trunk.asked("OPTIONS")
    await answers(trunk, 200, lambda: house.endpoint.reachable is True)
    second = await trunk.asked("OPTIONS")
    assert second.call_id == first.call_id
    await until(lambda: not house.endpoint.reachable)  # nothing is answered, however often it is asked
    await answers(trunk, 200, lambda: house.endpoint.reachable is True)


@scenario
async def test_out_of_service_is_not_there() -> None:
    house, trunk = await opened()
    await answers(trunk, 200, lambda: house.endpoint.reachable is True)
    await answers(trunk, 503, lambda: house.endpoint.reachable is False)
    await answers(trunk, 200, lambda: house.endpoint.reachable is True)
    house.endpoint.trunk_missed()
    assert house.endpoint.reachable is False
    house.endpoint.trunk_missed()
    assert house.endpoint.reachable is False


@scenario
async def test_it_proves_itself_where_that_is_wanted() -> None:
    house, trunk = await opened(username="hotline", password="correct horse")
    asked = await trunk.asked("OPTIONS")
    assert "sip:hotline@127.0.0.1" in (asked.get_header("from") or "")
    proofs: list[str] = []

    def as_asked() -> bool:
        while not trunk.messages.empty():
            request = cast(SipRequest, trunk.messages.get_nowait())
            proof = request.get_header("authorization")
            proofs.extend([proof] if proof else [])
            trunk.reply(request, 200 if proof else 401, headers="" if proof else CHALLENGE)
        return house.endpoint.reachable is True

    trunk.reply(asked, 401, headers=CHALLENGE)
    await until(as_asked)
    assert 'nonce="one"' in proofs[0]


@scenario
async def test_a_trunk_that_is_registered_with_is_not_asked() -> None:
    house, trunk = await opened(username="hotline", password="correct horse", register_s=60)
    await trunk.asked("REGISTER")
    assert house.endpoint.reachable is None
