"""Which flows new calls begin with, and how they came to: publications, one after the other, never changed.

A call keeps the revision it began with (`calls.flow_revision_id`), so publishing and rolling back never touch a call
that is under way. Nothing here checks flows: `FlowStore.check` does, before its caller comes here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

import outbox
from ivr.loader import revision_of
from ivr.standing import locked_standing
from models import FlowPublication, FlowRevision, PublicationOrigin, Standing

TOPIC = "flows"  # of live updates
LONGEST_NOTE = 2000


class PublishingError(Exception):
    """The wish cannot be met; the message says why."""


class NoSuchPublication(PublishingError):
    """There is no publication or revision of that name."""


class AlreadyCurrent(PublishingError):
    """What is wished to be published is what is published."""


def keep_revision(session: Session, files: Mapping[str, str], now: datetime) -> str:
    """Stores `files` if they are not there yet. Returns their revision."""
    revision = revision_of(files)
    if session.get(FlowRevision, revision) is None:
        session.add(FlowRevision(id=revision, files=dict(files), published_at=now))
        session.flush()
    return revision


def publish(
    session: Session,
    files: Mapping[str, str],
    origin: PublicationOrigin,
    *,
    author: str,
    note: str,
    now: datetime,
) -> FlowPublication:
    """`files` have no faults. Raises AlreadyCurrent, and PublishingError for a very long note.

    What comes from the folder is written down even when a draft brought the same flows: "has the folder changed?" is
    asked of it. Two processes that find the same change at once publish it once.
    """
    if len(note) > LONGEST_NOTE:
        raise PublishingError(f"the note has {len(note)} signs; {LONGEST_NOTE} are enough")
    standing = locked_standing(session)
    revision = revision_of(files)
    if standing.revision_id == revision and origin is not PublicationOrigin.FOLDER:
        raise AlreadyCurrent(f"revision {revision[:12]} is what new calls begin with already")
    if origin is PublicationOrigin.FOLDER and standing.revision_id == revision:
        same = last_from_folder(session)
        if same is not None and same.revision_id == revision:
            return same
    keep_revision(session, files, now)
    publication = FlowPublication(revision_id=revision, origin=origin, author=author[:80], note=note.strip(), at=now)
    session.add(publication)
    session.flush()
    standing.publication_id, standing.revision_id = publication.id, revision
    outbox.notify(session, TOPIC, publication.id)
    return publication


def roll_back(
    session: Session, to: FlowPublication | None = None, *, author: str, note: str, now: datetime
) -> FlowPublication:
    """Publishes what `to` published again; without it, what new calls began with before the current revision.

    Raises NoSuchPublication where there is nothing earlier, AlreadyCurrent.
    """
    locked_standing(session)
    if to is None:
        to = earlier(session)
    files = session.get_one(FlowRevision, to.revision_id).files
    return publish(
        session, files, PublicationOrigin.ROLLBACK, author=author, note=note or f"back to publication {to.id}", now=now
    )


def earlier(session: Session) -> FlowPublication:
    """The publication before the current one whose flows differ; after a roll-back it is further back, not forth.

    Raises NoSuchPublication.
    """
    current = current_publication(session)
    found = None
    if current is not None:
        before = current.id
        if current.origin is PublicationOrigin.ROLLBACK:
            same = sa.select(sa.func.min(FlowPublication.id)).where(FlowPublication.revision_id == current.revision_id)
            before = session.scalar(same) or before
        found = session.scalar(
            sa.select(FlowPublication)
            .where(FlowPublication.id < before, FlowPublication.revision_id != current.revision_id)
            .order_by(FlowPublication.id.desc())
            .limit(1)
        )
    if found is None:
        raise NoSuchPublication("there is nothing earlier to go back to")
    return found


def current_publication(session: Session) -> FlowPublication | None:
    return session.scalar(
        sa.select(FlowPublication)
        .join(Standing, Standing.publication_id == FlowPublication.id)
        .options(joinedload(FlowPublication.revision))
    )


def last_from_folder(session: Session) -> FlowPublication | None:
    """What the folder held when it was last published."""
    return session.scalar(
        sa.select(FlowPublication)
        .where(FlowPublication.origin == PublicationOrigin.FOLDER)
        .order_by(FlowPublication.id.desc())
        .limit(1)
    )


def folder_changed(session: Session, revision: str) -> bool:
    """Whether the configured folder, which is `revision` now, has changed since it was last published from.

    False as well for what was published since from a draft that was made of it, or the draft's text copied back: a
    roll-back of that is not undone by a restart.
    """
    last = last_from_folder(session)
    newest = session.scalar(sa.select(sa.func.max(FlowPublication.id)).where(FlowPublication.revision_id == revision))
    return newest is None or last is None or newest < last.id


def publications(session: Session, *, limit: int = 20, before: int | None = None) -> Sequence[FlowPublication]:
    """The newest first; `before` an id, for the next page."""
    wanted = sa.select(FlowPublication).order_by(FlowPublication.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(FlowPublication.id < before)
    return session.scalars(wanted).all()


def publication_named(session: Session, name: str) -> FlowPublication:
    """`name`: its number ("7"), or the beginning of its revision ("3fb2a9"). Raises NoSuchPublication."""
    newest = sa.select(FlowPublication).order_by(FlowPublication.id.desc())
    if name.isdigit() and len(name) < 10:
        by_number = session.get(FlowPublication, int(name))
        if by_number is not None:
            return by_number
    if len(name) >= 4:
        found = session.scalars(
            newest.where(FlowPublication.revision_id.startswith(name.lower(), autoescape=True))
        ).all()
        if len({one.revision_id for one in found}) > 1:
            raise NoSuchPublication(f"more than one revision begins with '{name}'")
        if found:
            return found[0]
    raise NoSuchPublication(f"there is no publication '{name}'; `hotline flow revisions` lists them")
