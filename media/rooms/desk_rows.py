"""The rows behind agents' lines and their calls: leases, who waits, who talks with whom.

Everything that two processes could do at once is a compare-and-set. All of it is to be called in threads.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import outbox
from media.parts import GatewayParts
from media.rooms.staff import JoinRefused, NoSuchUser, Staff
from models import AgentLine, Call, CallLeg, CallStatus, Direction, Gateway, LegMode, LineState, Role, User

AT_WORK = (LineState.READY, LineState.TALKING)
LOST = ("connection lost", "the hotline was restarted", "not at work any more")
"""Ends of a leg with which the caller is back at the head of the line; the same agent may have the call back."""


@dataclass(frozen=True, slots=True)
class Place:
    """The process that carries a call."""

    gateway: str
    url: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of ours as its row says; `offered` is a call that another agent offers to it. `role`: of its user now,
    None for one who is not active any more."""

    state: LineState
    offered: str | None
    role: Role | None


class DeskRows:
    """`gateway`: the name of this process."""

    def __init__(self, parts: GatewayParts, gateway: str) -> None:
        self._parts = parts
        self._database = parts.database
        self.gateway = gateway

    # --- lines

    def staff(self, user_id: int, role: Role) -> Staff:
        """Raises NoSuchUser for somebody who is gone, or whose role is another by now."""
        with self._database.reading() as db:
            user = db.get(User, user_id)
        if user is None or not user.active or user.role is not role:
            raise NoSuchUser("you may not be on the line any more; sign in again")
        return Staff(user.id, user.username, user.name, user.role, user.sip_address)

    def line_up(self, user_id: int, kind: str) -> str:
        """A line of this user, away. Whatever line they had anywhere is theirs no more. Returns its id."""
        now = self._parts.clock()
        with self._database.transaction() as db:
            db.execute(sa.delete(AgentLine).where(AgentLine.user_id == user_id))
            line = AgentLine(
                user_id=user_id, gateway=self.gateway, kind=kind, state=LineState.AWAY, since=now,
                expires_at=self._lease(now),
            )  # fmt: skip
            db.add(line)
            outbox.notify(db, "line", user_id)
            db.flush()
            return line.id

    def line_down(self, line_id: str) -> None:
        with self._database.transaction() as db:
            db.execute(sa.delete(AgentLine).where(AgentLine.id == line_id))
            outbox.notify(db, "line", line_id)

    def renew(self, line_ids: Collection[str]) -> None:
        now = self._parts.clock()
        with self._database.transaction() as db:
            db.execute(sa.update(AgentLine).where(AgentLine.id.in_(line_ids)).values(expires_at=self._lease(now)))
            db.execute(sa.delete(AgentLine).where(AgentLine.expires_at < now - timedelta(hours=1)))

    def set_line(self, line_id: str, state: LineState, kind: str, call_id: str | None = None) -> None:
        with self._database.transaction() as db:
            values = {"state": state, "kind": kind, "call_id": call_id, "since": self._parts.clock()}
            db.execute(sa.update(AgentLine).where(AgentLine.id == line_id).values(values))
            outbox.notify(db, "line", line_id)

    def lines(self, line_ids: Collection[str]) -> dict[str, LineRow]:
        """Those of `line_ids` that are still lines: one that is missing was taken over elsewhere."""
        with self._database.reading() as db:
            found = db.execute(
                sa.select(AgentLine.id, AgentLine.state, AgentLine.call_id, User.role, User.active)
                .join(User, User.id == AgentLine.user_id)
                .where(AgentLine.id.in_(line_ids))
            )
            return {
                row.id: LineRow(
                    row.state, row.call_id if row.state is LineState.READY else None, row.role if row.active else None
                )
                for row in found.all()
            }

    # --- an agent takes a call

    def claim(self, call_id: str, user_id: int, line_id: str) -> Place:
        """Makes a waiting call this agent's, and their line busy. Raises JoinRefused: another was first, or it is
        over."""
        with self._database.transaction() as db:
            place = self._place(db, call_id)
            taken = db.execute(
                sa.update(Call)
                .where(
                    Call.id == call_id, Call.agent_id.is_(None), Call.waiting_since.is_not(None),
                    Call.status == CallStatus.IN_PROGRESS,
                )
                .values(agent_id=user_id)
            )  # fmt: skip
            if _rows(taken) != 1:
                raise JoinRefused("taken", "another agent was first, or the caller does not wait any more")
            if not self._busy(db, line_id, call_id, (LineState.READY, LineState.AWAY)):
                raise JoinRefused("talking", "your line is not free")
            outbox.notify(db, "call", call_id)
            return place

    def accept(self, call_id: str, line_id: str) -> Place:
        """An offered call: the line is busy with it from now on. Raises JoinRefused when it is offered no more."""
        with self._database.transaction() as db:
            place = self._place(db, call_id)
            if not self._busy(db, line_id, call_id, (LineState.READY,), offered=True):
                raise JoinRefused("not_ringing", "this call does not ring here any more")
            return place

    def unclaim(self, call_id: str, user_id: int) -> None:
        """The agent could not join after all: the call waits on."""
        with self._database.transaction() as db:
            db.execute(sa.update(Call).where(Call.id == call_id, Call.agent_id == user_id).values(agent_id=None))
            outbox.notify(db, "call", call_id)

    def place_of(self, call_id: str) -> Place:
        """Raises JoinRefused for a call that no media process of ours carries."""
        with self._database.reading() as db:
            return self._place(db, call_id)

    def sip_process(self) -> str | None:
        """Where telephones on desks are rung from; None when no process speaks SIP."""
        with self._database.reading() as db:
            alive = sa.select(Gateway.url).where(Gateway.kind == "sip", Gateway.expires_at > self._parts.clock())
            return db.scalar(alive.order_by(Gateway.name).limit(1))

    def may_come_back_to(self, user_id: int, within_s: float) -> str | None:
        """The call whose agent this user was when their connection was lost just now, if nobody has taken it since."""
        since = self._parts.clock() - timedelta(seconds=within_s)
        with self._database.reading() as db:
            return db.scalar(
                sa.select(Call.id)
                .join(CallLeg, CallLeg.call_id == Call.id)
                .where(
                    CallLeg.user_id == user_id, CallLeg.mode == LegMode.TALK, CallLeg.left_at >= since,
                    CallLeg.end_reason.in_(LOST), Call.status == CallStatus.IN_PROGRESS, Call.agent_id.is_(None),
                    Call.waiting_since.is_not(None),
                )
                .order_by(CallLeg.id.desc())
                .limit(1)
            )  # fmt: skip

    # --- an agent offers their call to another

    def offer(self, call_id: str, username: str) -> tuple[int, str]:
        """Makes the line of `username` ring. Returns the ids of user and line. Raises JoinRefused."""
        with self._database.transaction() as db:
            line = db.execute(
                sa.select(AgentLine.id, AgentLine.user_id)
                .join(User, User.id == AgentLine.user_id)
                .where(User.username == username, AgentLine.expires_at > self._parts.clock())
            ).one_or_none()
            if line is None:
                raise JoinRefused("not_at_work", f"'{username}' is not on the line now")
            offered = db.execute(
                sa.update(AgentLine)
                .where(AgentLine.id == line.id, AgentLine.state == LineState.READY, AgentLine.call_id.is_(None))
                .values(call_id=call_id)
            )
            if _rows(offered) != 1:
                raise JoinRefused("busy", f"'{username}' is busy or away")
            outbox.notify(db, "line", line.id)
            return line.user_id, line.id

    def still_offered(self, call_id: str, line_id: str) -> bool:
        with self._database.reading() as db:
            row = db.execute(sa.select(AgentLine.call_id).where(AgentLine.id == line_id)).one_or_none()
        return row is not None and row.call_id == call_id

    def withdraw(self, call_id: str, line_id: str) -> bool:
        """The offer is over: declined, not answered in time, or the call is. False when it has been accepted."""
        with self._database.transaction() as db:
            withdrawn = db.execute(
                sa.update(AgentLine)
                .where(AgentLine.id == line_id, AgentLine.call_id == call_id, AgentLine.state == LineState.READY)
                .values(call_id=None)
            )
            outbox.notify(db, "line", line_id)
            return _rows(withdrawn) == 1

    # --- who talks

    def agent_of(self, call_id: str) -> int | None:
        with self._database.reading() as db:
            return db.scalar(sa.select(Call.agent_id).where(Call.id == call_id))

    def agent_name(self, call_id: str) -> tuple[str, str]:
        """Username and name of who talks with the caller, "" for nobody."""
        with self._database.reading() as db:
            names = sa.select(User.username, User.name).join(Call, Call.agent_id == User.id).where(Call.id == call_id)
            found = db.execute(names).one_or_none()
            return (found.username, found.name) if found is not None else ("", "")

    def agent_is(self, call_id: str, user_id: int | None) -> None:
        """Who talks with the caller now. None: they are back at the head of the line."""
        with self._database.transaction() as db:
            db.execute(
                sa.update(Call)
                .where(Call.id == call_id, Call.status == CallStatus.IN_PROGRESS)
                .values(agent_id=user_id)
            )
            outbox.notify(db, "call", call_id)

    # --- after a death

    def clean_up(self) -> None:
        """At a start: nobody is on the line here, and what an earlier run had joined is joined no more."""
        now = self._parts.clock()
        mine = sa.select(Call.id).where(Call.gateway == self.gateway)
        with self._database.transaction() as db:
            db.execute(sa.delete(AgentLine).where(AgentLine.gateway == self.gateway))
            db.execute(
                sa.update(CallLeg)
                .where(CallLeg.left_at.is_(None), CallLeg.call_id.in_(mine))
                .values(left_at=now, end_reason=LOST[1])
            )
            db.execute(
                sa.update(Call)
                .where(Call.gateway == self.gateway, Call.status == CallStatus.IN_PROGRESS, Call.agent_id.is_not(None))
                .values(agent_id=None)
            )
            db.execute(
                sa.update(Call)
                .where(
                    Call.gateway == self.gateway, Call.status == CallStatus.IN_PROGRESS,
                    Call.waiting_since.is_not(None),
                )
                .values(away_since=now)
            )  # fmt: skip

    # --- inside

    def _busy(
        self, db: Session, line_id: str, call_id: str, before: Collection[LineState], *, offered: bool = False
    ) -> bool:
        free = sa.and_(AgentLine.call_id == call_id) if offered else sa.true()
        values: dict[str, Any] = {"state": LineState.TALKING, "call_id": call_id, "since": self._parts.clock()}
        taken = db.execute(
            sa.update(AgentLine)
            .where(AgentLine.id == line_id, AgentLine.state.in_(before), free)
            .values(values)
        )  # fmt: skip
        outbox.notify(db, "line", line_id)
        return _rows(taken) == 1

    def _place(self, db: Session, call_id: str) -> Place:
        found = db.execute(
            sa.select(Gateway.name, Gateway.url)
            .join(Call, Call.gateway == Gateway.name)
            .where(
                Call.id == call_id, Call.status == CallStatus.IN_PROGRESS, Gateway.expires_at > self._parts.clock()
            )
        ).one_or_none()  # fmt: skip
        if found is None:
            raise JoinRefused("no_such_call", "this call is over, or its sound does not run through the hotline")
        return Place(found.name, found.url)

    def _lease(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._parts.limits.phone_lease_s)


def caller_number() -> sa.ColumnElement[str]:
    """Of the far end, whoever rang whom."""
    return sa.case((Call.direction == Direction.INBOUND, Call.from_number), else_=Call.to_number)


def _rows(result: sa.Result[Any]) -> int:
    return int(result.rowcount)  # type: ignore[attr-defined]
