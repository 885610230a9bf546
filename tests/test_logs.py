"""What must never stand in a log, and what must."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

import logs


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before = structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.configure(**before)


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("restored")
def test_numbers_and_secrets_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("web", json=True)
    structlog.get_logger("x").info(
        "call from +8613800571001", from_number="+8613800571001", pin="135791", inputs={"account_number": "1000571014"}
    )
    text = capsys.readouterr().err
    assert "800571" not in text
    assert "135791" not in text
    assert "1000571" not in text
    (line,) = lines(text)
    assert line["event"] == "call from +***********01"
    assert line["process"] == "web"


@pytest.mark.usefixtures("restored")
def test_libraries_and_tracebacks_are_masked_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("web", json=True)
    logging.getLogger("library").warning("dialling %s", "+8657188571005")
    try:
        raise ValueError("no such number: 13800571001")
    except ValueError:
        logging.getLogger("library").exception("failed")
    text = capsys.readouterr().err
    assert "88571" not in text
    assert "3800571" not in text
    assert "ValueError: no such number: *********01" in text


@pytest.mark.parametrize(
    "text", ["95598", "ticket 1234567", "port 8080", "0198a2b3c4d5e6f708192a3b4c5d6e7f", "2026-11-23"]
)
def test_what_is_no_private_number_stays_readable(text: str) -> None:
    assert logs.mask(None, "info", {"event": text}) == {"event": text}
