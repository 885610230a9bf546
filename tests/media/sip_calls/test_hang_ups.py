"""People who hang up at any moment: nothing is left of their calls, in the rows or in the process."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from models import CallStatus
from tests.media.sip_calls.beside import Beside
from tests.media.sip_calls.house import Speech, house, sip_settings
from tests.telephones.network import caller

CALLS = 100
AT_ONCE = 20


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_hundred_calls_that_end_at_random_moments_leave_nothing_behind(
    home: Path, spoken_and_heard: Speech, played: Beside
) -> None:
    played.all_over()  # what others have open is not counted

    async def scenario() -> None:
        moments = random.Random(20261124)
        async with house(sip_settings(home), spoken_and_heard) as hotline, caller(hotline.port) as made:
            room = asyncio.Semaphore(AT_ONCE)

            async def one() -> None:
                async with room:
                    call = await made.dial("95598")
                    heard = made.heard
                    await asyncio.sleep(moments.choice((0.0, 0.005, 0.05, 0.2, 1.0)) * moments.random() * 2)
                    call.hang_up()
                    await asyncio.wait_for(heard.over.wait(), 40)

            await asyncio.gather(*(one() for _ in range(5)))  # what is made once is there from now on
            before = descriptors()
            await asyncio.gather(*(one() for _ in range(CALLS)))
            service = hotline.service
            await hotline.when(lambda: service.switchboard.calls == 0, "the end of all calls", 40)
            await hotline.when(lambda: service.engine.streams == 0, "the end of all sound")
            await hotline.when(lambda: service.endpoint.counts.calls == 0, "the end of all dialogs", 40)
            await hotline.when(lambda: all(call.status.final for call in hotline.calls()), "the end of all rows", 40)
            assert not service.switchboard.full
            assert {call.status for call in hotline.calls()} <= {CallStatus.COMPLETED, CallStatus.CANCELED}
            assert descriptors() <= before + 5

    asyncio.run(asyncio.wait_for(scenario(), 110))
