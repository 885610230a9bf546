"""What commands that act on a running installation need: its database, and the name of who typed the command."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

import click

from database import Database
from settings import Settings


def operator() -> str:
    """The operating system's name for who runs this; it is written down as the author."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "command line"


@contextmanager
def installation(settings: Settings) -> Iterator[Database]:
    """Its database; open pages hear of what is committed. Raises ClickException where it is not there yet."""
    import migrations
    from app import tell_redis

    database = Database(settings.database_url)
    path = database.url.database
    if database.is_sqlite and path and not settings.database.url and not (settings.home / "hotline.db").exists():
        raise click.ClickException(f"there is no database in {settings.home} yet; `hotline db migrate` makes it")
    try:
        if migrations.revision(database) != migrations.head():
            raise click.ClickException("the database is not up to date; run `hotline db migrate`")
        redis = tell_redis(settings, database)
        yield database
        if redis is not None:
            redis.close()
    finally:
        database.dispose()
