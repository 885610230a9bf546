"""The whole circle with a real telephone: an outage reported by voice and keys, a ticket, its result told by a call
that the trunk rings, a "no" that is spoken, and the ticket is open again. What the telephone heard is what counts."""

from __future__ import annotations

import asyncio
from pathlib import Path

from models import CallStatus, Channel, Direction, OutboundStatus, TicketStage
from setting_sections import SipTrunk
from tests.media.sip_calls.beside import beside
from tests.media.sip_calls.house import EMMA, Speech, house, sip_settings
from tests.telephones.baresip import baresip


async def from_hello_to_reopened(home: Path, folder: Path, speech: Speech) -> None:
    async with baresip(folder, user=EMMA) as phone:
        trunk = SipTrunk(server=f"127.0.0.1:{phone.port}", caller_id="95598")
        async with house(sip_settings(home, short=False, trunk=trunk), speech) as hotline:
            # she phones in
            await phone.dial(hotline.address)
            await phone.until("CALL_ESTABLISHED")
            await phone.hears_talk(hotline.sound((await hotline.when(hotline.said, "a welcome"))[0]))
            await phone.say("report an outage")
            await phone.hears(hotline.sound(await hotline.to_say("Do you see a wire"))[:16_000])
            await phone.press("2")
            await phone.hears(hotline.sound(await hotline.to_say("Is it about 18 People's Road"))[:16_000])
            await phone.press("1")
            await phone.hears(hotline.sound(await hotline.to_say("Do your neighbours have power?"))[:16_000])
            await phone.press("2")
            await phone.hears(hotline.sound(await hotline.to_say("May we call you back on"))[:16_000])
            await phone.press("1")
            await phone.hears(hotline.sound(await hotline.to_say("Your report is in."))[:32_000])
            await phone.press("2")
            await phone.until("CALL_CLOSED")
            assert (await hotline.ended(CallStatus.COMPLETED)).channel is Channel.SIP
            ticket = hotline.ticket()
            assert (ticket.subject, ticket.callback_number) == ("No power in the area", EMMA)

            # the agent writes what was done, and her telephone rings
            await hotline.close_ticket("The fuse was replaced.")
            await phone.until("CALL_INCOMING")
            call = hotline.calls()[-1]
            assert (call.status, call.direction, call.from_number) == (
                CallStatus.RINGING, Direction.OUTBOUND, "95598",
            )  # fmt: skip
            await phone.accept()
            news = await hotline.to_say("Hello, this is")
            assert "The fuse was replaced." in news
            await phone.hears(hotline.sound(news)[:32_000])
            await hotline.to_say("Is your power back?")
            await phone.say("no")
            await phone.hears(hotline.sound(await hotline.to_say("I am sorry.")))
            assert (hotline.answered()["kind"], hotline.answered()["text"]) == ("speech", "no")
            await phone.say("the lights are still out")
            await asyncio.sleep(2.5)
            await phone.press("#")
            await phone.hears(hotline.sound(await hotline.to_say("Thank you. Your ticket is open again"))[:32_000])
            await phone.until("CALL_CLOSED")
            assert (await hotline.ended(CallStatus.COMPLETED)).answered_at is not None
            ticket = hotline.ticket()
            assert (ticket.stage, ticket.reopened) == (TicketStage.OPEN, 1)
            assert hotline.outbound().status is OutboundStatus.DONE


test_an_outage_from_hello_to_reopened = beside(from_hello_to_reopened)
