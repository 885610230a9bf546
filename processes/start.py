"""`hotline start`: everything on one machine, in one terminal."""

from __future__ import annotations

import os
import shutil
import sys
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

import metrics
from processes import embedded_valkey, welcome
from processes.lifetime import HomeInUse, home_lock
from processes.obstacles import CannotStart, check_port, check_sip_ports
from processes.supervisor import ChildPlan, Supervisor
from settings import ROOT, Settings

log = structlog.get_logger()

DISK_FLOOR_BYTES = 100 * 1024 * 1024
_READY_WITHIN_S = 90.0


def start(settings: Settings, *, config_path: Path | None, demo: bool) -> None:
    """Runs until SIGINT or SIGTERM. Raises CannotStart, HomeInUse."""
    address = welcome.web_address(settings)
    try:
        with home_lock(settings.home, f"at {address}"):
            log.info(f"starting in {settings.home}")
            _check_disk(settings.home)
            check_port(settings.server.host, settings.server.port, "web")
            check_port(settings.server.host, settings.media_port, "media gateway")
            if settings.sip.enabled:
                check_sip_ports(settings)
            _apart(lambda: _prepare(settings, demo=demo))
            environment = _environment(settings, config_path)
            plans = [*_valkey(settings, environment), *_children(settings, environment)]
            Supervisor(plans).run(each_round=_Announcement(settings, demo=demo))
    except HomeInUse:
        raise
    except OSError as problem:
        raise CannotStart(f"{settings.home}: {problem.strerror or problem}") from problem
    log.info("everything has stopped")


def _check_disk(home: Path) -> None:
    free = shutil.disk_usage(home).free
    if free < DISK_FLOOR_BYTES:
        raise CannotStart(
            f"the disk of {home} has {free // 2**20} MB left, {DISK_FLOOR_BYTES // 2**20} MB are needed; "
            "make room or choose another place with --home"
        )


def _apart(work: Callable[[], None]) -> None:
    """Runs `work` in a process of its own, so that the hundred megabytes it imports do not stay in the supervisor.

    Raises CannotStart when `work` does. We have no threads, so forking is safe.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except CannotStart as problem:
            os.write(writing, str(problem).encode()[:60_000])
        except KeyboardInterrupt:
            os.write(writing, b"interrupted")
        except BaseException:  # noqa: BLE001 - it must not go on as a second supervisor
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        message = pipe.read().decode(errors="replace")
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise CannotStart(message or "an unexpected error, see above; please report it")


def _prepare(settings: Settings, *, demo: bool) -> None:
    _prepare_database(settings, demo=demo)
    _check_flows(settings)


def _prepare_database(settings: Settings, *, demo: bool) -> None:
    from sqlalchemy.exc import OperationalError

    import migrations
    from database import Database

    database = Database(settings.database_url)
    try:
        if migrations.upgrade(database):
            log.info("the database is up to date now", revision=migrations.head())
        if demo:
            from accounts.demo import load_demo

            if load_demo(database, settings, datetime.now(UTC)):
                log.info("the demo utility was loaded")
    except OperationalError as problem:
        raise CannotStart(f"the database cannot be used: {problem.orig}") from None
    finally:
        database.dispose()


def _check_flows(settings: Settings) -> None:
    from app import build
    from ivr.loader import FlowError

    try:
        hotline = build(settings)
        hotline.flows.learn(hotline.flows.current)  # once for all the processes that are to start
        hotline.database.dispose()
    except FlowError as problem:
        raise CannotStart(f"the call flows cannot be used:\n{problem}") from None
    except FileNotFoundError as problem:
        raise CannotStart(str(problem)) from None


def _environment(settings: Settings, config_path: Path | None) -> dict[str, str]:
    """What makes every child load the very settings we have."""
    environment = {
        "HOTLINE_HOME": str(settings.home),
        "HOTLINE_SERVER__HOST": settings.server.host,
        "HOTLINE_SERVER__PORT": str(settings.server.port),
        "HOTLINE_SIP__ENABLED": str(settings.sip.enabled).lower(),
        "PYTHONUNBUFFERED": "1",
        # We have published the folder. A child that is started again later must not publish what an author is writing.
        "HOTLINE_CALLFLOWS__PUBLISH_AT_START": "false",
        **metrics.prepare(settings.home / "metrics"),
    }
    if config_path is not None:
        environment["HOTLINE_CONFIG"] = str(config_path.absolute())
    if (ROOT / "queue" / "callqueue").is_dir():  # a checkout; installed, the packages are found without
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT), str(ROOT / "queue"), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
    return environment


def _valkey(settings: Settings, environment: dict[str, str]) -> list[ChildPlan]:
    if settings.redis.url is not None:
        return []
    socket_path = embedded_valkey.choose_socket(settings.home)
    environment["HOTLINE_REDIS__URL"] = embedded_valkey.url(socket_path)
    return [ChildPlan("valkey", embedded_valkey.command(settings.home, socket_path), stop_last=True, quiet=True)]


def _children(settings: Settings, environment: dict[str, str]) -> list[ChildPlan]:
    names = ["web", "media", *(["sip"] if settings.sip.enabled else []), "worker", "scheduler"]
    return [ChildPlan(name, [sys.executable, "-P", "-m", "cli", name], environment) for name in names]


class _Announcement:
    """Called once a round: prints the welcome when the web answers, or says once that it does not."""

    def __init__(self, settings: Settings, *, demo: bool) -> None:
        self._settings, self._demo = settings, demo
        self._done = False
        self._give_up_at = time.monotonic() + _READY_WITHIN_S

    def __call__(self) -> None:
        if self._done:
            return
        if self._ready():
            _apart(lambda: welcome.print_welcome(self._settings, demo=self._demo))
            self._done = True
        elif time.monotonic() > self._give_up_at:
            log.error(f"the web has not become ready in {_READY_WITHIN_S:.0f} s; `hotline doctor` says what is missing")
            self._done = True

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{welcome.local_address(self._settings)}/readyz", timeout=2):  # noqa: S310
                return True
        except (OSError, urllib.error.URLError):
            return False
