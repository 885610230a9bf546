"""A real Kamailio between a telephone and the hotline, with the file of the documents."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models import CallStatus
from settings import ROOT
from tests.media.sip_calls.house import EMMA, House
from tests.telephones.baresip import Baresip

FILES = ROOT / "docs" / "sip"


def kamailio() -> str:
    program = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")
    if program is None:
        pytest.skip("Kamailio is not installed (Debian: kamailio)")
    return program


@contextlib.asynccontextmanager
async def running(folder: Path, **values: str) -> AsyncIterator[None]:
    folder.mkdir()
    defined = [part for name, value in values.items() for part in ("-A", f"{name}={value}")]
    with (folder / "log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            kamailio(), *defined, "-f", str(FILES / "kamailio.cfg"), "-DD", "-E", "-m", "64", "-M", "8",
            "-Y", str(folder), "-P", str(folder / "pid"), stdout=output, stderr=output,
        )  # fmt: skip
    try:
        await asyncio.sleep(1.0)
        assert process.returncode is None, (folder / "log").read_text()[-2000:]
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait_for(process.wait(), 20)


async def ends_and_is_called_back(phone: Baresip, hotline: House) -> None:
    """The caller ends the call by key, by their own number; then the hotline calls through the same border."""
    await phone.press("3")
    await phone.until("CALL_CLOSED")
    assert (await hotline.ended(CallStatus.COMPLETED)).from_number == EMMA

    hotline.order()
    await phone.until("CALL_INCOMING")
    await phone.accept()
    await phone.hears(hotline.sound((await hotline.when(hotline.said, "the news"))[0]))
    await phone.hang_up()
    assert (await hotline.ended(CallStatus.COMPLETED)).end_reason == "caller hung up"
