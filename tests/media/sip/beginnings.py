"""How tests begin: a house and a telephone, and how far the call between them has come."""

from __future__ import annotations

from collections.abc import Mapping

from aiosipua import SipRequest

from media.sip.call import SipCall
from media.sip.config import EndpointConfig, Trunk
from media.sip.timing import Timing
from tests.media.sip.phone import FAST, SDP, House, Notes, Phone, until


async def house_and_phone(
    config: EndpointConfig | None = None, timing: Timing = FAST, speed: float = 1
) -> tuple[House, Phone]:
    """The telephone has not called yet."""
    house = await House.open(config, timing, speed)
    return house, await Phone.open(house.port)


async def house_and_trunk(timing: Timing = FAST, speed: float = 1, **known: object) -> tuple[House, Phone]:
    """The telephone is the trunk of the house; `known`: what else the house knows of it."""
    phone = await Phone.open(0)
    trunk = Trunk(f"127.0.0.1:{phone.port}", **known)  # type: ignore[arg-type]
    house = await House.open(EndpointConfig(port=0, trunk=trunk), timing, speed)
    phone.to = house.port
    return house, phone


async def standing(config: EndpointConfig | None = None) -> tuple[House, Phone]:
    """The telephone has called, and both know that it has been answered."""
    house, phone = await house_and_phone(config)
    await phone.call()
    await until(lambda: ("answered",) in house.notes[0].heard)
    return house, phone


def dial(
    house: House, to: str, ring_timeout_s: float = 20, headers: Mapping[str, str] | None = None
) -> tuple[SipCall, Notes]:
    """The house calls `to`, a number or a URI."""
    notes = Notes()
    call = house.endpoint.dial(
        to,
        from_number="95598",
        rtp=("127.0.0.1", 4000),
        ring_timeout_s=ring_timeout_s,
        listener=notes,
        headers=headers,
    )
    return call, notes


def dial_phone(
    house: House, phone: Phone, ring_timeout_s: float = 20, headers: Mapping[str, str] | None = None
) -> tuple[SipCall, Notes]:
    """The house calls the telephone."""
    return dial(house, f"sip:13800571001@127.0.0.1:{phone.port}", ring_timeout_s, headers)


async def dialled(
    config: EndpointConfig | None = None, ring_timeout_s: float = 20, headers: Mapping[str, str] | None = None
) -> tuple[House, Phone, SipCall, Notes]:
    """The house calls the telephone, which has not said anything yet."""
    house, phone = await house_and_phone(config)
    return house, phone, *dial_phone(house, phone, ring_timeout_s, headers)


async def answer(phone: Phone, invite: SipRequest, sdp: str = SDP, **more: str) -> SipRequest:
    """The telephone takes the call; returns the ACK of the house."""
    phone.reply(invite, 200, sdp, **more)
    phone.call_id, phone.their_tag = invite.call_id or "", invite.from_addr.tag or "" if invite.from_addr else ""
    phone.tag = more.get("tag", "callee")
    return await phone.asked("ACK")
