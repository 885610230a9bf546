"""Who and where: customers by number, accounts by number, addresses as they are read out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from models import Account, Customer, CustomerPhone

_CJK: Final = re.compile(r"[\u4e00-\u9fff]")
_CHINESE_DETAIL: Final = re.compile(r"[0-9０-９]|[一二三四五六七八九十]+(?=[号栋幢座单楼室弄组队])")
_HOUSE_NUMBER: Final = re.compile(r"^(?:no\.?\s*)?\d+[a-z]?(?:[-/]\d+[a-z]?)?\s+(?=\D)", re.IGNORECASE)


def customer_of_number(session: Session, number: str) -> Customer | None:
    """The only customer who calls from `number` (E.164). `None` for nobody and for several: we must not guess."""
    statement = (
        sa.select(Customer)
        .join(CustomerPhone, CustomerPhone.customer_id == Customer.id)
        .where(CustomerPhone.number == number)
        .distinct()
        .limit(2)
    )
    found = session.scalars(statement).all()
    return found[0] if len(found) == 1 else None


def account_of_customer(session: Session, customer_id: int) -> Account | None:
    """The customer's oldest account with its premise: the one meant unless they say otherwise."""
    statement = (
        sa.select(Account)
        .options(joinedload(Account.premise))
        .where(Account.customer_id == customer_id)
        .order_by(Account.id)
        .limit(1)
    )
    return session.scalar(statement)


def account_by_number(session: Session, number: str) -> Account | None:
    return session.scalar(sa.select(Account).options(joinedload(Account.premise)).where(Account.number == number))


def address_in(address: Mapping[str, Any], language: str) -> str:
    """`address` (language -> text) in `language`, else in any language it is known in, else ""."""
    return str(address.get(language) or next(iter(address.values()), ""))


def street_of(address: str) -> str:
    """The part of an address that may be said to somebody unknown: street and place, no house, building or flat.

    Errs on the side of silence: a part with a number that is not plainly a house number before a street is left out.
    """
    if _CJK.search(address):
        return _CHINESE_DETAIL.split(address, maxsplit=1)[0].strip()
    parts = (_HOUSE_NUMBER.sub("", part.strip()) for part in address.split(","))
    return ", ".join(part for part in parts if part and not any(sign.isdigit() for sign in part))
