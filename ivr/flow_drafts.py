"""Flow files somebody is changing before they are published. A draft may have faults; `FlowStore.check` finds them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

import outbox
from database import locked
from ivr.publishing import LONGEST_NOTE, TOPIC, PublishingError
from models import DraftStatus, FlowDraft, FlowPublication

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}\.yaml")
LONGEST_FILE = 500_000  # signs
MOST_FILES = 500


class NoSuchDraft(PublishingError):
    """There is no draft of that number."""


class DraftClosed(PublishingError):
    """It was published or discarded."""

    def __init__(self, draft: FlowDraft) -> None:
        super().__init__(f"draft {draft.id} is {draft.status.value}")
        self.status = draft.status


class DraftChanged(PublishingError):
    """Somebody else saved it meanwhile."""

    def __init__(self, draft: FlowDraft) -> None:
        super().__init__(f"draft {draft.id} was changed by {draft.changed_by} meanwhile")
        self.by = draft.changed_by


def begin_draft(
    session: Session, files: Mapping[str, str], base: str | None, *, author: str, note: str, now: datetime
) -> FlowDraft:
    """`base`: the revision it was begun from, for its diff. Raises PublishingError for bad names and sizes."""
    for name, text in files.items():
        check_file(name, text)
    if len(files) > MOST_FILES:
        raise PublishingError(f"{len(files)} files are more than {MOST_FILES}")
    if len(note) > LONGEST_NOTE:
        raise PublishingError(f"the note has {len(note)} signs; {LONGEST_NOTE} are enough")
    author = author[:80]
    draft = FlowDraft(
        base_revision_id=base, files=dict(files), author=author, note=note.strip(), created_at=now, changed_at=now,
        changed_by=author,
    )  # fmt: skip
    session.add(draft)
    session.flush()
    outbox.notify(session, TOPIC, f"draft-{draft.id}")
    return draft


def drafts(session: Session) -> Sequence[FlowDraft]:
    """Those that are open, changed last first."""
    return session.scalars(
        sa.select(FlowDraft).where(FlowDraft.status == DraftStatus.OPEN).order_by(FlowDraft.changed_at.desc())
    ).all()


def draft(session: Session, draft_id: int) -> FlowDraft:
    """Raises NoSuchDraft."""
    found = session.get(FlowDraft, draft_id)
    if found is None:
        raise NoSuchDraft(f"there is no draft {draft_id}")
    return found


def open_draft(session: Session, draft_id: int, version: int | None = None) -> FlowDraft:
    """For a change: locked. `version`: the one its writer has seen. Raises NoSuchDraft, DraftClosed, DraftChanged."""
    found = session.scalar(locked(session, sa.select(FlowDraft).where(FlowDraft.id == draft_id)))
    if found is None:
        raise NoSuchDraft(f"there is no draft {draft_id}")
    if found.status is not DraftStatus.OPEN:
        raise DraftClosed(found)
    if version is not None and found.version != version:
        raise DraftChanged(found)
    return found


def change_files(draft: FlowDraft, changes: Mapping[str, str | None], *, author: str, now: datetime) -> None:
    """`changes`: name -> new text, or None to take the file out. Raises PublishingError."""
    files = dict(draft.files)
    for name, text in changes.items():
        if text is None:
            files.pop(name, None)
        else:
            check_file(name, text)
            files[name] = text
    if len(files) > MOST_FILES:
        raise PublishingError(f"{len(files)} files are more than {MOST_FILES}")
    draft.files = files
    draft.version += 1
    draft.changed_at, draft.changed_by = now, author[:80]


def close_draft(draft: FlowDraft, publication: FlowPublication | None, *, author: str, now: datetime) -> None:
    """`publication`: what it became; None discards it."""
    draft.status = DraftStatus.DISCARDED if publication is None else DraftStatus.PUBLISHED
    draft.publication_id = None if publication is None else publication.id
    draft.changed_at, draft.changed_by = now, author[:80]


def check_file(name: str, text: str) -> None:
    if not _NAME.fullmatch(name):
        raise PublishingError(f"'{name}' is no name for a flow file: letters, digits, _ and -, then .yaml")
    if len(text) > LONGEST_FILE:
        raise PublishingError(f"{name} has {len(text)} signs; {LONGEST_FILE} are enough")
