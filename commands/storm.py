"""`hotline storm ...`: storm mode on and off, for every process at its next turn."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from commands.parts import installation, operator
from ivr.storm import storm_history, storm_on, switch
from models import StormChange
from settings import Place, Settings


@click.group()
def storm() -> None:
    """Switch storm mode on or off: callers are served by the flows that shared.yaml names under `storm`."""


@storm.command()
@click.option("--reason", required=True, help="Why; it is kept with your name.")
@click.pass_obj
def on(place: Place, reason: str) -> None:
    """Switch it on."""
    _switch(place.settings(), True, reason)


@storm.command()
@click.option("--reason", default="", help="Why; it is kept with your name.")
@click.pass_obj
def off(place: Place, reason: str) -> None:
    """Switch it off."""
    _switch(place.settings(), False, reason)


@storm.command()
@click.pass_obj
def status(place: Place) -> None:
    """Say whether it is on, since when and why."""
    settings = place.settings()
    with installation(settings) as database, database.reading() as session:
        change = storm_on(session)
    click.echo("storm mode is off" if change is None else f"storm mode is on: {_line(change, settings)}")


@storm.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.pass_obj
def history(place: Place, limit: int) -> None:
    """Who switched it, when and why; the newest first."""
    settings = place.settings()
    with installation(settings) as database, database.reading() as session:
        changes = storm_history(session, limit)
    for change in changes:
        click.echo(f"{'on ' if change.storm else 'off'}  {_line(change, settings)}")


def _switch(settings: Settings, wanted: bool, reason: str) -> None:
    try:
        with installation(settings) as database, database.transaction() as session:
            change = switch(session, wanted, actor=operator(), reason=reason, now=datetime.now(UTC))
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    word = "on" if wanted else "off"
    click.echo(f"storm mode is {word} already" if change is None else f"storm mode is {word}, from the next turn on")


def _line(change: StormChange, settings: Settings) -> str:
    at = change.at.astimezone(ZoneInfo(settings.utility.time_zone))
    return f"{at:%Y-%m-%d %H:%M}  {change.actor}  {change.reason}".rstrip()
