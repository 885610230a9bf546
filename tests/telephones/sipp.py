"""Many real SIP callers at once (Debian: sip-tester), each going through the same small scenario."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.telephones.pcap import EVENT_TYPE, keys_pcap, speech_pcap

_HEADERS = """\
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:{user}@[local_ip]:[local_port]>;tag=[pid]t[call_number]
      To: <sip:{number}@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      Contact: <sip:{user}@[local_ip]:[local_port];transport=[transport]>
      Max-Forwards: 70
"""
_INVITE = """\
  <send retrans="500"><![CDATA[
      INVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0
{headers}      CSeq: 1 INVITE
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=sipp 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [media_ip]
      t=0 0
      m=audio [auto_media_port] RTP/AVP 0 {event}
      a=rtpmap:0 PCMU/8000
      a=rtpmap:{event} telephone-event/8000
      a=fmtp:{event} 0-15
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
"""
_ANSWERED = """\
  <recv response="200" rtd="true"/>
  <send><![CDATA[
      ACK sip:{number}@[remote_ip]:[remote_port] SIP/2.0
{headers}      CSeq: 1 ACK
      Content-Length: 0

  ]]></send>
"""
_BYE = """\
  <send retrans="500"><![CDATA[
      BYE sip:{number}@[remote_ip]:[remote_port] SIP/2.0
{headers}      CSeq: 2 BYE
      Content-Length: 0

  ]]></send>
  <recv response="200"/>
"""
_HUNG_UP_ON = """\
  <recv request="BYE" timeout="{timeout}"/>
  <send><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a caller does; made by the functions below."""

    xml: str
    sound: bytes | str | None = None  # speech as PCM, or keys


def wait(seconds: float) -> Step:
    return Step(f'  <pause milliseconds="{round(seconds * 1000)}"/>\n')


def wait_between(least_s: float, most_s: float) -> Step:
    least, most = round(least_s * 1000), round(most_s * 1000)
    return Step(f'  <pause distribution="uniform" min="{least}" max="{most}"/>\n')


def press(keys: str) -> Step:
    return Step(f'  <pause milliseconds="{round(len(keys) * 320 + 200)}"/>\n', keys)


def say(pcm: bytes) -> Step:
    """With silence after it."""
    return Step(f'  <pause milliseconds="{round(len(pcm) / 16 + 1600)}"/>\n', pcm)


def hang_up() -> Step:
    return Step(_BYE)


def hung_up_on(within_s: float = 60.0) -> Step:
    """Waits to be hung up on."""
    return Step(_HUNG_UP_ON.replace("{timeout}", str(round(within_s * 1000))))


def refused(status: int) -> Sequence[Step]:
    """Instead of being answered."""
    ack = _ANSWERED.partition("<send>")[2]
    return [Step(f'  <recv response="{status}"/>\n  <send>{ack}')]


@dataclass(frozen=True, slots=True)
class Result:
    """`code` is 0 when every caller got to the end of the scenario."""

    code: int
    errors: str


async def sipp(
    folder: Path,
    port: int,
    steps: Sequence[Step],
    *,
    calls: int = 1,
    per_second: float = 10.0,
    at_once: int | None = None,
    user: str = "+8613800571001",
    number: str = "95598",
    transport: str = "u1",
    answered: bool = True,
    within_s: float = 90.0,
) -> Result:
    """`calls` callers on their way through `steps`, from the answer on (or, not `answered`, from the INVITE on)."""
    program = shutil.which("sipp")
    if program is None:
        pytest.skip("SIPp is not installed (Debian: sip-tester)")
    if any(step.sound for step in steps) and os.geteuid() != 0:
        pytest.skip("SIPp sends sound from a raw socket, for which it must be root")
    folder.mkdir(parents=True, exist_ok=True)
    scenario = folder / "scenario.xml"
    scenario.write_text(_scenario(folder, steps, user, number, answered=answered))
    media = free_port(4 * min(calls, 100) + 4)
    process = await asyncio.create_subprocess_exec(
        program, f"127.0.0.1:{port}", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(free_port()),
        "-mi", "127.0.0.1", "-mp", str(media),
        "-m", str(calls), "-r", str(per_second), "-l", str(at_once or calls), "-t", transport,
        "-nostdin", "-trace_err", "-error_file", str(folder / "errors"), "-timeout", f"{round(within_s)}s",
        "-timeout_error", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE, cwd=folder,
    )  # fmt: skip
    try:
        _, said = await asyncio.wait_for(process.communicate(), within_s + 10)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    written = folder / "errors"
    errors = written.read_text(errors="replace") if written.exists() else ""
    assert process.returncode is not None
    return Result(process.returncode, (said.decode(errors="replace") + errors)[-4000:])


def _scenario(folder: Path, steps: Sequence[Step], user: str, number: str, *, answered: bool) -> str:
    headers = _HEADERS.format(user=user, number=number)
    parts = ["<?xml version='1.0' encoding='ISO-8859-1'?>\n<scenario name='caller'>\n", _INVITE]
    if answered:
        parts.append(_ANSWERED)
    for index, step in enumerate(steps):
        if step.sound is not None:
            path = folder / f"{index}.pcap"
            if isinstance(step.sound, str):
                keys_pcap(path, step.sound, part=index)
            else:
                speech_pcap(path, step.sound, part=index)
            parts.append(f'  <nop><action><exec play_pcap_audio="{path}"/></action></nop>\n')
        parts.append(step.xml)
    parts.append("</scenario>\n")
    text = "".join(parts)
    return text.replace("{headers}", headers).replace("{event}", str(EVENT_TYPE)).replace("{number}", number)
