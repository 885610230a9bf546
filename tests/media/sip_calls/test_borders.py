"""The documents' configurations of what may stand in front of the hotline: Kamailio's is run, the others are read."""

from __future__ import annotations

import asyncio
import configparser
import contextlib
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models import CallStatus
from setting_sections import SipTrunk
from settings import ROOT
from tests.media.sip_calls.beside import beside
from tests.media.sip_calls.house import EMMA, House, Speech, house, sip_settings
from tests.media.sip_calls.test_dialling import order
from tests.ports import free_port
from tests.telephones.baresip import Baresip, baresip

FILES = ROOT / "docs" / "sip"


def kamailio() -> str:
    program = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")
    if program is None:
        pytest.skip("Kamailio is not installed (Debian: kamailio)")
    return program


@pytest.mark.parametrize("options", [[], ["-A", "WITH_RTPENGINE"], ["-A", "WITH_RTPENGINE", "-A", "WITH_SRTP"]])
def test_kamailio_takes_its_file(options: list[str]) -> None:
    done = subprocess.run(
        [kamailio(), *options, "-c", "-f", str(FILES / "kamailio.cfg")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "ERROR" not in done.stderr, done.stderr[-2000:]
    assert "WARNING" not in done.stderr, done.stderr[-2000:]


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

    order(hotline)
    await phone.until("CALL_INCOMING")
    await phone.accept()
    await phone.hears(hotline.sound((await hotline.when(hotline.said, "the news"))[0]))
    await phone.hang_up()
    assert (await hotline.ended(CallStatus.COMPLETED)).end_reason == "caller hung up"


async def calls_both_ways(home: Path, folder: Path, speech: Speech) -> None:
    outside, inside = free_port(), free_port()
    trunk = SipTrunk(server=f"127.0.0.1:{inside}", caller_id="95598")
    settings = sip_settings(home, trunk=trunk)
    async with baresip(folder, user=EMMA) as phone, house(settings, speech) as hotline:
        values = {
            "OUTSIDE": f"udp:127.0.0.1:{outside}", "INSIDE": f"udp:127.0.0.1:{inside}",
            "HOTLINE_URI": f'"sip:127.0.0.1:{hotline.port}"', "HOTLINE_PORT": str(hotline.port),
            "PROVIDER_URI": f'"sip:127.0.0.1:{phone.port}"',
        }  # fmt: skip
        async with running(folder / "kamailio", **values):
            await phone.dial(f"sip:95598@127.0.0.1:{outside}")
            await phone.until("CALL_ESTABLISHED")
            await phone.hears(hotline.sound(await hotline.to_say("Say outage or bill")))
            await ends_and_is_called_back(phone, hotline)


test_calls_go_through_kamailio_both_ways = beside(calls_both_ways)


@pytest.mark.parametrize("name", ["pjsip.conf", "extensions.conf", "rtpengine.conf"])
def test_asterisks_and_rtpengines_files_are_read(name: str) -> None:
    """Sections may come twice (Asterisk's do), and what has no value is none of a file of settings."""
    parser = configparser.ConfigParser(
        strict=False, comment_prefixes=(";", "#"), delimiters=("=",), interpolation=None, default_section="none"
    )
    parser.read_string((FILES / name).read_text())
    assert parser.sections()
    if name == "pjsip.conf":
        assert parser["hotline"]["match"] == "192.0.2.20"


@pytest.mark.parametrize("name", ["freeswitch-gateway.xml", "freeswitch-dialplan.xml"])
def test_freeswitchs_files_are_read(name: str) -> None:
    root = ET.fromstring((FILES / name).read_text())
    assert root.tag == "include"
    assert list(root)
