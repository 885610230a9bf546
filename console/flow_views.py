"""What the pages of the flows show, as frozen values: a panel's digest is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ivr import flow_drafts, publishing
from ivr.flow_diff import FileDiff, diff
from ivr.publishing import NoSuchPublication
from ivr.storm import storm_history, storm_on
from ivr.yaml_source import FlowFault
from models import DraftStatus, FlowDraft, FlowPublication, FlowRevision, PublicationOrigin, StormChange

PAGE = 20
_CURRENT = "current"
_DRAFT = "draft-"


@dataclass(frozen=True, slots=True)
class PublicationRow:
    id: int
    revision: str
    origin: PublicationOrigin
    author: str
    note: str
    at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class DraftRow:
    id: int
    author: str
    changed_by: str
    changed_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Overview:
    """`older`: the number to begin the next page of the history before, None at its end."""

    current: PublicationRow | None
    rows: tuple[PublicationRow, ...]
    drafts: tuple[DraftRow, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class StormShown:
    actor: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class StormRow:
    storm: bool
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DraftView:
    """`fault_lines`: line -> its faults, of the file shown. `changes`: against what is published."""

    id: int
    version: int
    status: DraftStatus
    author: str
    changed_by: str
    changed_at: datetime
    note: str
    files: Mapping[str, str]
    faults: tuple[FlowFault, ...]
    changes: tuple[FileDiff, ...]

    @property
    def fault_counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for fault in self.faults:
            counts[fault.place.file] = counts.get(fault.place.file, 0) + 1
        return counts

    def faults_of(self, name: str) -> list[FlowFault]:
        return [fault for fault in self.faults if fault.place.file == name]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison. `publication` or `draft` is its number, if it is one."""

    name: str
    files: Mapping[str, str]
    publication: int | None = None
    draft: int | None = None
    current: bool = False


def overview(rows: Session, before: int | None) -> Overview:
    current = publishing.current_publication(rows)
    number = current.id if current else 0
    found = publishing.publications(rows, limit=PAGE + 1, before=before)
    shown = tuple(_publication(one, number) for one in found[:PAGE])
    drafts = tuple(
        DraftRow(one.id, one.author, one.changed_by, one.changed_at, one.note) for one in flow_drafts.drafts(rows)
    )
    older = shown[-1].id if len(found) > PAGE else None
    return Overview(_publication(current, number) if current else None, shown, drafts, older)


def draft_view(rows: Session, draft: FlowDraft, faults: Sequence[FlowFault]) -> DraftView:
    current = publishing.current_publication(rows)
    published = current.revision.files if current else {}
    return DraftView(
        draft.id, draft.version, draft.status, draft.author, draft.changed_by, draft.changed_at, draft.note,
        dict(sorted(draft.files.items())), tuple(faults), diff(published, draft.files),
    )  # fmt: skip


def side(rows: Session, name: str) -> Side:
    """`name`: "current", a publication's number, or "draft-3". Raises publishing.PublishingError."""
    if name.startswith(_DRAFT) and name.removeprefix(_DRAFT).isdigit() and len(name) < 16:
        draft = flow_drafts.draft(rows, int(name.removeprefix(_DRAFT)))
        return Side(name, draft.files, draft=draft.id)
    current = publishing.current_publication(rows)
    if name == _CURRENT:
        if current is None:
            raise NoSuchPublication("nothing is published yet")
        found = current
    else:
        found = publishing.publication_named(rows, name)
    files = rows.get_one(FlowRevision, found.revision_id).files
    return Side(str(found.id), files, publication=found.id, current=bool(current and current.id == found.id))


def storm_shown(rows: Session) -> StormShown | None:
    change = storm_on(rows)
    return None if change is None else StormShown(change.actor, change.reason, change.at)


def storm_rows(rows: Session) -> tuple[StormRow, ...]:
    return tuple(_storm_row(change) for change in storm_history(rows, PAGE))


def _storm_row(change: StormChange) -> StormRow:
    return StormRow(change.storm, change.actor, change.reason, change.at)


def _publication(one: FlowPublication, current: int) -> PublicationRow:
    return PublicationRow(one.id, one.revision_id, one.origin, one.author, one.note, one.at, one.id == current)
