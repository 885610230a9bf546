"""Which flows are current, and every older revision a call may still be on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from database import Database
from ivr.flow import FlowSet
from ivr.loader import load, revision_of
from ivr.values import Signature
from models import FlowRevision

SHIPPED = Path(__file__).resolve().parent.parent / "callflows"


class NoSuchRevision(LookupError):
    """A call names a revision of the flows that the database does not have."""


def read_files(folder: Path) -> dict[str, str]:
    """name -> text of every flow file in `folder`. Raises FileNotFoundError where there is none."""
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
    if not files:
        raise FileNotFoundError(f"there are no flows (*.yaml) in {folder}")
    return files


class FlowStore:
    """Holds checked flows by revision. Revisions live in the database; loading one costs once a process."""

    def __init__(
        self,
        database: Database,
        services: Mapping[str, Signature],
        languages: tuple[str, ...],
        utility: Mapping[str, str],
    ) -> None:
        self._database = database
        self._services = services
        self._languages = languages
        self._utility = utility
        self._loaded: dict[str, FlowSet] = {}
        self._lock = threading.Lock()
        self._current: FlowSet | None = None

    @property
    def current(self) -> FlowSet:
        """What a new call begins with. Raises NoSuchRevision before anything was loaded."""
        if self._current is None:
            raise NoSuchRevision("no flows are loaded")
        return self._current

    def check(self, files: Mapping[str, str]) -> FlowSet:
        """Raises FlowError with every fault."""
        return load(files, self._services, self._languages, self._utility)

    def use(self, files: Mapping[str, str], now: datetime) -> FlowSet:
        """Checks `files`, keeps them as a revision and makes them current for this process."""
        flows = self.check(files)
        with self._database.transaction() as session:
            if session.get(FlowRevision, flows.revision) is None:
                session.add(FlowRevision(id=flows.revision, files=dict(files), published_at=now))
        self._loaded[flows.revision] = self._current = flows
        return flows

    def revision(self, revision: str) -> FlowSet:
        flows = self._loaded.get(revision)
        if flows is not None:
            return flows
        with self._lock:
            if revision not in self._loaded:
                self._loaded[revision] = self._from_database(revision)
            return self._loaded[revision]

    def _from_database(self, revision: str) -> FlowSet:
        with self._database.reading() as session:
            files = session.scalar(sa.select(FlowRevision.files).where(FlowRevision.id == revision))
        if files is None:
            raise NoSuchRevision(f"the flows of revision {revision[:12]} are not in the database")
        assert revision_of(files) == revision, "a stored revision was changed"
        return self.check(files)
