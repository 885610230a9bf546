"""The supply of a premise: is it switched off for arrears, does somebody's health depend on it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts import identity
from ivr.services import Outcome, Service, ServiceContext, ValueType
from models import Account, CustomerPhone, Direction

LIFE_SUPPORT_CLASS: Final = "life_support"


def state(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    account = _account(context, inputs["account_number"])
    if account is None or account.cut_off_at is None:
        return Outcome("connected")
    if not _theirs(context, account):
        return Outcome("not_told")
    return Outcome("cut_off", {"owing": account.balance_cents > 0})


def life_support(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    account = _account(context, inputs["account_number"])
    if account is None:
        return Outcome("no")
    if not account.premise.life_support and account.customer.customer_class != LIFE_SUPPORT_CLASS:
        return Outcome("no")
    return Outcome("yes", {"theirs": _theirs(context, account)})


def _account(context: ServiceContext, number: str) -> Account | None:
    statement = sa.select(Account).where(Account.number == number)
    return context.session.scalar(statement.options(joinedload(Account.premise), joinedload(Account.customer)))


def _theirs(context: ServiceContext, account: Account) -> bool:
    """Whether this call is with the customer: from, or to, a number of theirs and no one else's, or verified."""
    call = context.call
    if identity.is_verified(call, account.number):
        return True
    number = call.from_number if call.direction is Direction.INBOUND else call.to_number
    owners = context.session.scalars(
        sa.select(CustomerPhone.customer_id).where(CustomerPhone.number == number).distinct().limit(2)
    ).all()
    return list(owners) == [account.customer_id]


SERVICES: Final = [
    Service(
        "accounts.supply",
        state,
        outcomes=frozenset({"connected", "cut_off", "not_told"}),
        inputs={"account_number": ValueType.ACCOUNT},
        outputs={"owing": ValueType.YES_NO},
        private=frozenset({"owing"}),
        about="Whether the supply is switched off for arrears. not_told: it is, and who calls is not known to be the "
        "customer, so they must not hear it.",
    ),
    Service(
        "accounts.life_support",
        life_support,
        outcomes=frozenset({"yes", "no"}),
        inputs={"account_number": ValueType.ACCOUNT},
        outputs={"theirs": ValueType.YES_NO},
        about="Whether somebody there depends on powered equipment. Speak of it only where it is theirs.",
    ),
]
