"""`hotline db`: the schema."""

from __future__ import annotations

import click

from settings import Place


@click.group()
def db() -> None:
    """Bring the database up to date."""


@db.command()
@click.pass_obj
def migrate(place: Place) -> None:
    """Bring the database up to date. Safe to run from several machines at once."""
    from sqlalchemy.exc import OperationalError

    import migrations
    from database import Database

    database = Database(place.settings().database_url)
    try:
        changed = migrations.upgrade(database)
    except OperationalError as problem:
        raise click.ClickException(f"the database cannot be used: {problem.orig}") from None
    finally:
        database.dispose()
    click.echo(f"{'Brought up' if changed else 'It was up'} to date: revision {migrations.head()}")
