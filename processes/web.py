"""The web: gunicorn with threads, one app loaded before it forks."""

from __future__ import annotations

import gc
import logging
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

import metrics
from processes.lifetime import die_with_parent
from processes.obstacles import check_port
from settings import Settings

GRACEFUL_S = 4
REQUEST_TIMEOUT_S = 30
LEAVING_S = 5.0  # killed, its processes end a moment after it


class _Log(Logger):  # type: ignore[misc]
    """Gunicorn's words go where ours go."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
        self.error_log.setLevel(logging.WARNING)


class _Web(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._application: Flask | None = None
        super().__init__()

    def load_config(self) -> None:
        server = self._settings.server
        options = {
            "bind": f"{_bracketed(server.host)}:{server.port}",
            "worker_class": "gthread",
            "workers": server.processes,
            "threads": server.threads,
            "preload_app": True,
            "reuse_port": True,  # a socket a process: with one for all, kept-alive connections fall unevenly
            "graceful_timeout": GRACEFUL_S,
            "timeout": REQUEST_TIMEOUT_S,
            "control_socket_disable": True,  # it would be one for all hotlines of a user
            "forwarded_allow_ips": "",  # the app believes proxies, by server.trusted_proxies
            "logger_class": _Log,
            "proc_name": "hotline-web",
            "post_fork": self._after_fork,
            "child_exit": lambda _server, worker: metrics.process_ended(worker.pid),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        if self._application is None:
            from app import create_app  # after `run` has prepared the metrics

            self._application = create_app(self._settings)
        return self._application

    def _after_fork(self, _server: object, _worker: object) -> None:
        die_with_parent()
        assert self._application is not None
        self._application.extensions["hotline"].database.dispose(close=False)
        # What was loaded before the fork stays: no collection need look at it, and none may copy its pages. A turn
        # makes thousands of short-lived objects and hardly a cycle.
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)


def run(settings: Settings) -> None:
    """Serves until SIGTERM. Raises processes.obstacles.CannotStart when somebody else has the port."""
    check_port(settings.server.host, settings.server.port, "web", patience_s=LEAVING_S)
    metrics.prepare_alone(settings.home / "metrics" / "web")
    _Web(settings).run()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
