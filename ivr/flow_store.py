"""Which flows are current, and every older revision a call may still be on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from ivr import flow_drafts, publishing
from ivr.flow import FlowSet
from ivr.loader import FlowError, load, revision_of
from ivr.standing import StandingReader
from ivr.values import Signature
from models import FlowRevision, PublicationOrigin

if TYPE_CHECKING:
    from speech.intents import Memory  # slow to import

AT_START = "hotline"  # the author of what a process publishes by itself
_MOST_LOADED = 16
log = structlog.get_logger("flows")


class NoSuchRevision(LookupError):
    """A call names a revision of the flows that the database does not have."""


@dataclass(frozen=True, slots=True)
class NewCallFlows:
    """What a call that begins now begins with."""

    flows: FlowSet
    storm: bool


def read_files(folder: Path) -> dict[str, str]:
    """name -> text of every flow file in `folder`. Raises FileNotFoundError where there is none."""
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
    if not files:
        raise FileNotFoundError(f"there are no flows (*.yaml) in {folder}")
    return files


class FlowStore:
    """Holds checked flows by revision. Revisions live in the database; loading one costs once a process.

    `for_new_call(connection)` is for the start of a call: one look-up by key in the open transaction. A publication
    this process has not loaded yet is loaded beside it, and until that is done (a second at most) calls begin with
    the publication before; no caller waits for it, and no lock is held meanwhile. `current` waits.
    """

    def __init__(
        self,
        database: Database,
        services: Mapping[str, Signature],
        languages: tuple[str, ...],
        utility: Mapping[str, str],
        region: str = "CN",
    ) -> None:
        self.languages = languages
        self.folder_problem = ""  # why the folder on disk is not what is published, when it has faults
        self.prepare: Callable[[FlowSet], None] | None = None  # what is done before calls begin with a publication
        self.memory: Memory | None = None  # of what was learnt of earlier flows
        self._database = database
        self._services = services
        self._utility = utility
        self._region = region
        self._loaded: dict[str, FlowSet] = {}
        self._lock = threading.Lock()
        self._last: FlowSet | None = None
        self._pinned = False
        self._failed: set[str] = set()
        self._loading: set[str] = set()
        self._standing = StandingReader(database.engine.dialect)

    # --- which flows are current

    @property
    def current(self) -> FlowSet:
        """What a new call begins with, as the database says now. Raises NoSuchRevision: nothing was ever published."""
        if not self._pinned:
            with self._database.reading() as session:
                revision = self._standing(session.connection()).revision_id
            if revision is not None and revision not in self._failed:
                try:
                    self._last = self.revision(revision)
                except FlowError as problem:
                    if self._last is None:
                        raise
                    self._cannot_use(revision, problem)
        return self.last_known

    @property
    def last_known(self) -> FlowSet:
        """What this process last found current; does not ask the database. Raises NoSuchRevision."""
        if self._last is None:
            raise NoSuchRevision("no flows are published")
        return self._last

    def for_new_call(self, connection: sa.Connection) -> NewCallFlows:
        """Raises NoSuchRevision before anything was published."""
        standing = self._standing(connection)
        wanted = standing.revision_id
        if wanted is not None and not self._pinned and (self._last is None or self._last.revision != wanted):
            loaded = self._loaded.get(wanted)
            if loaded is not None and wanted not in self._loading:
                self._last = loaded
            elif self._last is None:
                self._last = self.revision(wanted)
            else:
                self._load_beside(wanted)
        return NewCallFlows(self.last_known, standing.storm)

    def follow(self) -> None:
        """Looks whether something else was published, as a new call does: for processes that are idle."""
        with self._database.reading() as session:
            self.for_new_call(session.connection())

    def revision(self, revision: str) -> FlowSet:
        """Raises NoSuchRevision; FlowError for one that this version of the program cannot use any more."""
        flows = self._loaded.get(revision)
        if flows is not None:
            return flows
        with self._lock:
            if revision not in self._loaded:
                self._keep(self._from_database(revision))
            return self._loaded[revision]

    # --- making flows current

    def check(self, files: Mapping[str, str]) -> FlowSet:
        """Raises FlowError with every fault."""
        return load(files, self._services, self.languages, self._utility, self._region)

    def use(
        self,
        files: Mapping[str, str],
        now: datetime,
        *,
        origin: PublicationOrigin = PublicationOrigin.FOLDER,
        author: str = AT_START,
        note: str = "",
    ) -> FlowSet:
        """Checks `files` and publishes them. Raises FlowError, publishing.PublishingError."""
        flows = self.check(files)
        self._publish(flows, files, now, origin, author, note)
        return flows

    def publish_draft(
        self, draft_id: int, *, author: str, note: str, now: datetime, version: int | None = None
    ) -> FlowSet:
        """Checks a draft and publishes it. `version`: the one its author has looked at.

        Raises FlowError, and publishing.PublishingError: no such draft, closed, changed meanwhile, current already.
        """
        with self._database.reading() as session:
            seen = flow_drafts.open_draft(session, draft_id, version)
            files, seen_version = dict(seen.files), seen.version
        flows = self.check(files)  # beside the transaction: it takes a moment, and calls go on
        self.learn(flows)
        with self._database.transaction() as session:
            draft = flow_drafts.open_draft(session, draft_id, seen_version)
            made = publishing.publish(
                session, files, PublicationOrigin.DRAFT, author=author, note=note or draft.note, now=now
            )
            flow_drafts.close_draft(draft, made, author=author, now=now)
        self.took(flows)
        return flows

    def roll_back(self, to: str | None, *, author: str, note: str, now: datetime) -> FlowSet:
        """Publishes an earlier publication again: the one before without `to`, see `publishing.publication_named`.

        Raises publishing.PublishingError; FlowError for one that this version of the program cannot use any more.
        """
        with self._database.reading() as session:
            wanted = publishing.publication_named(session, to) if to else publishing.earlier(session)
        flows = self.revision(wanted.revision_id)
        self.learn(flows)
        with self._database.transaction() as session:
            publishing.roll_back(session, wanted, author=author, note=note, now=now)
        self.took(flows)
        return flows

    def try_out(self, files: Mapping[str, str], now: datetime) -> FlowSet:
        """Checks `files` and makes them current for this process alone, for good. Nothing is published."""
        flows = self.check(files)
        with self._database.transaction() as session:
            publishing.keep_revision(session, files, now)
        self._pinned = True
        self.took(flows)
        return flows

    def took(self, flows: FlowSet) -> None:
        """`flows` were just checked and published by this process: there is no need to load them again."""
        with self._lock:
            self._keep(flows)
            self._last = flows

    def start(self, folder: Path, now: datetime, *, publish: bool = True) -> None:
        """What a process does once at its start: publishes `folder` if it changed since it was last published from.

        With faults in it, what is published stays and `folder_problem` says so; where nothing is published yet they are
        raised: FlowError, or FileNotFoundError without flows. FlowError too when what is published cannot be used.
        """
        with self._database.reading() as session:
            current = publishing.current_publication(session)
        try:
            files = read_files(folder)
            with self._database.reading() as session:
                changed = publishing.folder_changed(session, revision_of(files))
            if changed:
                flows = self.check(files)
                if publish or current is None:
                    replaced = "" if current is None else f"replaces publication {current.id} of {current.author}"
                    self._publish(flows, files, now, PublicationOrigin.FOLDER, AT_START, replaced)
                    log.info("flows published from the folder", folder=str(folder), revision=flows.revision[:12],
                             replaces=None if current is None else current.id)  # fmt: skip
                    return
                log.warning("the folder of flows differs from what is published", folder=str(folder))
        except (FlowError, OSError, UnicodeDecodeError) as problem:
            if current is None:
                raise
            self.folder_problem = f"{folder} is not used: {_first_line(problem)}"
            log.error("the folder of flows has faults; what was published before stays in use", folder=str(folder),
                      publication=current.id, faults=str(problem).splitlines())  # fmt: skip
        if current is not None:
            self._last = self.revision(current.revision_id)

    def _publish(
        self, flows: FlowSet, files: Mapping[str, str], now: datetime, origin: PublicationOrigin, author: str, note: str
    ) -> None:
        """`flows` are `files`, checked. Raises publishing.PublishingError."""
        with self._database.transaction() as session:
            publishing.publish(session, files, origin, author=author, note=note, now=now)
        self.took(flows)

    # --- loading

    def learn(self, flows: FlowSet) -> None:
        """What callers may want, as `flows` has it; not again where `memory` knows it."""
        flows.learn(self.memory)

    def _load_beside(self, revision: str) -> None:
        with self._lock:
            if revision in self._loading or revision in self._failed:
                return
            self._loading.add(revision)

        def work() -> None:
            try:
                flows = self.revision(revision)
                self.learn(flows)
                if self.prepare is not None:
                    self.prepare(flows)
                self._last = flows
                log.info("flows picked up", revision=revision[:12])
            except (FlowError, NoSuchRevision) as problem:
                self._cannot_use(revision, problem)
            except SQLAlchemyError as problem:  # the next call tries again
                log.warning("flows not picked up yet", revision=revision[:12], error=type(problem).__name__)
            finally:
                self._loading.discard(revision)

        threading.Thread(target=work, name=f"flows-{revision[:12]}", daemon=True).start()

    def _cannot_use(self, revision: str, problem: Exception) -> None:
        """Another version of the program published it: this process goes on with what it has."""
        self._failed.add(revision)
        log.error("published flows cannot be used here", revision=revision[:12], faults=str(problem).splitlines())

    def _keep(self, flows: FlowSet) -> None:
        """With the lock held. A call on a revision that is dropped here loads it again."""
        while len(self._loaded) >= _MOST_LOADED:
            self._loaded.pop(next(iter(self._loaded)))
        self._loaded[flows.revision] = flows

    def _from_database(self, revision: str) -> FlowSet:
        with self._database.reading() as session:
            files = session.scalar(sa.select(FlowRevision.files).where(FlowRevision.id == revision))
        if files is None:
            raise NoSuchRevision(f"the flows of revision {revision[:12]} are not in the database")
        assert revision_of(files) == revision, "a stored revision was changed"
        return self.check(files)


def _first_line(problem: Exception) -> str:
    lines = str(problem).splitlines() or [type(problem).__name__]
    return lines[0] + (f" (and {len(lines) - 1} more)" if len(lines) > 1 else "")
