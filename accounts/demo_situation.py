"""What is going on in the demo county when it is loaded: a fault, planned work next week, a supply cut off, an
application under way. Times are counted from the loading.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Account, Outage, OutageKind, Ticket, TicketEvent, TicketStage, TicketType, User

OUT_NOW: Final = ("1000571063", "1000571071")
OUT_NEXT_WEEK: Final = ("1000571022", "1000571055")  # one of them on life support
CUT_OFF: Final = "1000571080"
APPLIED: Final = "1000571039"

_HALF_HOUR: Final = timedelta(minutes=30)


def add_situation(session: Session, now: datetime) -> None:
    """Never commits. Needs the demo customers."""
    began = _half_hour(now) - timedelta(hours=1)
    session.add(
        Outage(
            kind=OutageKind.FAULT,
            area={"en": "parts of Chengguan and Qingshui", "zh-CN": "城关镇、清水镇部分区域"},
            cause={"en": "a damaged cable", "zh-CN": "电缆受损"},
            starts_at=began,
            expected_end_at=began + timedelta(hours=5),
            premises=[_account(session, number).premise for number in OUT_NOW],
        )
    )
    work = _half_hour(now) + timedelta(days=6)
    session.add(
        Outage(
            kind=OutageKind.PLANNED,
            area={"en": "the east of Shiqiao and Chengguan", "zh-CN": "石桥镇和城关镇东片"},
            cause={"en": "the replacement of old lines", "zh-CN": "老旧线路改造"},
            starts_at=work,
            expected_end_at=work + timedelta(hours=4),
            premises=[_account(session, number).premise for number in OUT_NEXT_WEEK],
        )
    )
    _account(session, CUT_OFF).cut_off_at = now - timedelta(days=2)
    _apply(session, now - timedelta(days=3))


def _apply(session: Session, at: datetime) -> None:
    """A change of name that an agent has taken."""
    account = _account(session, APPLIED)
    agent = session.scalar(sa.select(User.id).where(User.username == "tom"))
    ticket = Ticket(
        type=TicketType.APPLICATION,
        stage=TicketStage.CLAIMED,
        subject="Change of name",
        details={"name": "Ruth Foster"},
        language=account.customer.language,
        callback_number=account.customer.phones[0].number,
        customer_id=account.customer_id,
        account_id=account.id,
        dedupe_key="demo/application",
        assignee_id=agent,
        claimed_at=at + _HALF_HOUR,
        created_at=at,
        queued_at=at,
    )
    session.add(ticket)
    session.flush()
    session.add(TicketEvent(ticket_id=ticket.id, kind="opened", actor="caller", at=at))
    session.add(TicketEvent(ticket_id=ticket.id, kind="claimed", actor="tom", at=at + _HALF_HOUR))


def _account(session: Session, number: str) -> Account:
    return session.scalars(sa.select(Account).where(Account.number == number)).one()


def _half_hour(moment: datetime) -> datetime:
    """The last full half hour, as people would name a time."""
    return moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
