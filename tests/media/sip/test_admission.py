"""Nobody calls in who is not allowed to."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from aiosipua import AuthChallenge, SipDigestAuth, build_credentials, parse_auth, stringify_auth

from media.sip.admission import Admission, Admitted, Answer, Tally
from media.sip.config import EndpointConfig, Limits
from media.sip.messages import Request, Source, read
from media.sip.refusals import Refusals
from settings import load
from tests.media.sip.clock import FakeClock

PASSWORD = "correct horse"
ACCOUNTS = EndpointConfig(accounts={"pbx": PASSWORD}, limits=Limits(failures_per_address=3, refusals_per_address=50))


def invite(host: str, proof: str = "") -> Request:
    header = f"Authorization: {proof}\r\n" if proof else ""
    message = read(
        (
            "INVITE sip:95598@us SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
            f"To: <sip:95598@us>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n{header}\r\n"
        ).encode(),
        Source("UDP", host, 5060),
    )
    assert isinstance(message, Request)
    return message


class Door:
    def __init__(self, config: EndpointConfig = ACCOUNTS) -> None:
        self.clock = FakeClock()
        self.admission = Admission(config, self.clock, Refusals(self.clock))

    def ask(self, host: str = "203.0.113.5", proof: str = "") -> Admitted:
        return self.admission.of(invite(host, proof))


def proof(admitted: Admitted, password: str = PASSWORD, *, user: str = "pbx", which: int = 0, count: int = 1) -> str:
    challenge = parse_auth(admitted.challenges[which])
    assert isinstance(challenge, AuthChallenge)
    made = build_credentials(SipDigestAuth(user, password), challenge, "INVITE", "sip:95598@us", nonce_count=count)
    assert made is not None
    return stringify_auth(made)


@pytest.mark.parametrize("which", [0, 1])
def test_the_right_password_opens(which: int) -> None:
    door = Door()
    asked = door.ask()
    assert asked.answer is Answer.ASK
    let_in = door.ask(proof=proof(asked, which=which))
    assert (let_in.answer, let_in.user, let_in.trunk) == (Answer.LET_IN, "pbx", False)


@pytest.mark.parametrize(("user", "password"), [("pbx", "guess"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_one_does_not(user: str, password: str) -> None:
    door = Door()
    assert door.ask(proof=proof(door.ask(), password, user=user)).answer is Answer.ASK


def test_a_proof_counts_once() -> None:
    door = Door()
    asked = door.ask()
    first = proof(asked)
    assert door.ask(proof=first).answer is Answer.LET_IN
    again = door.ask(proof=first)
    assert again.answer is Answer.ASK
    assert "stale=true" in again.challenges[0]
    assert door.ask(proof=proof(asked, count=2)).answer is Answer.LET_IN
    assert door.ask(proof=proof(asked, count=2)).answer is Answer.ASK


def test_an_old_nonce_is_asked_anew_without_blame() -> None:
    door = Door()
    asked = door.ask()
    door.clock.go_to(301)
    again = door.ask(proof=proof(asked))
    assert again.answer is Answer.ASK
    assert "stale=true" in again.challenges[0]
    assert door.ask(proof=proof(again)).answer is Answer.LET_IN


def test_a_nonce_is_good_for_its_own_address() -> None:
    door = Door()
    assert door.ask("198.51.100.1", proof(door.ask("203.0.113.5"))).answer is Answer.ASK


@pytest.mark.parametrize(
    "text",
    [
        "Basic cGJ4OnB3",
        "Digest",
        'Digest username="pbx", realm="hotline", nonce="", uri="sip:x", response=""',
        'Digest username="pbx", nonce="zz.zz.zz"',
        'Digest nonce="\u00e9.1.2"',
        "Digest " + "x=1," * 2000,
    ],
)
def test_nonsense_is_asked_again(text: str) -> None:
    door = Door()
    assert door.ask(proof=text).answer is Answer.ASK


@pytest.mark.parametrize(
    ("old", "new"),
    [("qop=auth", "qop=auth-int"), ("nc=00000001", "nc=1"), ("algorithm=MD5", "algorithm=MD5-sess"), ("hotline", "x")],
)
def test_a_proof_that_is_bent_fails(old: str, new: str) -> None:
    door = Door()
    assert door.ask(proof=proof(door.ask()).replace(old, new, 1)).answer is Answer.ASK


def test_who_keeps_guessing_is_not_answered_for_a_while_and_others_are() -> None:
    door = Door()
    for _ in range(3):
        assert door.ask(proof=proof(door.ask(), "guess")).answer is Answer.ASK
    assert door.ask().answer is Answer.IGNORE
    assert door.ask(proof=proof(door.ask("198.51.100.1"))).answer is Answer.IGNORE
    assert door.ask("198.51.100.1").answer is Answer.ASK
    door.clock.go_to(301)
    assert door.ask().answer is Answer.ASK


def test_nobody_can_lock_out_another_whose_address_he_writes_on_his_datagrams() -> None:
    door = Door()
    for _ in range(20):
        door.ask(proof=proof(Door().ask(), "guess"))  # he never sees a nonce that was sent to that address
    assert door.ask(proof=proof(door.ask())).answer is Answer.LET_IN


def test_who_proves_itself_each_time_is_asked_each_time() -> None:
    door = Door()
    for _ in range(200):
        asked = door.ask()
        assert asked.answer is Answer.ASK
        assert door.ask(proof=proof(asked)).user == "pbx"
    strangers = [door.ask().answer for _ in range(200)]
    assert strangers.count(Answer.ASK) == 50, "who never does is a stranger still"


def test_networks_and_the_trunk_need_no_password() -> None:
    door = Door(replace(ACCOUNTS, allow=(ip_network("10.1.0.0/16"), ip_network("fd00::/8"))))
    assert door.ask("10.1.2.3").answer is Answer.LET_IN
    assert door.ask("::ffff:10.1.2.3").answer is Answer.LET_IN
    assert door.ask("fd00::7").answer is Answer.LET_IN
    assert door.ask("127.0.0.1").answer is Answer.ASK
    assert door.ask("192.0.2.9").answer is Answer.ASK
    door.admission.trunk_hosts = frozenset({"192.0.2.9"})
    assert (door.ask("192.0.2.9").answer, door.ask("192.0.2.9").trunk) == (Answer.LET_IN, True)


def test_a_fresh_installation_hears_its_own_machine_alone() -> None:
    door = Door(EndpointConfig())
    assert door.ask("127.0.0.1").answer is Answer.LET_IN
    assert door.ask("::1").answer is Answer.LET_IN
    assert door.ask("192.168.0.2").answer is Answer.REFUSE


def test_the_settings_come_to_the_same() -> None:
    config = EndpointConfig.of(load(environ={"HOTLINE_SIP__MAX_CALLS": "7"}))
    assert (config.host, config.port, config.max_calls, config.trunk, config.accounts) == (
        "127.0.0.1",
        5060,
        7,
        None,
        {},
    )
    assert config.allow == EndpointConfig().allow
    given = EndpointConfig(accounts={"pbx": PASSWORD})
    assert PASSWORD not in repr(given)


def test_a_tally_forgets() -> None:
    clock = FakeClock()
    tally = Tally(clock, 60)
    assert [tally.add("a"), tally.add("a"), tally.add("b")] == [1, 2, 1]
    clock.go_to(61)
    assert tally.count("a") == 0
    for number in range(20_000):
        tally.add(str(number))
    assert len(tally._counts) == 10_000
