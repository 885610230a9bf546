"""The telephone in the terminal, by script: what is printed is what a caller would go through."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from ivr.channels.terminal import Typed, read_line
from ivr.channels.text_phone import HELP, TextPhone
from models import Call, CallStatus, CallTurn, Channel, Direction, Recording

CALLER = "+8613800000001"


def phone(house, script: str) -> tuple[str, list[str]]:
    """Phones in with `script` as standard input. Returns the call's id and what was printed."""
    out = io.StringIO()
    call_id = TextPhone(house.runner, io.StringIO(script), out).call(CALLER, language="en")
    lines = out.getvalue().splitlines()
    assert lines[0] == HELP
    return call_id, lines[1:]


def stored(house, call_id) -> tuple[Call, list[dict]]:
    with house.database.reading() as session:
        turns = session.scalars(sa.select(CallTurn).where(CallTurn.call_id == call_id).order_by(CallTurn.number))
        return session.get_one(Call, call_id), [turn.event for turn in turns]


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("12#\n", Typed("keys", "12#")),
        ("*", Typed("keys", "*")),
        ("\n", Typed("silence")),
        ("  \n", Typed("silence")),
        ("/hangup\n", Typed("hang_up")),
        ("press 1\n", Typed("words", "press 1")),
        ("停电了\n", Typed("words", "停电了")),
    ],
)
def test_what_a_line_means(line, typed):
    assert read_line(line) == typed


def test_a_call_by_keys_words_and_silence(house):
    call_id, lines = phone(house, "\nenter a code\n4711#\n")
    assert lines[:6] == [
        "[en] Welcome.",
        "[en] Press 1, 2 or 3.",
        "> ",
        "[en] I heard nothing.",
        "[en] Press 1, 2 or 3.",
        "> enter a code",
    ]
    assert lines[-1] == "-- the hotline hung up"
    call, events = stored(house, call_id)
    assert (call.channel, call.from_number, call.status) == (Channel.TEXT, CALLER, CallStatus.COMPLETED)
    assert [event["kind"] for event in events] == ["call_started", "no_input", "speech", "digits"]
    assert events[-1] == {"kind": "digits", "digits": "4711", "timed_out": False}
    assert events[2]["confidence"] == 1.0


def test_a_message_is_what_is_typed(house):
    call_id, lines = phone(house, "1\nThe lamp is dark\n/hangup\n")
    assert "-- beep: what you type now is your message" in lines
    assert lines[-1] == "-- you hung up"
    call, events = stored(house, call_id)
    with house.database.reading() as session:
        recording = session.scalars(sa.select(Recording)).one()
    assert (recording.transcript, recording.path, recording.seconds) == ("The lamp is dark", None, 4.0)
    assert events[2] == {
        "kind": "recorded", "recording_id": recording.id, "seconds": 4.0, "transcript": "The lamp is dark"
    }  # fmt: skip
    assert call.end_reason == "caller"


def test_the_end_of_the_script_hangs_up(house):
    call_id, lines = phone(house, "")
    assert lines[-1] == "-- you hung up"
    assert stored(house, call_id)[0].status is CallStatus.COMPLETED


@pytest.mark.parametrize(
    ("typed", "next_line"), [("a", "[en] Thank you."), ("busy", "[en] Nobody is free."), ("", "[en] Nobody is free.")]
)
def test_a_transfer_ends_as_the_person_says(house, typed, next_line):
    _call_id, lines = phone(house, f"3\n{typed}\n")
    at = lines.index("-- dialling +8657100000000")
    assert lines[at + 2] == next_line


@pytest.mark.parametrize(
    ("typed", "event"),
    [
        ("12", {"kind": "digits", "digits": "12", "timed_out": True}),
        ("12#", {"kind": "digits", "digits": "12", "timed_out": False}),
        ("1234567", {"kind": "digits", "digits": "123456", "timed_out": False}),
        ("#", {"kind": "no_input"}),
    ],
)
def test_keys_end_as_on_a_telephone(house, typed, event):
    call_id, _lines = phone(house, f"2\n{typed}\n")
    assert stored(house, call_id)[1][2] == event


def test_a_call_that_was_ended_meanwhile_is_over(house):
    class Swept(io.StringIO):
        """The operator ends every call while the caller thinks."""

        def readline(self, *arguments) -> str:
            with house.database.reading() as session:
                call_id = session.scalars(sa.select(Call.id)).one()
            house.runner.ended(call_id, CallStatus.FAILED, "swept")
            return "1\n"

    out = io.StringIO()
    call_id = TextPhone(house.runner, Swept(), out).call(CALLER, language="en")
    assert stored(house, call_id)[0].end_reason == "swept"
    assert out.getvalue().splitlines()[-1] == "-- the hotline hung up"


def test_the_language_is_shown(house):
    out = io.StringIO()
    TextPhone(house.runner, io.StringIO(""), out).call(CALLER, language="zh-CN")
    assert "[zh-CN] 欢迎。" in out.getvalue()


def test_an_outbound_call_is_picked_up(house):
    with house.database.transaction() as session:
        call = Call(
            channel=Channel.TEXT, direction=Direction.OUTBOUND, from_number="95598", to_number=CALLER, language="en",
            status=CallStatus.QUEUED, flow="notice", flow_revision_id=house.runner.flows.current.revision,
            started_at=house.runner.clock(), variables={},
        )  # fmt: skip
        session.add(call)
        session.flush()
        call_id = call.id
    out = io.StringIO()
    TextPhone(house.runner, io.StringIO("1\n"), out).pick_up(call_id)
    assert out.getvalue().splitlines() == ["[en] Is it fixed? Press 1.", "> 1", "[en] Good.", "-- the hotline hung up"]


def test_a_keyboard_is_prompted(house):
    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = io.StringIO()
    TextPhone(house.runner, Keyboard("2\n123456\n"), out).call(CALLER, language="en")
    assert "digits or words> " in out.getvalue()
    assert "> 2" not in out.getvalue()
