"""The composition root: everything is made and wired here, and nothing below imports it.

`build` makes the parts that the web, the worker, the media gateway and the command line share; `create_app` puts the
web on top of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from flask import Flask
from redis import Redis
from werkzeug.middleware.proxy_fix import ProxyFix

import accounts.services
import callqueue.services
from callqueue import outbound, pushing
from callqueue.after_commit import AfterCommit
from callqueue.context import JobContext
from database import Database
from ivr.channels.twilio import recordings
from ivr.channels.twilio.rest import TwilioDialer
from ivr.flow import FlowSet
from ivr.flow_store import FlowStore, read_files
from ivr.loader import load
from ivr.runner import Runner, utc_now
from ivr.services import ServiceRegistry
from ivr.values import Signature
from metrics import observe_turn
from settings import Settings
from speech.intent_memory import IntentMemory

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True, slots=True)
class Hotline:
    """The parts of one installation, shared by all kinds of its processes."""

    settings: Settings
    database: Database
    services: ServiceRegistry
    flows: FlowStore
    runner: Runner
    redis: Redis | None  # bytes in and out, as RQ wants it


def registry(settings: Settings) -> ServiceRegistry:
    return ServiceRegistry([*accounts.services.build_services(settings), *callqueue.services.build_services(settings)])


def signatures(settings: Settings) -> dict[str, Signature]:
    """What flows are checked against."""
    return {service.name: service for service in registry(settings)}


def load_flows(settings: Settings, files: Mapping[str, str]) -> FlowSet:
    """`files` (name -> text) as this installation reads them. Raises ivr.loader.FlowError with every fault."""
    utility = settings.utility
    return load(files, signatures(settings), tuple(utility.name), utility.name, utility.region)


def build(settings: Settings, *, try_out: bool = False) -> Hotline:
    """`try_out`: the folder's flows for this process alone, as they are; they are not published.

    Raises ivr.loader.FlowError with every fault of the flows, and FileNotFoundError where there are none.
    """
    database = Database(settings.database_url)
    services = registry(settings)
    flows = flow_store(settings, database)
    folder = settings.flows_folder
    if try_out:
        flows.try_out(read_files(folder), utc_now())
    else:
        flows.start(folder, utc_now(), publish=settings.callflows.publish_at_start)
    redis = tell_redis(settings, database)
    runner = Runner(
        database, flows, services, settings, on_outbound_ended=[outbound.OnCallEnded(settings)], observe=observe_turn
    )
    return Hotline(settings, database, services, flows, runner, redis)


def flow_store(settings: Settings, database: Database) -> FlowStore:
    """With nothing in it yet: for `build`, and for commands that publish or look without starting anything."""
    store = FlowStore(database, signatures(settings), tuple(settings.utility.name), settings.utility.name,
                      settings.utility.region)  # fmt: skip
    store.memory = IntentMemory(settings.home / "cache" / "intents")
    return store


def tell_redis(settings: Settings, database: Database) -> Redis | None:
    """Lets commits of `database` be heard of at once where there is a Redis; returns its client."""
    redis = pushing.connect(settings.redis.url) if settings.redis.url else None
    database.after_commit = AfterCommit(redis) if redis is not None else None
    return redis


def job_context(hotline: Hotline) -> JobContext:
    """What jobs may use, for the process that runs them."""
    settings = hotline.settings
    return JobContext(
        hotline.database,
        settings,
        revision=lambda: hotline.flows.current.revision,
        redis=hotline.redis,
        dialer=TwilioDialer(settings, hotline.database) if settings.twilio.enabled else None,
        recording_fetcher=partial(_fetch_recording, hotline) if settings.twilio.enabled else None,
    )


def _fetch_recording(hotline: Hotline, recording_id: str) -> None:
    recordings.fetch(hotline.settings, hotline.database, recording_id, utc_now())


def create_app(settings: Settings, hotline: Hotline | None = None) -> Flask:
    """The web. `hotline`: parts already built, else they are built from `settings`."""
    # Imported here, because the worker and the gateway are made of the same parts without the web.
    import console.phone
    import console.web
    from ivr.channels.twilio.one_at_a_time import OneAtATime
    from ivr.channels.twilio.webhooks import Webhooks
    from processes import health

    hotline = hotline or build(settings)
    hotline.flows.learn(hotline.flows.current)  # before it forks: once for all its processes
    app = Flask("hotline", static_folder=None, template_folder=None)
    app.extensions["hotline"] = hotline
    console.web.init_app(app, hotline, outside=["health"])
    app.register_blueprint(console.phone.build_blueprint(hotline))
    app.register_blueprint(health.build_blueprint(hotline))
    pages = _BehindProxies(app.wsgi_app, settings.server.trusted_proxies)
    carrier: WSGIApplication = Webhooks(hotline)
    if hotline.database.is_sqlite:
        carrier = OneAtATime(carrier)
    app.wsgi_app = _CarrierApart(pages, carrier)  # type: ignore[method-assign]
    return app


class _BehindProxies:
    """Who asks, and over what, is believed of a proxy that `server.trusted_proxies` names, and of nobody else."""

    def __init__(self, pages: WSGIApplication, trusted: Iterable[str]) -> None:
        self._pages = pages
        self._forwarded = ProxyFix(pages, x_for=1, x_proto=1, x_host=1)
        self._networks = [ip_network(proxy, strict=False) for proxy in trusted]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        web = self._forwarded if self._trusts(str(environ.get("REMOTE_ADDR", ""))) else self._pages
        return web(environ, start_response)

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:  # a Unix socket has no address
            return False
        return any(address in network for network in self._networks)


class _CarrierApart:
    """A carrier's webhooks are a web of their own beside the pages: they guard themselves by signature, and sessions,
    CSRF, languages and headers for browsers would cost a turn as much as its engine does."""

    def __init__(self, pages: WSGIApplication, carrier: WSGIApplication) -> None:
        self._pages = pages
        self._carrier = carrier

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        web = self._carrier if environ["PATH_INFO"].startswith("/twilio/") else self._pages
        return web(environ, start_response)
