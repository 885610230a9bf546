"""Call-backs rung over a SIP trunk: every end is told apart, nobody is rung twice, and the trunk is not hurried."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from doctor import State
from media.sip.call import SipCall
from media.sip_calls.outcomes import of_status
from models import (
    Call,
    CallStatus,
    Gateway,
    OutboundAttempt,
    OutboundCall,
    OutboundStatus,
)
from processes import health
from processes.sip_examination import examine
from setting_sections import SipTrunk
from tests.media.sip_calls.house import EMMA, House, Speech, house, sip_settings
from tests.ports import free_port
from tests.scenarios import run
from tests.telephones.baresip import baresip
from tests.telephones.network import Network, network


def trunk(port: int, **more: Any) -> SipTrunk:
    return SipTrunk(server=f"127.0.0.1:{port}", caller_id="95598", calls_per_second=50, **more)


# --- every end is told apart


@pytest.mark.parametrize(
    ("status", "ends", "reason", "goes_on"),
    [
        (486, CallStatus.BUSY, "busy", OutboundStatus.WAITING),
        (600, CallStatus.BUSY, "busy", OutboundStatus.WAITING),
        (480, CallStatus.NO_ANSWER, "nobody answered", OutboundStatus.WAITING),
        (603, CallStatus.FAILED, "declined (603", OutboundStatus.WAITING),
        (503, CallStatus.FAILED, "the SIP trunk said 503", OutboundStatus.WAITING),
        (404, CallStatus.FAILED, "no such number (404", OutboundStatus.GIVEN_UP),
        (484, CallStatus.FAILED, "no such number (484", OutboundStatus.GIVEN_UP),
    ],
)
def test_what_the_network_says_decides_whether_it_is_tried_again(
    status: int, ends: CallStatus, reason: str, goes_on: OutboundStatus, home: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        async with network(Network.refuse(status)) as far:
            async with house(sip_settings(home, trunk=trunk(far.endpoint.port)), spoken_and_heard) as hotline:
                hotline.order()
                call = await hotline.ended(ends)
                assert (call.end_reason or "").startswith(reason)
                assert hotline.outbound().status is goes_on
                attempt = hotline.attempts()[0]
                assert (attempt.status, attempt.ended_at is not None) == (ends, True)
                assert (far.called[0].to_number, far.called[0].from_number) == (EMMA, "95598")

    run(scenario())


def test_nobody_answers_in_time(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with network("ring") as far:
            settings = sip_settings(home, trunk=trunk(far.endpoint.port), callbacks={"ring_timeout_s": 1})
            async with house(settings, spoken_and_heard) as hotline:
                hotline.order()
                call = await hotline.ended(CallStatus.NO_ANSWER)
                assert call.end_reason == "nobody answered"
                await hotline.when(lambda: far.listening[0].ended_by, "the telephone to stop ringing")

    run(scenario())


def test_a_trunk_that_goes_is_left_alone_until_it_is_back(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with network(Network.refuse(486)) as far:
            port = far.endpoint.port
            asked = SipTrunk(server=f"127.0.0.1:{port}", transport="tcp", ping_s=0.2)
            async with house(sip_settings(home, trunk=asked), spoken_and_heard) as hotline:
                await hotline.when(lambda: _dials(hotline), "a trunk that is up")
                await far.endpoint.close()
                await hotline.when(lambda: not _dials(hotline), "the word that nobody can be rung")
                assert not _ready(hotline)
                hotline.order()
                await asyncio.sleep(0.5)
                assert hotline.calls()[0].status is CallStatus.QUEUED, "nobody is rung over a trunk that is not there"
                async with network(Network.refuse(486), port=port) as back:
                    assert (await hotline.ended(CallStatus.BUSY)).end_reason == "busy"
                    assert len(back.called) == 1
                    await hotline.when(lambda: _dials(hotline), "the word that it is back")
                    assert _ready(hotline)

    run(scenario())


def test_a_trunk_that_is_not_asked_is_left_alone_for_a_while(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        nobody = SipTrunk(server=f"127.0.0.1:{free_port()}", transport="tcp", ping_s=0)
        async with house(sip_settings(home, trunk=nobody), spoken_and_heard) as hotline:
            await hotline.when(lambda: _dials(hotline), "a trunk that is thought to be up")
            hotline.order()
            call = await hotline.ended(CallStatus.FAILED)
            assert call.end_reason == "the SIP trunk cannot be reached"
            await hotline.when(lambda: not _dials(hotline), "the word that nobody can be rung")

    run(scenario())


def _ready(hotline: House) -> bool:
    """What `/readyz` and the doctor say of the trunk."""
    said = [check.ok for check in health._trunk(hotline.hotline.database, hotline.settings)]
    found = [finding.state is State.OK for finding in examine(hotline.settings) if finding.what == "sip trunk"]
    assert len(said) == 1
    assert said == found
    return said[0]


def _dials(hotline: House) -> bool:
    with hotline.hotline.database.reading() as session:
        return bool(session.scalar(sa.select(Gateway.dials).where(Gateway.kind == "sip")))


def test_a_real_telephone_rings_answers_and_hears_the_news(
    home: Path, tmp_path: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        async with baresip(tmp_path, user=EMMA) as phone:
            async with house(sip_settings(home, trunk=trunk(phone.port)), spoken_and_heard) as hotline:
                call_id = hotline.order()
                await phone.until("CALL_INCOMING")
                assert _status(hotline, call_id) is CallStatus.RINGING
                await phone.accept()
                await phone.until("CALL_ESTABLISHED")
                said = await hotline.when(hotline.said, "the news")
                await phone.hears(hotline.sound(said[0]))
                await phone.press("3")
                assert _status(hotline, call_id) in (CallStatus.IN_PROGRESS, CallStatus.COMPLETED)
                await phone.until("CALL_CLOSED")
                assert (await hotline.ended(CallStatus.COMPLETED)).answered_at is not None

    run(scenario())


def test_a_real_telephone_declines(home: Path, tmp_path: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with baresip(tmp_path, user=EMMA) as phone:
            async with house(sip_settings(home, trunk=trunk(phone.port)), spoken_and_heard) as hotline:
                hotline.order()
                await phone.until("CALL_INCOMING")
                await phone.hang_up()
                assert (await hotline.ended(CallStatus.BUSY)).answered_at is None

    run(scenario())


def _status(hotline: House, call_id: str) -> CallStatus:
    with hotline.hotline.database.reading() as session:
        return session.get_one(Call, call_id).status


# --- nobody is rung twice, and not too fast


def test_two_processes_ring_each_customer_once(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with network(Network.refuse(486)) as far:
            first = sip_settings(home, trunk=trunk(far.endpoint.port))
            second = sip_settings(home, trunk=trunk(far.endpoint.port))
            async with house(first, spoken_and_heard) as one, house(second, spoken_and_heard):
                numbers = [f"+86138005710{last:02}" for last in range(20)]
                for number in numbers:
                    one.order(number, key=number)
                await one.when(lambda: all(call.status.final for call in one.calls()), "the end of all")
                assert sorted(call.to_number for call in far.called) == numbers

    run(scenario())


def test_the_trunk_is_not_hurried(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with network(Network.refuse(486)) as far:
            slow = SipTrunk(server=f"127.0.0.1:{far.endpoint.port}", calls_per_second=5)
            async with house(sip_settings(home, trunk=slow), spoken_and_heard) as hotline:
                dial, times = hotline.service.endpoint.dial, []

                def dialled(to: str, **more: Any) -> SipCall:
                    times.append(asyncio.get_running_loop().time())  # a busy machine may be late with what follows
                    return dial(to, **more)

                hotline.service.endpoint.dial = dialled  # type: ignore[method-assign]
                for last in range(4):
                    hotline.order(f"+861380057100{last}", key=str(last))
                await hotline.when(lambda: len(far.called) == 4, "four calls")
                gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
                assert min(gaps) >= 0.2, gaps

    run(scenario())


def test_what_rang_when_a_process_died_has_ended_and_is_not_rung_by_the_next(
    home: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        async with network("ring") as far:
            settings = sip_settings(home, trunk=trunk(far.endpoint.port))
            async with house(settings, spoken_and_heard) as hotline:
                call_id = hotline.order()
                await hotline.when(lambda: far.called, "the ringing")
                row = hotline.calls()[0]
                assert row.provider_id is not None
            # as if it had not been able to say goodbye
            async with house(sip_settings(home), spoken_and_heard) as hotline:
                with hotline.hotline.database.transaction() as db:
                    again = {"status": CallStatus.RINGING, "ended_at": None}
                    db.execute(sa.update(Call).where(Call.id == call_id).values(provider_id=row.provider_id, **again))
                    db.execute(sa.update(OutboundAttempt).values(**again))
                    db.execute(sa.update(OutboundCall).values(status=OutboundStatus.CALLING))
            async with house(settings, spoken_and_heard) as hotline:
                call = await hotline.ended(CallStatus.NO_ANSWER)
                assert call.end_reason == "the SIP process died while it rang"
                assert len(far.called) == 1

    run(scenario())


def test_what_rings_when_the_process_stops_is_canceled_and_tried_again(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with network("ring") as far:
            async with house(sip_settings(home, trunk=trunk(far.endpoint.port)), spoken_and_heard) as hotline:
                hotline.order()
                await hotline.when(lambda: far.called, "the ringing")
                await hotline.service.dialling.close()
                assert (await hotline.ended(CallStatus.CANCELED)).end_reason == "canceled"
                assert hotline.outbound().status is OutboundStatus.WAITING

    run(scenario())


def test_words_for_staff_fit_their_column() -> None:
    assert len(of_status(500, "x" * 500).reason) <= 80
