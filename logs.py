"""Logging: human lines on a terminal, JSON otherwise, each with the name of the process it comes from.

What callers type or are called never reaches a log: values under telling names are replaced, and anything that
looks like a phone or account number keeps its last two digits only, in messages and tracebacks alike.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

SECRET_NAMES = frozenset(
    {"pin", "password", "token", "auth_token", "secret", "secret_key", "authorization", "cookie", "digits", "speech"}
)
NUMBER_NAMES = frozenset({"number", "from_number", "to_number", "phone", "caller", "account_number", "callback_number"})
# Eight digits and more standing alone, or seven after a plus: longer than ports, process ids and ticket numbers.
_NUMBER = re.compile(r"(?<![\w.])(?:\+\d{7,15}|\d{8,15})(?![\w])")
_HIDDEN = "***"


def mask_number(number: str) -> str:
    """`+8613800001234` -> `+***********34`: enough to tell two callers apart in a log, too little to call one."""
    plus, digits = ("+", number[1:]) if number.startswith("+") else ("", number)
    return plus + "*" * (len(digits) - 2) + digits[-2:] if len(digits) > 5 else number


def mask(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {name: _masked(name, value) for name, value in event.items()}


def _masked(name: str, value: Any) -> Any:
    if name.lower() in SECRET_NAMES and value not in (None, ""):
        return _HIDDEN
    if isinstance(value, dict):
        return {key: _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(name, inner) for inner in value]
    if name in NUMBER_NAMES and isinstance(value, int | str) and not isinstance(value, bool):
        return mask_number(str(value))
    if isinstance(value, str):
        return _NUMBER.sub(lambda found: mask_number(found.group()), value)
    return value


def configure(process: str, *, json: bool | None = None, level: str = "INFO") -> None:
    """Sends everything, the standard library's logging included, to standard error, in one form.

    `json` None: JSON unless standard error is a terminal.
    """
    as_json = not sys.stderr.isatty() if json is None else json

    def name_process(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        name_process,
        mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _human
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(os.environ.get("HOTLINE_LOG_LEVEL", level).upper())
    logging.captureWarnings(True)
    for noisy in ("websockets", "twilio.http_client", "urllib3", "rq.worker", "rq.queue", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


_COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m", "debug": "\x1b[2m"}


def _human(_logger: object, _method: str, event: EventDict) -> str:
    """`12:00:01 web       message  key=value`, the traceback below."""
    stamp, process = event.pop("timestamp", ""), event.pop("process", "")
    level, text = event.pop("level", "info"), event.pop("event", "")
    exception, stack = event.pop("exception", None), event.pop("stack", None)
    event.pop("logger", None)
    colour = _COLOURS.get(level, "")
    pairs = "".join(f"  {name}={value}" for name, value in event.items())
    line = f"\x1b[2m{stamp} {process:<9}\x1b[0m {colour}{text}\x1b[0m\x1b[2m{pairs}\x1b[0m"
    return "\n".join([line, *(part for part in (exception, stack) if part)])
