"""The hotline tells its trunk where it is."""

from __future__ import annotations

from aiosipua import SipRequest

from media.sip.timing import Timing
from tests.media.sip.beginnings import house_and_trunk
from tests.media.sip.phone import House, Phone, scenario, until

SPEED = 100.0
TIMING = Timing(t1=2, t2=16, t4=10)
CHALLENGE = 'WWW-Authenticate: Digest realm="t", nonce="%s", qop="auth"%s\r\n'


async def opened(register_s: int = 60) -> tuple[House, Phone]:
    known = {"username": "hotline", "password": "correct horse", "register_s": register_s}
    return await house_and_trunk(TIMING, SPEED, **known)


def granted(request: SipRequest, seconds: int) -> str:
    contact = request.get_header("contact")
    port = (contact or "").rpartition(":")[2].strip(">")
    return f"Contact: <sip:other@192.0.2.1:{port}>;expires=9999\r\nContact: {contact};expires={seconds}\r\n"


def accept(trunk: Phone, request: SipRequest, seconds: int) -> None:
    """The answer of a registrar, which lists other contacts as well."""
    lines = granted(request, seconds)
    vias = "".join(f"Via: {via}\r\n" for via in request.headers.get("via"))
    trunk.send(
        f"SIP/2.0 200 OK\r\n{vias}From: {request.get_header('from')}\r\nTo: {request.get_header('to')};tag=r\r\n"
        f"Call-ID: {request.call_id}\r\nCSeq: {request.get_header('cseq')}\r\n{lines}Content-Length: 0\r\n\r\n"
    )


@scenario
async def test_it_registers_with_digest_and_renews_in_time_and_leaves_at_the_end() -> None:
    house, trunk = await opened()
    assert house.endpoint.registered is None
    first = await trunk.asked("REGISTER")
    assert first.get_header("expires") == "60"
    trunk.reply(first, 401, headers=CHALLENGE % ("one", ""))
    proved = await trunk.asked("REGISTER")
    assert 'nonce="one"' in (proved.get_header("authorization") or "")
    accept(trunk, proved, 30)
    await until(lambda: house.endpoint.registered is True)
    renewed = await trunk.asked("REGISTER")  # after 24 of 30 seconds
    assert renewed.call_id == first.call_id
    trunk.reply(renewed, 401, headers=CHALLENGE % ("two", ", stale=true"))
    accept(trunk, await trunk.asked("REGISTER"), 3600)
    await house.close()
    last = await trunk.asked("REGISTER")
    assert last.get_header("expires") == "0"


@scenario
async def test_a_trunk_that_refuses_is_asked_again_with_growing_pauses() -> None:
    house, trunk = await opened()
    trunk.reply(await trunk.asked("REGISTER"), 403)
    await until(lambda: house.endpoint.registered is False)
    trunk.reply(await trunk.asked("REGISTER"), 503)
    accept(trunk, await trunk.asked("REGISTER"), 3600)
    await until(lambda: house.endpoint.registered is True)


@scenario
async def test_a_trunk_that_wants_it_less_often_gets_its_way() -> None:
    house, trunk = await opened()
    trunk.reply(await trunk.asked("REGISTER"), 423, headers="Min-Expires: 600\r\n")
    longer = await trunk.asked("REGISTER")
    assert longer.get_header("expires") == "600"
    accept(trunk, longer, 600)
    await until(lambda: house.endpoint.registered is True)


@scenario
async def test_a_wrong_password_is_not_tried_over_and_over() -> None:
    house, trunk = await opened()
    trunk.reply(await trunk.asked("REGISTER"), 401, headers=CHALLENGE % ("one", ""))
    trunk.reply(await trunk.asked("REGISTER"), 401, headers=CHALLENGE % ("two", ""))
    await until(lambda: house.endpoint.registered is False)


@scenario
async def test_without_a_wish_to_register_nothing_is_said() -> None:
    house, trunk = await opened(register_s=0)
    trunk.send(trunk.request("OPTIONS"))
    await trunk.response(200)
    assert house.endpoint.registered is None
    assert trunk.messages.empty()
