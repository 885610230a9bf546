"""On one writer a turn is written out before the next is begun, and nobody waits for ever."""

from __future__ import annotations

import threading
import time

import pytest

from ivr.channels.twilio import one_at_a_time
from ivr.channels.twilio.one_at_a_time import OneAtATime


def ask(application, begun):
    def start_response(_status, _headers, _error=None):
        begun.append(time.monotonic())

    return application({}, start_response)


def answering(_environ, start_response):
    start_response("200 OK", [])
    return [b"one", b"two"]


def test_the_next_begins_when_the_answer_is_written():
    application = OneAtATime(answering)
    begun: list[float] = []
    answer = ask(application, begun)
    other = threading.Thread(target=lambda: ask(application, begun))
    other.start()
    time.sleep(0.05)
    assert len(begun) == 1
    assert list(answer) == [b"one", b"two"]
    other.join(5)
    assert len(begun) == 2


def test_a_caller_who_is_gone_holds_nobody_up():
    application = OneAtATime(answering)
    begun: list[float] = []
    answer = ask(application, begun)
    answer.close()
    before = time.monotonic()
    ask(application, begun)
    assert time.monotonic() - before < one_at_a_time.COURTESY_S


def test_who_has_waited_goes_on(monkeypatch):
    monkeypatch.setattr(one_at_a_time, "COURTESY_S", 0.05)
    application = OneAtATime(answering)
    begun: list[float] = []
    held = ask(application, begun)
    assert list(ask(application, begun)) == [b"one", b"two"]
    assert len(begun) == 2
    held.close()
    held.close()  # twice: the gate is let go once
    assert list(ask(application, begun)) == [b"one", b"two"]


def test_a_fault_lets_the_next_one_in():
    def failing(_environ, _start_response):
        raise RuntimeError("broken")

    application = OneAtATime(failing)
    for _ in range(2):
        before = time.monotonic()
        with pytest.raises(RuntimeError):
            ask(application, [])
        assert time.monotonic() - before < one_at_a_time.COURTESY_S
