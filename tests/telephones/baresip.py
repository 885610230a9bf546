"""A real SIP telephone (Debian: baresip-core), told what to do over its control port; it writes down what it hears."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port
from tests.telephones.speech import find, spoken, write_sound

MODULES = Path("/usr/lib/baresip/modules")
SILENCE_S = 120
"""A telephone whose sound has come to its end hangs up: everything said is followed by silence."""
HEARD_ALIKE = 0.8
_CONFIG = """\
poll_method epoll
net_interface 127.0.0.1
sip_listen 127.0.0.1:{port}
sip_trans_def udp
call_local_timeout 120
call_max_calls 4
audio_source aufile,{sound}
audio_srate 8000-8000
audio_channels 1-1
auenc_format s16
rtp_ports {rtp}-{rtp_last}
jitter_buffer_delay 1-5
module_path {modules}
module g711.so
module aufile.so
module sndfile.so
module_app account.so
module_app menu.so
module ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
snd_path {heard}
"""


@dataclass(frozen=True)
class Encrypted:
    """Signalling over TLS (a telephone's own port for it is the one after its first); sound by SRTP or not at all."""

    certificate: Path  # PEM, with the key
    authorities: Path  # whose certificates are believed


@dataclass
class Baresip:
    """One telephone. `events` are what it told, in order: dictionaries with a `type` like CALL_ESTABLISHED."""

    folder: Path
    port: int
    _writer: asyncio.StreamWriter
    events: list[dict[str, Any]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _sounds: int = 0

    # --- what its user does

    async def dial(self, address: str) -> None:
        await self._command("dial", address)

    async def accept(self) -> None:
        await self._command("accept")

    async def hang_up(self, *, status: int | None = None, reason: str = "") -> None:
        """`status`: how an incoming call is refused."""
        await self._command("hangup", "" if status is None else f"scode={status} reason={reason}")

    async def press(self, *keys: str, pause_s: float = 0.25) -> None:
        for key in keys:
            await self._command("sndcode", key)
            await asyncio.sleep(pause_s)
            await self._command("sndcode", "\x04")  # released
            await asyncio.sleep(0.1)

    async def say(self, words: str, voice: str = "kal") -> None:
        """Begins to say it; silence follows."""
        self._sounds += 1
        path = write_sound(self.folder / f"said{self._sounds}.wav", spoken(words, voice) + bytes(16_000 * SILENCE_S))
        await self._command("ausrc", f"aufile,{path}")

    async def hold(self) -> None:
        await self._command("hold")

    async def resume(self) -> None:
        await self._command("resume")

    # --- what its user sees and hears

    async def until(self, kind: str, within_s: float = 30.0, **wanted: Any) -> dict[str, Any]:
        """The first event of `kind` that has these fields and was not asked for before."""

        def look() -> dict[str, Any] | None:
            for index, event in enumerate(self.events):
                if event["type"] == kind and all(event.get(name) == value for name, value in wanted.items()):
                    return self.events.pop(index)
            return None

        return await self._when(look, within_s, f"{kind} {wanted or ''}")

    def heard(self) -> bytes:
        """PCM of what the far end has sent in the last call, so far."""
        return (self._heard_in_calls() or [b""])[-1]

    def _heard_in_calls(self) -> list[bytes]:
        """A telephone that is put through has a second call at once."""
        return [path.read_bytes()[44:] for path in sorted((self.folder / "heard").glob("*-dec.wav"))[-2:]]

    async def hears(self, sound: bytes, within_s: float = 40.0, *, after_s: float = 0.0) -> float:
        """When the end of `sound` was heard, in seconds of its call: this or the one before. `after_s`: not before."""
        skipped = int(after_s * 8000) * 2
        best = 0.0
        deadline = asyncio.get_running_loop().time() + within_s
        while asyncio.get_running_loop().time() < deadline:
            for heard in reversed(self._heard_in_calls()):
                at, alike = await asyncio.to_thread(find, sound, heard[skipped:])
                best = max(best, alike)
                if alike >= HEARD_ALIKE or await _heard_in_pieces(sound, heard[skipped:], 0.6):
                    return after_s + at + len(sound) / 16_000
            await asyncio.sleep(0.25)
        raise AssertionError(f"not heard within {within_s} s of {len(self.heard()) / 16_000:.1f} s; alike {best:.2f}")

    async def hears_talk(self, sound: bytes, within_s: float = 40.0) -> None:
        """Live sound, of which a busy machine loses some: until a third of it was heard as such."""
        deadline = asyncio.get_running_loop().time() + within_s
        while not await _heard_in_pieces(sound, self.heard(), 0.3):
            assert asyncio.get_running_loop().time() < deadline, f"not heard within {within_s} s"
            await asyncio.sleep(0.25)

    async def hears_not(self, sound: bytes) -> None:
        """Asserts that `sound` is not among what was heard so far."""
        at, alike = await asyncio.to_thread(find, sound, self.heard())
        assert alike < HEARD_ALIKE, f"heard at {at:.1f} s, alike {alike:.2f}"

    # --- inside

    async def _when(self, look: Callable[[], Any], within_s: float, what: str) -> Any:
        try:
            async with asyncio.timeout(within_s):
                while (found := look()) is None:
                    self._news.clear()
                    await self._news.wait()
                return found
        except TimeoutError:
            seen = [event["type"] for event in self.events]
            raise AssertionError(f"{what} did not come within {within_s} s; there were {seen}") from None

    async def _command(self, name: str, parameters: str = "") -> None:
        data = json.dumps({"command": name, "params": parameters, "token": name}).encode()
        self._writer.write(b"%d:%s," % (len(data), data))
        await self._writer.drain()

    async def read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(length + 1))[:-1])
                if message.get("event"):
                    self.events.append(message)
                    self._news.set()


@contextlib.asynccontextmanager
async def baresip(
    folder: Path,
    *,
    user: str,
    codec: str = "PCMU",
    answers: bool = False,
    proxy: str | None = None,
    password: str | None = None,
    registrar: str | None = None,
    says: str = "",
    encrypted: Encrypted | None = None,
) -> AsyncIterator[Baresip]:
    """A telephone of `user` on a port of the kernel's choosing. `answers`: picks up by itself. `says`: at once.

    `proxy` ("host:port"): where it sends what it dials; `registrar`: where it registers, with `password`.
    """
    program = shutil.which("baresip")
    if program is None or not MODULES.is_dir():
        pytest.skip("baresip is not installed (Debian: baresip-core)")
    home = folder / f"baresip-{user.strip('+')}"
    home.mkdir(parents=True)
    # baresip cuts the names of its sound files off at 128 characters: what it heard is moved home when it is over.
    heard = Path(tempfile.mkdtemp(prefix="heard-"))
    (home / "heard").symlink_to(heard)
    port, control, rtp = free_port(2), free_port(), free_port(8)
    begins = spoken(says) if says else b""
    sound = write_sound(home / "begins.wav", begins + bytes(16_000 * SILENCE_S))
    (home / "config").write_text(
        _CONFIG.format(
            port=port, sound=sound, rtp=rtp + rtp % 2, rtp_last=rtp + 7, modules=MODULES, control=control,
            heard=heard,
        ) + (
            f"module srtp.so\nsip_certificate {encrypted.certificate}\nsip_cafile {encrypted.authorities}\n"
            if encrypted else ""
        )
    )  # fmt: skip
    (home / "contacts").touch()
    address = f"sip:{user}@{registrar or f'127.0.0.1:{port}'}{';transport=tls' if encrypted else ''}"
    account = f"<{address}>;regint={60 if registrar else 0};audio_codecs={codec}"
    account += ";mediaenc=srtp-mand" if encrypted else ""
    account += ";answermode=auto" if answers else ";answermode=manual"
    account += f';outbound="sip:{proxy}"' if proxy else ""
    account += f";auth_user={user};auth_pass={password}" if password else ""
    (home / "accounts").write_text(account + "\n")
    with (home / "log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, "-f", str(home), "-4", stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        reader, writer = await _connected(control, process, home / "log")
        phone = Baresip(home, port, writer)
        reading = asyncio.create_task(phone.read(reader))
        try:
            yield phone
        finally:
            reading.cancel()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        (home / "heard").unlink()
        shutil.move(heard, home / "heard")


async def _connected(
    control: int, process: asyncio.subprocess.Process, log: Path
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(200):
        assert process.returncode is None, f"baresip ended at once: {log.read_text()[-2000:]}"
        if "baresip is ready" in log.read_text(errors="replace"):
            with contextlib.suppress(ConnectionError):
                return await asyncio.open_connection("127.0.0.1", control)
        await asyncio.sleep(0.05)
    raise AssertionError(f"baresip did not come up: {log.read_text(errors='replace')[-2000:]}")


async def _heard_in_pieces(sound: bytes, heard: bytes, share: float) -> bool:
    """Whether so much of `sound` was heard, in pieces of a third of a second: where a busy machine stood still for a
    moment there is a hole in what was heard, and the whole is not alike any more. Two pieces at the least."""
    pieces = [sound[at : at + 5_400] for at in range(0, len(sound) - 5_400, 5_400)]
    alike = [(await asyncio.to_thread(find, piece, heard))[1] for piece in pieces]
    return sum(each >= HEARD_ALIKE for each in alike) >= max(2, share * len(pieces))
