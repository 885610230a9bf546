"""The documents' configurations of what may stand in front of the hotline: Kamailio's is run, the others are read."""

from __future__ import annotations

import configparser
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from setting_sections import SipTrunk
from tests.media.sip_calls.beside import beside
from tests.media.sip_calls.house import EMMA, Speech, house, sip_settings
from tests.media.sip_calls.kamailio import FILES, ends_and_is_called_back, kamailio, running
from tests.ports import free_port
from tests.telephones.baresip import baresip


@pytest.mark.parametrize("options", [[], ["-A", "WITH_RTPENGINE"], ["-A", "WITH_RTPENGINE", "-A", "WITH_SRTP"]])
def test_kamailio_takes_its_file(options: list[str]) -> None:
    done = subprocess.run(
        [kamailio(), *options, "-c", "-f", str(FILES / "kamailio.cfg")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "ERROR" not in done.stderr, done.stderr[-2000:]
    assert "WARNING" not in done.stderr, done.stderr[-2000:]


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
