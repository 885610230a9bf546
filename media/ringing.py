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
from sqlalchemy.orm import Session

import outbox
from media.messages import Out
from media.parts import GatewayParts
from media.rows import Rows
from models import BrowserPhone, Call, CallStatus, Channel, OutboundAttempt, OutboundCall, new_id

log = structlog.get_logger("media")


@dataclass(eq=False, slots=True)
class Phone:
    """An open browser phone."""

    number: str
    send: Callable[[Out], None]
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that is ours to ring."""

    call_id: str
    number: str
    from_number: str
    language: str
    purpose: str


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
        self._phones: dict[str, Phone] = {}
        self._rings: dict[str, _Ring] = {}
        self._nudged = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

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
        await self._rows.run(self._delete, [phone.id])

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
                    for call in await self._rows.run(self._claim, {phone.number for phone in self._phones.values()}):
                        self._ring(call)
            except Exception:
                log.exception("ringing_failed")
            try:
                await asyncio.wait_for(self._nudged.wait(), limits.ring_poll_s)
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Gives back what rings, so that another gateway or the next start of this one can ring it again."""
        for ring in self._rings.values():
            ring.timeout.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
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
            task = asyncio.get_running_loop().create_task(self._ended(call_id, status, reason))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

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

    def _claim(self, numbers: Collection[str]) -> list[Claimed]:
        """Queued attempts to `numbers`, made ours."""
        with self._parts.database.reading() as db:
            waiting = db.execute(
                sa.select(OutboundAttempt.id, Call.id.label("call_id"), Call.to_number, Call.from_number, Call.language,
                          OutboundCall.purpose)
                .join(Call, Call.id == OutboundAttempt.call_id)
                .join(OutboundCall, OutboundCall.id == OutboundAttempt.outbound_call_id)
                .where(
                    OutboundAttempt.channel == Channel.BROWSER,
                    OutboundAttempt.status == CallStatus.QUEUED,
                    Call.status == CallStatus.QUEUED,
                    Call.to_number.in_(numbers),
                )
                .order_by(OutboundAttempt.id)
            ).all()  # fmt: skip
        if not waiting:
            return []
        claimed = []
        with self._parts.database.transaction() as db:
            for row in waiting:
                if self._moved(db, row.id, row.call_id, CallStatus.QUEUED, CallStatus.RINGING):
                    claimed.append(Claimed(row.call_id, row.to_number, row.from_number, row.language, row.purpose))
        return claimed

    def _moved(self, db: Session, attempt_id: int, call_id: str, before: CallStatus, after: CallStatus) -> bool:
        """Compare-and-set of an attempt, its call with it. The call's provider_id says who rings it."""
        moved = db.execute(
            sa.update(OutboundAttempt)
            .where(OutboundAttempt.id == attempt_id, OutboundAttempt.status == before)
            .values(status=after)
        )
        if moved.rowcount != 1:  # type: ignore[attr-defined]
            return False
        provider_id = f"{self._gateway}/{new_id()[12:]}" if after is CallStatus.RINGING else None
        db.execute(
            sa.update(Call)
            .where(Call.id == call_id, Call.status == before)
            .values(status=after, provider_id=provider_id)
        )
        outbox.notify(db, "call", call_id)
        return True

    def _clean_up(self) -> None:
        """Nothing is open or rings here: phones of an earlier run go, what it was ringing is queued again."""
        mine = Call.provider_id.startswith(f"{self._gateway}/", autoescape=True)
        with self._parts.database.transaction() as db:
            db.execute(sa.delete(BrowserPhone).where(BrowserPhone.gateway == self._gateway))
            ringing = db.execute(
                sa.select(OutboundAttempt.id, OutboundAttempt.call_id)
                .join(Call, Call.id == OutboundAttempt.call_id)
                .where(
                    OutboundAttempt.channel == Channel.BROWSER,
                    OutboundAttempt.status == CallStatus.RINGING,
                    Call.status == CallStatus.RINGING,
                    mine,
                )
            ).all()
            for row in ringing:
                self._moved(db, row.id, row.call_id, CallStatus.RINGING, CallStatus.QUEUED)


def _incoming(call: Claimed) -> Out:
    fields = {"call": call.call_id, "from": call.from_number, "purpose": call.purpose, "language": call.language}
    return Out("incoming", fields)
