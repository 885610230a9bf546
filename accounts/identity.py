"""The check before anything private is spoken: account number and query password (PIN).

Five wrong passwords in a row lock the account for half an hour, also against the right one. A number that no account
has is answered in the same words and, on the same call, after the same count; the hash is computed either way, so
that the time taken tells nothing.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from database import locked
from models import Account, Call

WRONG_BEFORE_LOCK: Final = 5
LOCKED_FOR: Final = timedelta(minutes=30)

# OWASP's least argon2id setting: a turn may hold SQLite's only write lock meanwhile, and a PIN's strength is the lock.
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

_VERIFIED: Final = "verified_account"
_UNKNOWN: Final = "unknown_account_checks"


class Verdict(enum.StrEnum):
    VERIFIED = "verified"
    WRONG = "wrong"
    LOCKED = "locked"


class NotVerified(Exception):
    """A private fact was asked for on a call that has not proved whose account it is."""

    def __init__(self) -> None:
        super().__init__("this call has not been verified for that account")


def hash_pin(pin: str) -> str:
    return _hasher.hash(pin)


def check_pin(session: Session, call: Call, account_number: str, pin: str, now: datetime) -> Verdict:
    """Verifies `pin` and remembers a success on `call`; counts and locks on failure. Never commits."""
    account = session.scalar(locked(session, sa.select(Account).where(Account.number == account_number)))
    if account is None:
        return _check_unknown(call, account_number, pin)
    if account.identity_locked_until is not None:
        if account.identity_locked_until > now:
            return Verdict.LOCKED
        account.identity_locked_until = None
        account.failed_identity_checks = 0
    if _fits(account.pin_hash, pin):
        account.failed_identity_checks = 0
        call.customer_id = account.customer_id
        call.variables = {**call.variables, _VERIFIED: account_number}
        return Verdict.VERIFIED
    account.failed_identity_checks += 1
    if account.failed_identity_checks < WRONG_BEFORE_LOCK:
        return Verdict.WRONG
    account.identity_locked_until = now + LOCKED_FOR
    return Verdict.LOCKED


def require_verified(call: Call, account_number: str) -> None:
    """Raises NotVerified unless `call` has proved that it may hear about `account_number`."""
    if not is_verified(call, account_number):
        raise NotVerified


def is_verified(call: Call, account_number: str) -> bool:
    return bool(account_number) and call.variables.get(_VERIFIED) == account_number


def _check_unknown(call: Call, account_number: str, pin: str) -> Verdict:
    _fits(_decoy_hash(), pin)
    checks = dict(call.variables.get(_UNKNOWN, {}))
    checks[account_number] = checks.get(account_number, 0) + 1
    call.variables = {**call.variables, _UNKNOWN: checks}
    return Verdict.WRONG if checks[account_number] < WRONG_BEFORE_LOCK else Verdict.LOCKED


def _fits(pin_hash: str, pin: str) -> bool:
    try:
        return _hasher.verify(pin_hash, pin)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _decoy_hash() -> str:
    return hash_pin("no account has this")
