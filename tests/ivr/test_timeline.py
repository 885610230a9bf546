from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ivr import events, outputs
from ivr.routing import MASK as ROUTING_MASK
from ivr.timeline import MASK, EntryKind, timeline
from models import Call, CallStatus, CallTurn, Channel, Direction

AT = datetime(2025, 3, 31, 8, 0, tzinfo=UTC)


def call(**values: object) -> Call:
    fields = {
        "id": "c", "channel": Channel.TEXT, "direction": Direction.INBOUND, "from_number": "+8613800138001",
        "to_number": "95598", "language": "en", "status": CallStatus.IN_PROGRESS, "flow": "main", "started_at": AT,
    }  # fmt: skip
    return Call(**{**fields, **values})


def turn(number: int, event: events.Event, *made: outputs.Output) -> CallTurn:
    written = [outputs.to_json(one) for one in made]
    at = AT + timedelta(seconds=number)
    return CallTurn(
        call_id="c", number=number, event=events.to_json(event), outputs=written, at=at, took_us=1000 + number
    )


def say(text: str, *, private: bool = False) -> outputs.Say:
    return outputs.Say((outputs.Segment(text, "en"),), private=private)


def test_entries_come_in_order_with_time_and_turn() -> None:
    turns = [
        turn(
            1,
            events.Digits("1"),
            outputs.Heard("welcome", "keys", "match", "1", option="outage"),
            say("Which address?"),
        ),
        turn(
            0,
            events.CallStarted("+8613800138001", "95598", "inbound", "en"),
            outputs.NodeEntered("main", "welcome", "menu"),
            say("Hello."),
        ),
    ]
    found = timeline(call(), turns)
    assert [(one.kind, one.text, one.turn) for one in found] == [
        (EntryKind.STARTED, "+8613800138001", 0), (EntryKind.NODE, "main/welcome", 0), (EntryKind.SAID, "Hello.", 0),
        (EntryKind.HEARD, "1", 1), (EntryKind.SAID, "Which address?", 1),
    ]  # fmt: skip
    assert [one.at for one in found] == [AT] * 3 + [AT + timedelta(seconds=1)] * 2
    assert [one.turn_took_us for one in found] == [1000, None, None, 1001, None]


def test_what_is_private_is_masked() -> None:
    found = timeline(
        call(),
        [
            turn(
                1, events.Digits("123456"), outputs.Heard("pin", "keys", "match", MASK), say("You owe 5.", private=True)
            )
        ],
    )
    assert MASK == ROUTING_MASK
    assert [(one.text, one.private) for one in found[1:]] == [(MASK, True), (MASK, True)]


def test_an_input_nobody_judged_is_masked_too() -> None:
    found = timeline(call(), [turn(1, events.Speech("my pin is 1234", 0.9), outputs.Fault("too many steps"))])
    assert "1234" not in str(found)
    assert found[-1].kind is EntryKind.FAULT


def test_a_recording_is_told_once_with_its_id() -> None:
    heard = outputs.Heard("message", "recording", "match", "no light")
    found = timeline(call(), [turn(1, events.Recorded("r1", 2.5, "no light"), heard)])
    assert [(one.kind, one.recording_id, one.seconds) for one in found[1:]] == [(EntryKind.RECORDED, "r1", 2.5)]


def test_services_show_outcome_values_and_time() -> None:
    made = outputs.ServiceCalled("tickets.open", "opened", {"type": "fault"}, {"ticket_number": "7"}, 4200)
    entry = timeline(call(), [turn(1, events.NoInput(), made)])[-1]
    assert (entry.kind, entry.text, entry.verdict, entry.took_us) == (EntryKind.SERVICE, "tickets.open", "opened", 4200)
    assert entry.values == {"type": "fault", "ticket_number": "7"}


def test_silence_shows_once_whether_judged_or_not() -> None:
    judged = timeline(call(), [turn(1, events.NoInput(), outputs.Heard("welcome", "silence", "no_input"))])
    alone = timeline(call(), [turn(1, events.NoInput(), say("Are you there?"))])
    for found in (judged, alone):
        assert [one.verdict for one in found if one.kind is EntryKind.HEARD] == ["no_input"]


def test_transfers_hang_ups_and_the_end() -> None:
    ended = call(status=CallStatus.COMPLETED, answered_at=AT, ended_at=AT + timedelta(seconds=90), end_reason="caller")
    found = timeline(ended, [
        turn(1, events.DialEnded("busy", 3.0), outputs.Transfer("+861")),
        turn(2, events.HungUp("caller"), outputs.Hangup("flow")),
    ])  # fmt: skip
    assert [one.kind for one in found] == [
        EntryKind.STARTED, EntryKind.TRANSFERRED, EntryKind.TRANSFER,
        EntryKind.HUNG_UP, EntryKind.HANGUP, EntryKind.ENDED,
    ]  # fmt: skip
    assert (found[-1].verdict, found[-1].text, found[-1].seconds) == ("completed", "caller", 90)


def test_an_outbound_call_that_was_never_answered_still_has_a_timeline() -> None:
    unanswered = call(direction=Direction.OUTBOUND, from_number="95598", to_number="+8613800138001",
                      status=CallStatus.NO_ANSWER, ended_at=AT)  # fmt: skip
    found = timeline(unanswered, [])
    assert [(one.kind, one.text) for one in found] == [(EntryKind.STARTED, "+8613800138001"), (EntryKind.ENDED, "")]
    assert found[-1].seconds is None


def test_what_another_release_wrote_is_shown_as_a_fault_not_an_error() -> None:
    odd = CallTurn(
        call_id="c",
        number=1,
        event={"kind": "telepathy"},
        outputs=[{"kind": "smell"}, {"nothing": 1}],
        at=AT,
        took_us=1,
    )
    assert [one.kind for one in timeline(call(), [odd])[1:]] == [EntryKind.FAULT] * 3
