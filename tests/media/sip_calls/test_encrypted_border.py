"""Behind Kamailio and rtpengine, with the documents' files: outside TLS and SRTP, inside plain SIP and RTP."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from setting_sections import SipTrunk
from tests.media.sip_calls.beside import beside
from tests.media.sip_calls.house import EMMA, Speech, house, sip_settings
from tests.media.sip_calls.kamailio import FILES, ends_and_is_called_back, kamailio, running
from tests.ports import free_port
from tests.telephones.baresip import Encrypted, baresip


def certified(folder: Path) -> Encrypted:
    """A certificate of this machine's address that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    path, authorities = folder / "certificate.pem", folder / "authorities.pem"
    path.write_bytes(public + private)
    authorities.write_bytes(public)
    return Encrypted(path, authorities)


def tls_file(folder: Path, made: Encrypted) -> Path:
    text = (FILES / "tls.cfg").read_text()
    for shown, ours in (
        ("/etc/kamailio/privkey.pem", made.certificate),
        ("/etc/kamailio/fullchain.pem", made.certificate),
        ("/etc/ssl/certs/ca-certificates.crt", made.authorities),
    ):
        assert shown in text
        text = text.replace(shown, str(ours))
    (folder / "tls.cfg").write_text(text)
    return folder / "tls.cfg"


@contextlib.asynccontextmanager
async def rtpengine(folder: Path, control: int) -> AsyncIterator[None]:
    program = shutil.which("rtpengine")
    if program is None:
        pytest.skip("rtpengine is not installed (Debian: rtpengine-daemon)")
    text, ports = (FILES / "rtpengine.conf").read_text(), free_port(40)
    for shown, ours in (
        ("outside/192.0.2.10", "outside/127.0.0.1"),
        ("listen-ng = 127.0.0.1:2223", f"listen-ng = 127.0.0.1:{control}"),
        ("port-min = 30000", f"port-min = {ports}"),
        ("port-max = 39999", f"port-max = {ports + 39}"),
    ):
        assert shown in text
        text = text.replace(shown, ours)
    (folder / "rtpengine.conf").write_text(text)
    with (folder / "rtpengine.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, "--config-file", str(folder / "rtpengine.conf"), "--foreground", "--log-stderr",
            "--pidfile", str(folder / "rtpengine.pid"), stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield
        assert process.returncode is None, (folder / "rtpengine.log").read_text()[-2000:]
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 20)


async def encrypted_calls_both_ways(home: Path, folder: Path, speech: Speech) -> None:
    if not (Path(kamailio()).exists() and list(Path("/usr/lib").glob("*/kamailio/modules/tls.so"))):
        pytest.skip("Kamailio cannot speak TLS here (Debian: kamailio-tls-modules)")
    outside, outside_tls, inside, control = (free_port() for _ in range(4))
    made = certified(folder)
    settings = sip_settings(home, trunk=SipTrunk(server=f"127.0.0.1:{inside}", caller_id="95598"))
    async with (
        baresip(folder, user=EMMA, encrypted=made) as phone,
        house(settings, speech) as hotline,
        rtpengine(folder, control),
    ):
        values = {
            "WITH_TLS": "1", "WITH_RTPENGINE": "1", "WITH_SRTP": "1",
            "OUTSIDE": f"udp:127.0.0.1:{outside}", "OUTSIDE_TLS": f"tls:127.0.0.1:{outside_tls}",
            "INSIDE": f"udp:127.0.0.1:{inside}",
            "HOTLINE_URI": f'"sip:127.0.0.1:{hotline.port}"', "HOTLINE_PORT": str(hotline.port),
            "PROVIDER_URI": f'"sip:127.0.0.1:{phone.port + 1};transport=tls"',
            "RTPENGINE_SOCKET": f'"udp:127.0.0.1:{control}"', "TLS_CONFIG": f'"{tls_file(folder, made)}"',
        }  # fmt: skip
        async with running(folder / "kamailio", **values):
            await phone.dial(f"sip:95598@127.0.0.1:{outside_tls}")
            await phone.until("CALL_ESTABLISHED")
            await phone.hears(hotline.sound(await hotline.to_say("Say outage or bill"))[:32_000])
            await phone.say("report an outage")
            await hotline.when(hotline.spoken_to, "hearing the caller")
            await phone.press("1")
            await phone.hears(hotline.sound(await hotline.to_say("Your report is written down")))
            await ends_and_is_called_back(phone, hotline)
    assert (phone.folder / "log").read_bytes().count(b"SRTP is Enabled") == 2


test_outside_calls_are_encrypted_both_ways = beside(encrypted_calls_both_ways)
