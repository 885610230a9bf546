"""`hotline user`: people who sign in to the console."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from models import Role, User, new_id
from settings import Place

SHORTEST_PASSWORD = 10
_TELEPHONE = re.compile(r"sips?:[^\s@<>]+@[^\s@<>]+|\+?[0-9*#]{2,20}")

password_option = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when not given."
)


@click.group()
def user() -> None:
    """Add people who sign in, and set passwords."""


@user.command()
@click.argument("username")
@click.option("--name", prompt="Full name", help="As colleagues know them.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.AGENT.value, show_default=True)
@click.option("--language", default="en", show_default=True, help="Language of their pages.")
@password_option
@click.pass_obj
def add(place: Place, username: str, name: str, role: str, language: str, password: str) -> None:
    """Add somebody who signs in as USERNAME."""
    hashed = _hash(password)
    with _transaction(place) as session:
        if _find(session, username) is not None:
            raise click.ClickException(f"there is a user {username} already; `hotline user password {username}`")
        session.add(User(username=username, name=name, role=Role(role), language=language, password_hash=hashed))
    click.echo(f"{username} may sign in now.")


@user.command()
@click.argument("username")
@password_option
@click.pass_obj
def password(place: Place, username: str, password: str) -> None:
    """Set a new password for USERNAME, who is signed out everywhere."""
    hashed = _hash(password)
    with _transaction(place) as session:
        found = _find(session, username)
        if found is None:
            raise click.ClickException(f"there is no user {username}; `hotline user list` shows all")
        found.password_hash, found.session_salt = hashed, new_id()
    click.echo(f"{username} has a new password and is signed out everywhere.")


@user.command()
@click.argument("username")
@click.argument("address", required=False)
@click.option("--none", "removed", is_flag=True, help="They have none any more.")
@click.pass_obj
def telephone(place: Place, username: str, address: str | None, removed: bool) -> None:
    """Say where the telephone on the desk of USERNAME rings: ADDRESS is sip:USER@HOST[:PORT], or an extension that the
    SIP trunk or PBX knows. Who has one may take calls on it instead of in the browser."""
    if (address is None) == (not removed):
        raise click.UsageError("give an address, or --none")
    if address is not None and not _TELEPHONE.fullmatch(address):
        raise click.ClickException(
            f"{address!r} is no telephone: write sip:200@pbx.example.org, or an extension like 200"
        )
    with _transaction(place) as session:
        found = _find(session, username)
        if found is None:
            raise click.ClickException(f"there is no user {username}; `hotline user list` shows all")
        found.sip_address = address
    click.echo(f"{username} has no telephone now." if address is None else f"{username} can be rung at {address}.")


@user.command("list")
@click.pass_obj
def list_users(place: Place) -> None:
    """Show everybody who may sign in."""
    with _transaction(place) as session:
        for found in session.scalars(sa.select(User).order_by(User.username)):
            more = f"  {found.sip_address}" if found.sip_address else ""
            more += "" if found.active else "  (inactive)"
            click.echo(f"{found.username:<16} {found.role.value:<12} {found.name}{more}")


@contextmanager
def _transaction(place: Place) -> Iterator[Session]:
    from database import Database

    database = Database(place.settings().database_url)
    try:
        with database.transaction() as session:
            yield session
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as problem:
        hint = "is it migrated? `hotline db migrate`"
        raise click.ClickException(f"the database cannot be used: {problem.orig} ({hint})") from None
    finally:
        database.dispose()


def _find(session: Session, username: str) -> User | None:
    return session.scalar(sa.select(User).where(User.username == username))


def _hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise click.ClickException(f"a password has at least {SHORTEST_PASSWORD} characters")
    return PasswordHasher().hash(password)
