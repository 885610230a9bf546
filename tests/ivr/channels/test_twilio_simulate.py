"""`hotline twilio simulate` against a real web server, and the simulated Twilio's own manners."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from fake_twilio import ACCOUNT, TOKEN
from phone import House
from werkzeug.serving import WSGIRequestHandler, make_server

from cli import hotline
from ivr.channels.twilio.simulate import over_http
from ivr.channels.twilio.simulation import Answer, ApplicationError, SimulatedCall


@pytest.fixture
def served(house: House) -> Iterator[str]:
    """The address of the webhooks on a real socket."""

    class Quiet(WSGIRequestHandler):
        def log(self, *_arguments, **_options) -> None:
            pass

    server = make_server("127.0.0.1", 0, house.app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def run(served, twilio_environment, tmp_path):
    def run(*arguments: str, script: str = ""):
        environment = dict.fromkeys(("HOTLINE_HOME", "HOTLINE_CONFIG")) | twilio_environment
        command = ["--home", str(tmp_path / "home"), "twilio", *arguments]
        return CliRunner(env=environment).invoke(hotline, command, input=script)

    return run


def test_a_call_from_the_terminal_over_real_signed_webhooks(run, served):
    result = run("simulate", "--url", served, script="enter a code\n4711#\n")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[:4] == ["Welcome. Press 1, 2 or 3.", "> enter a code", "Your code?", "> 4711#"]
    assert result.output.splitlines()[-1] == "-- the call is over"


def test_every_request_twice(run, served):
    result = run("simulate", "--url", served, "--replay", script="1\n12\n3\nbusy\n")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert "-- beep, at most 60 s: type a message, or its seconds" in lines
    assert "-- dialling +8657100000000" in lines
    assert lines[-1] == "-- 7 requests, each sent twice and answered the same"


def test_unsigned_requests_are_refused_and_the_reason_is_shown(run, served):
    result = run("simulate", "--url", served, "--unsigned")
    assert result.exit_code == 1
    assert "answered 403" in result.output


def test_a_wrong_token_is_refused(run, served):
    result = run("simulate", "--url", served, "--token", "another")
    assert result.exit_code == 1
    assert "auth token" in result.output


def test_nobody_there_is_said(run):
    result = run("simulate", "--url", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "http://127.0.0.1:9 cannot be reached" in result.output


def test_without_a_token_it_asks_for_one(tmp_path):
    environment = {"TWILIO_AUTH_TOKEN": None, "TWILIO_ACCOUNT_SID": None, "HOTLINE_CONFIG": None, "HOTLINE_HOME": None}
    result = CliRunner(env=environment).invoke(hotline, ["--home", str(tmp_path), "twilio", "simulate"])
    assert result.exit_code == 2
    assert "--token" in result.output


def test_what_to_enter_at_twilio_is_said(run):
    result = run("setup")
    assert "https://ivr.example.org/twilio/voice" in result.output
    assert "missing" not in result.output


# ------------------------------------------------------------------------------------------ the simulated Twilio itself


def call_on(*documents: str | Answer, **options) -> tuple[SimulatedCall, list[str]]:
    """A call whose hotline answers these documents in turn. Also the bodies it was sent."""
    left = list(documents)
    sent = []

    def transport(_url, body, _headers):
        sent.append(body.decode())
        document = left.pop(0)
        return document if isinstance(document, Answer) else Answer(200, f"<Response>{document}</Response>")

    given = {"account_sid": ACCOUNT, "auth_token": TOKEN, "from_number": "+861", "to_number": "95598"}
    return SimulatedCall(transport, **given, **options), sent


def test_silence_falls_through_a_gather_that_does_not_want_it():
    call, sent = call_on('<Gather action="/x"/><Say>Bye</Say>')
    call.begin("http://h/voice")
    assert call.silence().heard == ("Bye",)
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("attributes", "keys", "digits"),
    [
        ('numDigits="4"', "123456", "1234"),
        ('numDigits="4"', "12#", "12"),
        ('numDigits="4" finishOnKey=""', "1#2", "1%232"),
        ('numDigits="1"', "#5", "5"),
        ('finishOnKey="*"', "12*3", "12"),
    ],
)
def test_keys_are_taken_as_twilio_takes_them(attributes, keys, digits):
    call, sent = call_on(f'<Gather {attributes} action="/x"/>', "<Hangup/>")
    call.begin("http://h/voice")
    call.press(keys)
    assert f"&Digits={digits}&" in sent[1]


def test_a_lone_terminator_is_silence():
    call, sent = call_on('<Gather action="/x" actionOnEmptyResult="true"/>', "<Hangup/>")
    call.begin("http://h/voice")
    call.press("#")
    assert sent[1].endswith("&Digits=")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(500, "oops"), "answered 500: oops"),
        (Answer(302, ""), "answered 302"),
        (Answer(200, "hello"), "no XML"),
        (Answer(200, "<html/>"), "no TwiML"),
        (Answer(200, "<Response><Sing/></Response>"), "no TwiML"),
    ],
)
def test_what_is_no_twiml_ends_the_call(answer, why):
    call, _sent = call_on(answer)
    with pytest.raises(ApplicationError, match=why):
        call.begin("http://h/voice")
    assert call.waiting.kind == "over"


def test_redirects_without_end_are_a_loop():
    call, _sent = call_on(*["<Redirect>/voice</Redirect>"] * 30)
    with pytest.raises(ApplicationError, match="20 documents in a row"):
        call.begin("http://h/voice")


def test_an_answer_that_changes_on_a_second_asking_is_found():
    call, _sent = call_on("<Hangup/>", "<Say>Again</Say>", replay=True)
    with pytest.raises(ApplicationError, match="answered differently"):
        call.begin("http://h/voice")


def test_an_act_that_does_not_fit_is_refused():
    call, _sent = call_on("<Record/>")
    call.begin("http://h/voice")
    with pytest.raises(ValueError, match="stands at record"):
        call.speak("hello")


def test_only_a_web_address_is_asked():
    with pytest.raises(ValueError, match="no address of a web server"):
        over_http("file:///etc/passwd", b"", {})


def test_an_answer_that_breaks_off_is_a_lost_connection():
    """A server killed while it answers: the carrier may ask again, and nobody sees a traceback."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def break_off():
            connection, _ = listening.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<?xml")
            connection.close()

        server = threading.Thread(target=break_off)
        server.start()
        with pytest.raises(ConnectionError, match="broke off"):
            over_http(f"http://127.0.0.1:{listening.getsockname()[1]}/twilio/turn", b"a=b", {})
        server.join()
