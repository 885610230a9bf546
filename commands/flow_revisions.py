"""`hotline flow revisions | draft | diff | publish | rollback`: what new calls begin with, and how it came to."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from app import flow_store
from commands.parts import installation, operator
from ivr import flow_drafts, publishing
from ivr.flow_diff import unified
from ivr.flow_store import read_files
from ivr.loader import FlowError
from ivr.publishing import PublishingError
from models import FlowRevision, PublicationOrigin
from settings import Place, Settings

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.pass_obj
def revisions(place: Place, limit: int) -> None:
    """What was published, when and by whom; the newest first. `*` is what new calls begin with."""
    settings = place.settings()
    zone = ZoneInfo(settings.utility.time_zone)
    with installation(settings) as database, database.reading() as session:
        current = publishing.current_publication(session)
        rows = publishing.publications(session, limit=limit)
        open_drafts = flow_drafts.drafts(session)
    for row in rows:
        mark = "*" if current is not None and row.id == current.id else " "
        at = row.at.astimezone(zone)
        line = f"{mark}{row.id:>5}  {row.revision_id[:12]}  {at:%Y-%m-%d %H:%M}  {row.origin.value:8}  {row.author}"
        click.echo(f"{line}  {row.note}".rstrip())
    for draft in open_drafts:
        at = draft.changed_at.astimezone(zone)
        click.echo(f"draft {draft.id}  {at:%Y-%m-%d %H:%M}  {draft.changed_by}  {draft.note}".rstrip())


@click.command("draft")
@click.argument("folder", required=False, type=_FOLDER)
@click.option("--note", default="", help="What it is for.")
@click.pass_obj
def draft_(place: Place, folder: Path | None, note: str) -> None:
    """Keep the flows of FOLDER (the configured one when not given) as a draft. It may have faults."""
    settings = place.settings()
    files = _read(folder or _configured(settings))
    with installation(settings) as database:
        store = flow_store(settings, database)
        with _explained(), database.transaction() as session:
            current = publishing.current_publication(session)
            made = flow_drafts.begin_draft(
                session, files, current.revision_id if current else None, author=operator(), note=note,
                now=datetime.now(UTC),
            )  # fmt: skip
    click.echo(f"draft {made.id}")
    try:
        store.check(files)
    except FlowError as problem:
        for fault in problem.faults:
            click.echo(str(fault))
        click.echo(f"It has {len(problem.faults)} faults and cannot be published yet.", err=True)


@click.command("diff")
@click.argument("old", required=False, metavar="[A]")
@click.argument("new", required=False, metavar="[B]")
@click.pass_obj
def diff_(place: Place, old: str | None, new: str | None) -> None:
    """What changes from A to B, as a unified diff. Exit status 1 when there is a difference.

    Each is a publication's number, the beginning of a revision, `draft:N`, `current`, or a folder. Without B: from
    A to the configured folder; without both: from what is published to the configured folder.
    """
    settings = place.settings()
    with installation(settings) as database, database.reading() as session, _explained():
        before = _named(session, old or "current")
        after = _named(session, new) if new else _read(_configured(settings))
    text = unified(before, after)
    if not text:
        click.echo("no difference", err=True)
        return
    for line in text.splitlines():
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.echo(click.style(line, fg=colour, bold=line.startswith(("+++", "---"))) if colour else line)
    sys.exit(1)


@click.command()
@click.argument("what", required=False, metavar="[DRAFT|FOLDER]")
@click.option("--note", default="", help="What has changed; it is kept with your name.")
@click.pass_obj
def publish(place: Place, what: str | None, note: str) -> None:
    """Check a draft (by its number) or a folder and let new calls begin with it. Calls under way keep theirs."""
    settings = place.settings()
    now = datetime.now(UTC)
    with installation(settings) as database, _explained():
        store = flow_store(settings, database)
        if what is not None and what.isdigit():
            revision = store.publish_draft(int(what), author=operator(), note=note, now=now).revision
        else:
            folder = Path(what) if what else _configured(settings)
            ours = folder.resolve() == _configured(settings).resolve()
            files = _read(folder)
            with database.reading() as session:
                current = publishing.current_publication(session)
                last = publishing.last_from_folder(session)
            flows = store.check(files)
            if ours and current and last and current.revision_id == flows.revision == last.revision_id:
                raise publishing.AlreadyCurrent(f"revision {flows.revision[:12]} is what new calls begin with already")
            origin = PublicationOrigin.FOLDER if ours else PublicationOrigin.ELSEWHERE
            store.use(files, now, origin=origin, author=operator(), note=note)
            revision = flows.revision
        with database.reading() as session:
            made = publishing.publication_named(session, revision)
    click.echo(f"published: number {made.id}, revision {revision[:12]}. Calls under way keep theirs.")


@click.command()
@click.argument("to", required=False, metavar="[REV]")
@click.option("--note", default="", help="Why; it is kept with your name.")
@click.pass_obj
def rollback(place: Place, to: str | None, note: str) -> None:
    """Publish again what was published before, or REV: a publication's number or the beginning of its revision."""
    settings = place.settings()
    with installation(settings) as database, _explained():
        store = flow_store(settings, database)
        revision = store.roll_back(to, author=operator(), note=note, now=datetime.now(UTC)).revision
        with database.reading() as session:
            made = publishing.publication_named(session, revision)
    click.echo(f"rolled back: number {made.id}, revision {made.revision_id[:12]}, {made.note}")


def _named(session: Session, name: str) -> Mapping[str, str]:
    """The files of what is called so. Raises PublishingError."""
    if name == "current":
        current = publishing.current_publication(session)
        if current is None:
            raise publishing.NoSuchPublication("nothing is published yet")
        return session.get_one(FlowRevision, current.revision_id).files
    if name.startswith("draft:") and name.removeprefix("draft:").isdigit():
        return flow_drafts.draft(session, int(name.removeprefix("draft:"))).files
    if Path(name).is_dir():
        return _read(Path(name))
    return session.get_one(FlowRevision, publishing.publication_named(session, name).revision_id).files


def _configured(settings: Settings) -> Path:
    return settings.flows_folder


def _read(folder: Path) -> dict[str, str]:
    try:
        return read_files(folder)
    except (OSError, UnicodeDecodeError) as problem:
        raise click.ClickException(str(problem)) from problem


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except PublishingError as problem:
        raise click.ClickException(str(problem)) from problem


COMMANDS = (revisions, draft_, diff_, publish, rollback)
