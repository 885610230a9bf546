"""/livez, /readyz and /metrics, for whoever watches over the hotline.

`readyz` is 200 when and only when a call can be answered. What only makes the hotline poorer (no Redis, no gateway,
nobody to run jobs, a language without ears) is named and does not take it out of service.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Protocol

import sqlalchemy as sa
from flask import Blueprint, Request, Response, jsonify, request
from sqlalchemy.exc import SQLAlchemyError

import metrics
import migrations
from database import Database
from models import Call, CallStatus, Gateway, Job, JobStatus, Ticket, TicketStage
from processes import heartbeat
from settings import Settings
from speech.engines import check, chosen
from speech.recognizers import NO_ENGINE, RecognizerUnavailable

DISK_FLOOR_BYTES = 50 * 1024 * 1024
_REDIS_TIMEOUT_S = 1.0

Network = IPv4Network | IPv6Network


class Parts(Protocol):
    """The parts of the Hotline that are looked at."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def flows(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Check:
    """`needed`: without it no call is answered. `detail` is shown to strangers: no addresses, no messages of others."""

    name: str
    ok: bool
    needed: bool
    detail: str = ""


def checks(parts: Parts) -> list[Check]:
    settings, database = parts.settings, parts.database
    return [
        *_database_checks(database),
        *_flows(parts),
        _disk(settings),
        _redis(settings),
        *_process_checks(database, settings),
        *_trunk(database, settings),
        *_ears(settings),
    ]


def _database_checks(database: Database) -> list[Check]:
    try:
        at = migrations.revision(database)
    except SQLAlchemyError as problem:
        return [Check("database", False, True, type(problem).__name__)]
    newest = at == migrations.head()
    return [
        Check("database", True, True),
        Check("migrations", newest, True, "" if newest else "run `hotline db migrate`"),
    ]


def _flows(parts: Parts) -> list[Check]:
    try:
        revision = parts.flows.last_known.revision
    except LookupError:
        return [Check("flows", False, True, "none are loaded; run `hotline flow check`")]
    found = [Check("flows", True, True, revision[:12])]
    if parts.flows.folder_problem:
        found.append(Check("flow folder", False, False, "has faults and is not used; run `hotline flow check`"))
    return found


def _disk(settings: Settings) -> Check:
    try:
        free = shutil.disk_usage(settings.home).free
    except OSError as problem:
        return Check("disk", False, True, type(problem).__name__)
    return Check("disk", free >= DISK_FLOOR_BYTES, True, f"{free // 2**20} MB free")


def _redis(settings: Settings) -> Check:
    import redis

    if settings.redis.url is None:
        return Check("redis", False, False, "none is configured; jobs wait for the scheduler")
    client = redis.Redis.from_url(
        settings.redis.url,
        socket_timeout=_REDIS_TIMEOUT_S,
        socket_connect_timeout=_REDIS_TIMEOUT_S,
        retry=None,
    )
    try:
        client.ping()
    except (redis.RedisError, OSError) as problem:
        return Check("redis", False, False, type(problem).__name__)
    finally:
        client.close()
    return Check("redis", True, False)


def _process_checks(database: Database, settings: Settings) -> list[Check]:
    try:
        with database.reading() as session:
            ages = heartbeat.ages_s(session, datetime.now(UTC))
    except SQLAlchemyError:
        return []
    found = []
    for kind in ("media", *(["sip"] if settings.sip.enabled else []), "worker", "scheduler"):
        age = ages.get(kind)
        detail = "never seen" if age is None else f"last seen {age:.0f} s ago"
        found.append(Check(kind, age is not None and age < heartbeat.OLD_AFTER_S, False, detail))
    return found


def _trunk(database: Database, settings: Settings) -> list[Check]:
    """Whether a SIP process that is alive says that it can ring telephones."""
    if settings.sip.trunk is None:
        return []
    dials = sa.select(Gateway.name).where(Gateway.dials.is_(True), Gateway.expires_at > datetime.now(UTC))
    try:
        with database.reading() as session:
            up = session.scalar(dials.limit(1)) is not None
    except SQLAlchemyError:
        return []
    return [Check("sip trunk", up, False, "" if up else "not registered, not reachable, or no SIP process runs")]


def _ears(settings: Settings) -> list[Check]:
    """What can be told from the files: a hotline that hears nobody still answers."""
    return [
        Check(f"recognizer {language}", False, False, "callers use the keypad")
        for language in settings.speech.voices
        if not _heard(settings, language)
    ]


def _heard(settings: Settings, language: str) -> bool:
    ears = settings.speech.recognizers.get(language)
    if ears is None or ears.engine == NO_ENGINE:
        return False
    try:
        check(language, chosen(language, ears.engine, model=ears.model, models=settings.models_folder))
    except RecognizerUnavailable:
        return False
    return True


def build_blueprint(parts: Parts) -> Blueprint:
    """Its endpoints guard themselves: no session, no CSRF token."""
    blueprint = Blueprint("health", __name__)
    server = parts.settings.server
    allowed = [ip_network(text, strict=False) for text in server.metrics_from]
    proxies = [ip_network(text, strict=False) for text in server.trusted_proxies]

    @blueprint.get("/livez")
    def livez() -> Response:
        return jsonify(status="alive")

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        done = checks(parts)
        ready = all(check.ok for check in done if check.needed)
        failing = [check.name for check in done if not check.ok and not check.needed]
        status = "not ready" if not ready else "degraded" if failing else "ready"
        report = {check.name: {"ok": check.ok, "needed": check.needed, "detail": check.detail} for check in done}
        return jsonify(status=status, degraded=failing, checks=report), 200 if ready else 503

    @blueprint.get("/metrics")
    def read_metrics() -> Response:
        if not _may_read(request, allowed, proxies):
            return Response("metrics are not for you (server.metrics_from)\n", 403, mimetype="text/plain")
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        registry = metrics.registry()
        registry.register(_Rows(parts.database))
        return Response(generate_latest(registry), mimetype=None, content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _may_read(asked: Request, allowed: list[Network], proxies: list[Network]) -> bool:
    """Who asks through a proxy comes from the proxy's address, often our own: then the address it reports counts."""
    peer = asked.remote_addr or ""
    reported = asked.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if not reported:
        return _within(peer, allowed)
    return _within(peer, [*allowed, *proxies]) and _within(reported, allowed)


def _within(address: str, networks: list[Network]) -> bool:
    try:
        return any(ip_address(address) in network for network in networks)
    except ValueError:
        return False


class _Rows:
    """What is counted in the database when it is asked for, rather than kept by a process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> list[Any]:
        from prometheus_client.core import GaugeMetricFamily

        began = time.perf_counter()
        tickets = GaugeMetricFamily("hotline_tickets", "Tickets that are not closed.", labels=["stage"])
        jobs = GaugeMetricFamily("hotline_jobs", "Jobs that are not done.", labels=["status"])
        calls = GaugeMetricFamily("hotline_calls", "Calls going on.", labels=["channel"])
        counted: list[tuple[Any, Any, Callable[[], sa.ColumnElement[bool]]]] = [
            (tickets, Ticket.stage, lambda: Ticket.stage != TicketStage.CLOSED),
            (jobs, Job.status, lambda: Job.status != JobStatus.DONE),
            (calls, Call.channel, lambda: Call.status == CallStatus.IN_PROGRESS),
        ]
        try:
            with self._database.reading() as session:
                for family, column, condition in counted:
                    rows = session.execute(sa.select(column, sa.func.count()).where(condition()).group_by(column))
                    for value, count in rows:
                        family.add_metric([value.value], count)
        except SQLAlchemyError:
            return []  # a gap in the curve says it; what the processes measured is still given
        took = GaugeMetricFamily("hotline_count_seconds", "Time it took to count these rows.")
        took.add_metric([], time.perf_counter() - began)
        return [tickets, jobs, calls, took]
