"""What the hotline is measured against: Flask, one form, one SQLite commit, one answer. The same gunicorn around it."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

from flask import Flask, Response, request

ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response><Gather><Say>' + "x" * 500 + "</Say></Gather></Response>"


def make_app(path: str) -> Flask:
    app = Flask("bare", static_folder=None)
    local = threading.local()
    with sqlite3.connect(path) as setup:
        setup.execute("PRAGMA journal_mode=WAL")
        setup.execute("CREATE TABLE IF NOT EXISTS turns (id INTEGER PRIMARY KEY, call TEXT, body TEXT)")
    setup.close()

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(path, timeout=15, isolation_level=None)
            local.connection.execute("PRAGMA synchronous=NORMAL")
        return local.connection

    @app.post("/bare")
    def bare() -> Response:
        db = connection()
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO turns (call, body) VALUES (?, ?)", (request.form["CallSid"], request.form["From"]))
        db.execute("COMMIT")
        return Response(ANSWER, mimetype="text/xml")

    return app


def serve(path: str, options: dict[str, Any]) -> None:
    """`options` are gunicorn's, as `processes.web` sets them for the hotline."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return make_app(path)

    Server().run()


if __name__ == "__main__":
    import json
    import sys

    serve(sys.argv[1], json.loads(sys.argv[2]))
