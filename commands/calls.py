"""`hotline calls ...`: look at calls."""

from __future__ import annotations

import click
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from database import Database
from ivr.timeline import TimelineEntry, timeline, turns_expired
from models import Call
from settings import Place


@click.group()
def calls() -> None:
    """Look at calls."""


@calls.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.pass_context
def list_(context: click.Context, limit: int) -> None:
    """The newest calls."""
    with _database(context).reading() as session:
        rows = session.scalars(sa.select(Call).order_by(Call.started_at.desc(), Call.id.desc()).limit(limit)).all()
    for row in rows:
        began = row.started_at.isoformat(timespec="seconds")
        how = f"{row.channel.value:8} {row.direction.value:9} {row.from_number:>15}"
        click.echo(f"{row.id}  {began}  {how}  {row.status.value}")


@calls.command()
@click.argument("call_id", metavar="ID")
@click.pass_context
def show(context: click.Context, call_id: str) -> None:
    """The timeline of a call. ID may be its beginning, if no other call begins so."""
    with _database(context).reading() as session:
        found = session.scalars(
            sa.select(Call)
            .where(Call.id.startswith(call_id, autoescape=True))
            .options(selectinload(Call.turns), selectinload(Call.recordings))
            .limit(2)
        ).all()
    if len(found) != 1:
        raise click.ClickException(f"{'no call' if not found else 'more than one call'} begins with '{call_id}'")
    call = found[0]
    numbers = f"{call.from_number} -> {call.to_number}"
    click.echo(f"{call.id}  {call.direction.value} {call.channel.value}  {numbers}  {call.status.value}")
    began = call.started_at
    for entry in timeline(call, call.turns):
        click.echo(f"{(entry.at - began).total_seconds():8.1f} s  {entry.kind.value:11} {described(entry)}")
    if turns_expired(call, call.turns):
        click.echo("what was said and keyed has been deleted: its time was over (recordings.keep_days)")
    for recording in call.recordings:
        where = recording.path or recording.remote_url or ""
        click.echo(f"recording {recording.id}: {recording.seconds:.1f} s, {recording.status.value}, {where}")


def described(entry: TimelineEntry) -> str:
    """One line of what happened: only what the entry has."""
    confidence = f"{entry.confidence:.2f}" if entry.confidence is not None else ""
    took = f"{entry.took_us / 1000:.1f} ms" if entry.took_us is not None else ""
    seconds = f"{entry.seconds:.1f} s" if entry.seconds is not None else ""
    values = " ".join(f"{name}={value}" for name, value in entry.values.items())
    parts = (entry.by, entry.text, entry.verdict, entry.option, confidence, values, took, seconds, entry.recording_id)
    return "  ".join(part for part in parts if part)


def _database(context: click.Context) -> Database:
    place: Place = context.obj
    settings = place.settings()
    return Database(settings.database_url)
