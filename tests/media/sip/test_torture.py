"""The torture messages of RFC 4475: what is odd but legal is understood, what is not is refused; nothing breaks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from media.sip.framing import Cutter
from media.sip.grammar import read_name_addr, read_uri
from media.sip.messages import Malformed, Request, Source, answer_unread, read
from tests.media.sip.beginnings import house_and_phone
from tests.media.sip.phone import House, Phone, run, scenario

FOLDER = Path(__file__).parent / "torture"
HERE = Source("UDP", "127.0.0.1", 5060)
REFUSED = sorted(path.stem for path in (FOLDER / "refused").iterdir())

# What they are answered; None: they are answers themselves, which nobody waits for.
UNDERSTOOD = {
    "wsinv": 481,  # its To has a tag of a call that is not there
    "intmeth": 405,
    "esc01": 200,
    "escnull": 405,
    "esc02": 405,
    "lwsdisp": 200,
    "longreq": 200,
    "dblreq": 405,
    "semiuri": 200,
    "transports": 200,
    "mpart01": 405,
    "unreason": None,
    "noreason": None,
    "bcast": None,
    "badbranch": 200,
    "unkscm": 416,
    "novelsc": 416,
    "unksm2": 405,
    "bext01": 420,
    "invut": 415,
    "regaut01": 405,
    "zeromf": 200,
    "cparam01": 405,
    "cparam02": 405,
    "regescrt": 405,
    "regbadct": 405,
    "sdp01": 406,
    "inv2543": 200,
    "badaspec": 200,
    "baddn": 200,
    "baddate": 200,
}
ANSWERED_AT_THE_DOOR = {"badvers": 505}  # not 400
NOT_ANSWERED = {"scalarlg", "bigcode", "insuf"}  # answers, and requests nobody could be answered for


def data(folder: str, name: str) -> bytes:
    return (FOLDER / folder / f"{name}.dat").read_bytes()


def test_every_message_is_tried() -> None:
    assert {path.stem for path in (FOLDER / "understood").iterdir()} == set(UNDERSTOOD)
    assert len(REFUSED) >= 16


async def over_tcp(port: int, text: bytes) -> list[int]:
    """The answers, by a connection of its own; the Via of these messages leads nowhere else."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    probe = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bKlast\r\nFrom: <sip:a@b>;tag=1\r\n"
    writer.write(probe + b"To: <sip:a@b>\r\nCall-ID: last\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
    cutter, answers = Cutter(65536), []
    while True:
        for message in cutter.feed(await asyncio.wait_for(reader.read(65536), 15)):
            if b"Call-ID: last" in message:
                writer.close()
                return answers
            answers.append(int(message.split()[1]))


@pytest.mark.parametrize("name", sorted(UNDERSTOOD))
@scenario
async def test_odd_but_legal_is_understood(name: str) -> None:
    house = await House.open()
    text = data("understood", name)
    if name == "dblreq":  # two messages in one datagram; on a stream both would count
        text = text.partition(b"INVITE")[0]
    answers = await over_tcp(house.port, text)
    expected = UNDERSTOOD[name]
    finals = [status for status in answers if status >= 200]
    assert finals[:1] == ([expected] if expected else [])
    assert not house.calls or expected == 200


def fault_of(text: bytes) -> Malformed | None:
    try:
        read(text, HERE)
    except Malformed as fault:
        return fault
    return None


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_refused_with_400_or_dropped(name: str) -> None:
    text = data("refused", name)
    fault = fault_of(text)
    if fault is not None:
        assert fault.status == ANSWERED_AT_THE_DOOR.get(name, 400)
        answered = answer_unread(fault.raw, HERE, fault.status, "Bad Request") if fault.raw else None
        assert (answered is None) == (name in NOT_ANSWERED)
        return

    async def asked() -> None:
        house = await House.open()
        assert (await over_tcp(house.port, text))[:1] == [400]
        assert not house.calls

    run(asked())


@scenario
async def test_all_of_them_at_once_leave_the_endpoint_as_it_was() -> None:
    house, phone = await house_and_phone()
    house.take = lambda call: call.reject(486)
    for _ in range(3):
        for path in sorted(FOLDER.glob("*/*.dat")):
            phone.send(path.read_bytes())
    other = await Phone.open(house.port)
    other.send(other.request("OPTIONS"))
    await other.response(200)
    assert all("@" not in why for why in house.endpoint.refusals)
    await house.empty()


def test_what_is_within_odd_headers_is_read_rightly() -> None:
    wsinv = read(data("understood", "wsinv"), HERE)
    assert isinstance(wsinv, Request)
    assert (wsinv.to.tag, wsinv.from_.tag, wsinv.cseq) == ("1918181833n", "98asjd8", 9)
    assert wsinv.from_.display == 'J Rosenberg \\"'
    assert [wsinv.via.transport, wsinv.via.host, wsinv.via.branch] == ["UDP", "192.0.2.2", "390skdjuw"]
    assert wsinv.contact() == "sip:jdrosen@example.com"
    esc01 = read(data("understood", "esc01"), HERE)
    assert isinstance(esc01, Request)
    assert esc01.parsed_uri().user == "sips:user@example.com"
    assert esc01.parsed_uri().host == "example.net"
    semi = read_uri("sip:user;par=u%40example.net@example.com")
    assert (semi.user, semi.host, semi.params) == ("user;par=u@example.net", "example.com", {})
    assert read_name_addr('"a \\" <b>" <sip:c@d;x=1>;tag=2').params == {"tag": "2"}


@scenario
async def test_of_two_messages_in_a_datagram_the_first_counts() -> None:
    house, phone = await house_and_phone()
    text = data("understood", "dblreq").replace(b"192.0.2.125;", f"127.0.0.1:{phone.port};".encode())
    phone.send(text)
    await phone.response(405)
    assert not house.calls
