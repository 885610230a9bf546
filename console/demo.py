"""What the pages show only while demo data is loaded: who can sign in, and what to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from accounts.demo import MARKER, PASSWORD
from models import Installation, Role, User

_USERNAMES: Final = ("mei", "tom", "li", "sun", "admin")


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    username: str
    name: str
    role: Role
    password: str = PASSWORD


def demo_loaded(rows: Session) -> bool:
    return rows.get(Installation, MARKER) is not None


def demo_sign_ins(rows: Session) -> list[DemoSignIn]:
    """The demo's users, agents first; none when the demo is not loaded."""
    if not demo_loaded(rows):
        return []
    users = rows.scalars(sa.select(User).where(User.username.in_(_USERNAMES), User.active).order_by(User.id))
    order = list(Role)
    return sorted(
        (DemoSignIn(user.username, user.name, user.role) for user in users), key=lambda one: order.index(one.role)
    )
