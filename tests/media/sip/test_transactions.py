"""The timers of RFC 3261 to the millisecond, on a clock of our own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiosipua import SipMessage, SipRequest

from media.sip.client_transactions import ClientTransaction
from media.sip.messages import Request, Response, Source, answer, read
from media.sip.refusals import Refusals
from media.sip.server_transactions import ServerTransaction
from media.sip.timing import Timing
from media.sip.transactions import TransactionLayer
from tests.media.sip.clock import FakeClock

HERE = Source("UDP", "127.0.0.1", 5060)
THERE = Source("UDP", "192.0.2.9", 5060)
THERE_TCP = Source("TCP", "192.0.2.9", 5060)


class Bench:
    """A layer between a wire that is written down and a user who answers when told to."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.sent: list[tuple[float, str, Source]] = []
        self.failures: list[Callable[[str], None]] = []
        self.asked: list[tuple[Request, ServerTransaction]] = []
        self.cancelled: list[ServerTransaction | None] = []
        self.acks: list[Request] = []
        self.layer = TransactionLayer(
            self.clock, Timing(), self.send, lambda _to: ("127.0.0.1", 5060), self, Refusals(self.clock)
        )

    def send(self, data: bytes, to: Source, failed: Callable[[str], None]) -> None:
        self.sent.append((round(self.clock.now, 3), data.decode(), to))
        self.failures.append(failed)

    def on_request(self, request: Request, transaction: ServerTransaction) -> None:
        self.asked.append((request, transaction))

    def on_cancel(self, cancel: Request, transaction: ServerTransaction, cancelled: ServerTransaction | None) -> None:
        self.cancelled.append(cancelled)

    def on_ack(self, ack: Request) -> None:
        self.acks.append(ack)

    def times(self, start: str) -> list[float]:
        return [time for time, text, _ in self.sent if text.startswith(start)]

    def ask(self, method: str, to: Source = THERE, **headers: str) -> tuple[ClientTransaction, list[Response]]:
        request = SipRequest(method=method, uri="sip:li@192.0.2.9")
        given = {"From": "<sip:a@b>;tag=1", "To": "<sip:li@192.0.2.9>", "Call-ID": "c", "CSeq": f"1 {method}"}
        for name, value in {**given, "Max-Forwards": "70", **headers}.items():
            request.headers.set_single(name, value)
        heard: list[Response] = []
        return self.layer.request(request, to, heard.append), heard

    def hear(self, status: int, to_tag: str = "x", transaction: int = 0) -> None:
        """An answer to the first thing we sent."""
        request = SipMessage.parse(self.sent[transaction][1].encode())
        text = (
            f"SIP/2.0 {status} Said\r\nVia: {request.get_header('via')}\r\nFrom: {request.get_header('from')}\r\n"
            f"To: {request.get_header('to')};tag={to_tag}\r\nCall-ID: c\r\nCSeq: {request.get_header('cseq')}\r\n\r\n"
        )
        message = read(text.encode(), THERE)
        assert isinstance(message, Response)
        self.layer.response_arrived(message)

    def arrive(self, method: str, branch: str = "z9hG4bK1", source: Source = THERE, cseq: str = "1") -> Request:
        to = "<sip:a@b>;tag=us" if method == "ACK" else "<sip:a@b>"
        text = (
            f"{method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch={branch}\r\nFrom: <sip:c@d>;tag=1\r\n"
            f"To: {to}\r\nCall-ID: c\r\nCSeq: {cseq} {method}\r\n\r\n"
        )
        message = read(text.encode(), source)
        assert isinstance(message, Request)
        self.layer.request_arrived(message)
        return message

    @property
    def empty(self) -> bool:
        return not (self.layer.server or self.layer.client or self.clock.pending)


def test_an_invite_is_sent_at_doubling_intervals_for_32_seconds() -> None:
    bench = Bench()
    _, heard = bench.ask("INVITE")
    bench.clock.go_to(100)
    assert bench.times("INVITE") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert [(one.status, one.local) for one in heard] == [(408, True)]
    assert bench.empty


def test_another_request_is_sent_every_four_seconds_at_last() -> None:
    bench = Bench()
    _, heard = bench.ask("BYE")
    bench.clock.go_to(100)
    assert bench.times("BYE") == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert [one.status for one in heard] == [408]
    assert bench.empty


def test_something_provisional_stops_an_invite_for_as_long_as_it_takes() -> None:
    bench = Bench()
    _, heard = bench.ask("INVITE")
    bench.clock.go_to(0.6)
    bench.hear(180)
    bench.clock.go_to(300)
    assert bench.times("INVITE") == [0, 0.5]
    assert [one.status for one in heard] == [180]
    assert not bench.empty


def test_something_provisional_slows_another_request_down_but_it_still_ends() -> None:
    bench = Bench()
    _, heard = bench.ask("REGISTER")
    bench.clock.go_to(0.1)
    bench.hear(100)
    bench.clock.go_to(100)
    assert bench.times("REGISTER") == [0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert [one.status for one in heard] == [100, 408]


def test_over_tcp_nothing_is_sent_twice_and_time_runs_out_all_the_same() -> None:
    bench = Bench()
    _, heard = bench.ask("INVITE", THERE_TCP)
    bench.clock.go_to(31.9)
    assert heard == []
    bench.clock.go_to(32)
    assert bench.times("INVITE") == [0]
    assert [one.status for one in heard] == [408]
    assert "Via: SIP/2.0/TCP 127.0.0.1:5060;branch=" in bench.sent[0][1]


def test_every_refusal_of_an_invite_is_acknowledged_and_told_once() -> None:
    bench = Bench()
    transaction, heard = bench.ask("INVITE", Route="<sip:proxy;lr>")
    bench.hear(486)
    bench.clock.go_to(1)
    bench.hear(486)
    assert bench.times("ACK") == [0, 1]
    ack = bench.sent[1][1]
    assert f"branch={transaction.branch}" in ack
    assert "CSeq: 1 ACK" in ack
    assert "Route: <sip:proxy;lr>" in ack
    assert ";tag=x" in ack
    assert [one.status for one in heard] == [486]
    bench.clock.go_to(31.9)
    assert bench.layer.client
    bench.clock.go_to(32)
    assert bench.empty


def test_every_200_to_an_invite_is_told_for_32_seconds() -> None:
    bench = Bench()
    _, heard = bench.ask("INVITE")
    bench.hear(200)
    bench.clock.go_to(20)
    bench.hear(200, "another-telephone")
    bench.clock.go_to(32)
    bench.hear(200)
    assert [one.to.tag for one in heard] == ["x", "another-telephone"]
    assert bench.times("ACK") == []  # the call's to send
    assert bench.empty


def test_the_answer_to_another_request_is_waited_out_for_five_seconds() -> None:
    bench = Bench()
    _, heard = bench.ask("BYE")
    bench.hear(200)
    bench.hear(200)
    assert [one.status for one in heard] == [200]
    bench.clock.go_to(4.9)
    assert not bench.empty
    bench.clock.go_to(5)
    assert bench.empty


def test_a_cancel_bears_the_branch_of_its_invite_and_is_sent_again_itself() -> None:
    bench = Bench()
    transaction, heard = bench.ask("INVITE")
    bench.hear(180)
    transaction.cancel(lambda _response: None)
    transaction.give_up_after(32)
    bench.clock.go_to(2)
    assert bench.times("CANCEL") == [0, 0.5, 1.5]
    cancel = SipMessage.parse(bench.sent[1][1].encode())
    assert cancel.get_header("via") == SipMessage.parse(bench.sent[0][1].encode()).get_header("via")
    assert cancel.get_header("cseq") == "1 CANCEL"
    bench.clock.go_to(100)
    assert [one.status for one in heard] == [180, 408]
    assert bench.empty


def test_a_large_request_goes_over_tcp_and_back_to_udp_where_that_is_not_taken() -> None:
    bench = Bench()
    bench.ask("INVITE", **{"X-Long": "x" * 1400})
    assert [to.transport for _, _, to in bench.sent] == ["TCP"]
    bench.failures[0]("refused")
    assert [to.transport for _, _, to in bench.sent] == ["TCP", "UDP"]
    assert "Via: SIP/2.0/UDP" in bench.sent[1][1]
    bench.clock.go_to(0.5)
    assert len(bench.sent) == 3


def test_what_cannot_be_sent_is_answered_503() -> None:
    bench = Bench()
    _, heard = bench.ask("INVITE", THERE_TCP)
    bench.failures[0]("connection refused")
    assert [(one.status, one.local) for one in heard] == [(503, True)]
    assert bench.empty


def reply(bench: Bench, status: int, number: int = 0) -> None:
    request, transaction = bench.asked[number]
    transaction.reply(status, answer(request, status, tag="us"))


def test_a_request_that_comes_again_is_answered_again_and_told_once() -> None:
    bench = Bench()
    bench.arrive("BYE")
    bench.arrive("BYE")
    assert bench.sent == []  # nothing to say yet
    reply(bench, 200)
    bench.clock.go_to(31.9)
    bench.arrive("BYE")
    assert bench.times("SIP/2.0 200") == [0, 31.9]
    assert len(bench.asked) == 1
    bench.clock.go_to(32)
    assert bench.empty


def test_a_refused_invite_is_refused_again_until_the_ack() -> None:
    bench = Bench()
    bench.arrive("INVITE")
    reply(bench, 486)
    bench.clock.go_to(4)
    bench.arrive("ACK")
    bench.clock.go_to(5)
    bench.arrive("INVITE")  # after the ACK it is not answered any more
    assert bench.times("SIP/2.0 486") == [0, 0.5, 1.5, 3.5]
    bench.clock.go_to(8.9)
    assert not bench.empty
    bench.clock.go_to(9)
    assert bench.empty
    assert bench.acks == []


def test_a_refusal_never_acknowledged_ends_after_32_seconds() -> None:
    bench = Bench()
    bench.arrive("INVITE")
    reply(bench, 486)
    bench.clock.go_to(32)
    assert bench.times("SIP/2.0 486") == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.empty


@pytest.mark.parametrize("source", [THERE, THERE_TCP])
def test_a_200_is_sent_again_until_the_call_has_its_ack(source: Source) -> None:
    bench = Bench()
    bench.arrive("INVITE", source=source)
    reply(bench, 200)
    bench.clock.go_to(2)
    bench.arrive("ACK", branch="z9hG4bK2", source=source)
    assert len(bench.acks) == 1
    bench.asked[0][1].acknowledged()
    bench.clock.go_to(10)
    bench.arrive("INVITE", source=source)  # late, and no new call
    assert bench.times("SIP/2.0 200") == [0, 0.5, 1.5]
    assert len(bench.asked) == 1
    bench.clock.go_to(32)
    assert bench.empty


def test_a_200_never_acknowledged_is_told_after_32_seconds() -> None:
    bench = Bench()
    told: list[float] = []
    bench.arrive("INVITE")
    bench.asked[0][1].unacknowledged = lambda: told.append(bench.clock.now)
    reply(bench, 200)
    bench.clock.go_to(100)
    assert told == [32]
    assert bench.empty


def test_what_is_answered_is_answered_once() -> None:
    bench = Bench()
    bench.arrive("INVITE")
    reply(bench, 180)
    reply(bench, 200)
    reply(bench, 486)
    reply(bench, 100)
    assert [text[:11] for _, text, _ in bench.sent] == ["SIP/2.0 180", "SIP/2.0 200"]


def test_a_cancel_finds_its_invite() -> None:
    bench = Bench()
    bench.arrive("INVITE")
    bench.arrive("CANCEL")
    bench.arrive("CANCEL", branch="z9hG4bKother")
    assert bench.cancelled == [bench.asked[0][1], None]


def test_without_the_magic_cookie_all_of_a_request_makes_it_the_same() -> None:
    bench = Bench()
    bench.arrive("INVITE", branch="1")
    bench.arrive("INVITE", branch="1")
    bench.arrive("BYE", branch="1", cseq="2")
    assert [request.method for request, _ in bench.asked] == ["INVITE", "BYE"]
    reply(bench, 486)
    bench.arrive("ACK", branch="1")
    bench.clock.go_to(1)
    assert len(bench.times("SIP/2.0 486")) == 1


def test_answers_nobody_waits_for_are_told_to_nobody() -> None:
    bench = Bench()
    bench.ask("INVITE")
    bench.hear(200)
    bench.clock.go_to(40)
    bench.hear(200)
    assert bench.empty


def test_closing_leaves_nothing() -> None:
    bench = Bench()
    bench.ask("INVITE")
    bench.ask("BYE")
    bench.arrive("INVITE")
    bench.arrive("BYE", branch="z9hG4bK7", cseq="2")
    reply(bench, 200, 1)
    bench.layer.close()
    assert bench.empty
