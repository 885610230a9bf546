"""What a request may use: the settings, the database, the time. Set by `web.init_app`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol, cast

from flask import current_app

from database import Database
from ivr.flow_store import FlowStore
from settings import Settings


class Parts(Protocol):
    """The parts of the Hotline that pages need."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    @property
    def flows(self) -> FlowStore: ...


def parts() -> Parts:
    return cast(Parts, current_app.extensions["hotline"])


def settings() -> Settings:
    return parts().settings


def database() -> Database:
    return parts().database


def now() -> datetime:
    return datetime.now(UTC)
