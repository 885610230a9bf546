"""Browser phones that can be rung, and the call-backs ringing on them.

A phone is a row that is kept alive while its socket is open. A queued attempt to a number of ours is claimed by
compare-and-set, rings on every phone of that number, and ends answered, declined, unanswered, or with its phones gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from media.claims import Claimed, Claims
from media.messages import Out
from media.parts import GatewayParts
from media.rows import Rows
from media.tasks import Tasks
from models import BrowserPhone, CallStatus, Channel, new_id

log = structlog.get_logger("media")

AWAY_S = 2.0  # after a look that failed: each one writes a line


@dataclass(eq=False, slots=True)
class Phone:
    """An open browser phone."""

    number: str
    send: Callable[[Out], None]
    id: str = field(default_factory=new_id)


@dataclass(slots=True)
class _Ring:
    call: Claimed
    phones: list[Phone]
    timeout: asyncio.TimerHandle


class Ringing:
    def __init__(self, parts: GatewayParts, rows: Rows, gateway: str) -> None:
        self._parts = parts
        self._rows = rows
        self._gateway = gateway
        self._claims = Claims(parts.database, gateway, Channel.BROWSER)
        self._phones: dict[str, Phone] = {}
        self._rings: dict[str, _Ring] = {}
        self._nudged = asyncio.Event()
        self._tasks = Tasks()

    @property
    def phones(self) -> int:
        return len(self._phones)

    # --- phones

    async def register(self, phone: Phone) -> None:
        lease = self._parts.clock() + timedelta(seconds=self._parts.limits.phone_lease_s)
        await self._rows.run(self._insert, phone, lease)
        self._phones[phone.id] = phone
        phone.send(Out("registered", {"number": phone.number}))
        for ring in self._rings.values():  # a page reloaded while it rang
            if ring.call.number == phone.number:
                ring.phones.append(phone)
                phone.send(_incoming(ring.call))
        self.nudge()

    async def unregister(self, phone: Phone) -> None:
        self._phones.pop(phone.id, None)
        for ring in list(self._rings.values()):
            if phone in ring.phones:
                ring.phones.remove(phone)
                if not ring.phones:
                    self._stop(ring.call.call_id, CallStatus.NO_ANSWER, "the phone has gone")
        try:
            await self._rows.run(self._delete, [phone.id])
        except sa.exc.SQLAlchemyError as error:
            log.warning("phone_not_taken_away", error=type(error).__name__)  # its row runs out by itself

    # --- what callers do

    def take(self, call_id: str, number: str) -> bool:
        """The first to answer has it; everywhere else it stops ringing. False: it does not ring (any more)."""
        ring = self._rings.get(call_id)
        if ring is None or ring.call.number != number:
            return False
        self._silence(call_id, "answered")
        return True

    def reject(self, call_id: str, phone: Phone) -> None:
        ring = self._rings.get(call_id)
        if ring is None or phone not in ring.phones:
            return
        ring.phones.remove(phone)
        phone.send(Out("ring_stopped", {"call": call_id, "reason": "declined"}))
        if not ring.phones:
            self._stop(call_id, CallStatus.BUSY, "declined")

    # --- the loops

    def nudge(self) -> None:
        """There may be something to ring: look now instead of at the next poll."""
        self._nudged.set()

    async def serve(self) -> None:
        """Looks for calls to ring and keeps phones alive, until cancelled."""
        limits = self._parts.limits
        loop = asyncio.get_running_loop()
        renew_at = loop.time()
        clean = False
        while True:
            self._nudged.clear()
            try:
                if not clean:
                    await self._rows.run(self._clean_up)
                    clean = True
                    renew_at = loop.time()  # phones that were quicker are written again
                if self._phones:
                    if loop.time() >= renew_at:
                        renew_at = loop.time() + limits.phone_lease_s / 3
                        lease = self._parts.clock() + timedelta(seconds=limits.phone_lease_s)
                        await self._rows.run(self._renew, list(self._phones.values()), lease)
                    numbers = {phone.number for phone in self._phones.values()}
                    for call in await self._rows.run(self._claims.take, numbers):
                        self._ring(call)
            except sa.exc.SQLAlchemyError as error:
                log.warning("ringing_without_database", error=type(error).__name__)
                await asyncio.sleep(AWAY_S)
            except Exception:
                log.exception("ringing_failed")
                await asyncio.sleep(AWAY_S)
            try:
                async with asyncio.timeout(limits.ring_poll_s):
                    await self._nudged.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Gives back what rings, so that another gateway or the next start of this one can ring it again."""
        for ring in self._rings.values():
            ring.timeout.cancel()
        await self._tasks.settled()
        await self._rows.run(self._clean_up)

    # --- inside

    def _ring(self, call: Claimed) -> None:
        phones = [phone for phone in self._phones.values() if phone.number == call.number]
        timeout = asyncio.get_running_loop().call_later(
            self._parts.settings.callbacks.ring_timeout_s,
            self._stop, call.call_id, CallStatus.NO_ANSWER, "nobody answered",
        )  # fmt: skip
        self._rings[call.call_id] = _Ring(call, phones, timeout)
        log.info("ringing", call=call.call_id, phones=len(phones))
        for phone in phones:
            phone.send(_incoming(call))
        if not phones:  # gone between the look and now
            self._stop(call.call_id, CallStatus.NO_ANSWER, "the phone has gone")

    def _silence(self, call_id: str, reason: str) -> None:
        ring = self._rings.pop(call_id)
        ring.timeout.cancel()
        for phone in ring.phones:
            phone.send(Out("ring_stopped", {"call": call_id, "reason": reason}))

    def _stop(self, call_id: str, status: CallStatus, reason: str) -> None:
        if call_id in self._rings:
            self._silence(call_id, reason)
            self._tasks.start(self._ended(call_id, status, reason))

    async def _ended(self, call_id: str, status: CallStatus, reason: str) -> None:
        try:
            await self._rows.ended(call_id, status, reason)
        except Exception:
            log.exception("ring_not_ended", call=call_id)

    # --- rows, in threads

    def _insert(self, phone: Phone, lease: datetime) -> None:
        with self._parts.database.transaction() as db:
            db.add(BrowserPhone(id=phone.id, number=phone.number, gateway=self._gateway, expires_at=lease))

    def _delete(self, ids: Collection[str]) -> None:
        with self._parts.database.transaction() as db:
            db.execute(sa.delete(BrowserPhone).where(BrowserPhone.id.in_(ids)))

    def _renew(self, phones: Iterable[Phone], lease: datetime) -> None:
        """A row that is gone (swept while the database or we were asleep) comes back."""
        with self._parts.database.transaction() as db:
            for phone in phones:
                db.merge(BrowserPhone(id=phone.id, number=phone.number, gateway=self._gateway, expires_at=lease))

    def _clean_up(self) -> None:
        """Nothing is open or rings here: phones of an earlier run go, what it was ringing is queued again."""
        with self._parts.database.transaction() as db:
            db.execute(sa.delete(BrowserPhone).where(BrowserPhone.gateway == self._gateway))
        self._claims.give_all_back()


def _incoming(call: Claimed) -> Out:
    fields = {"call": call.call_id, "from": call.from_number, "purpose": call.purpose, "language": call.language}
    return Out("incoming", fields)
