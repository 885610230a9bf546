"""What a flow is told of agents at work before it puts anybody through."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AgentLine, Call, Channel, Gateway, LineState
from tests.callqueue.desk import ANN, Desk


def line(desk: Desk, username: str, state: LineState, *, lasts_s: float = 30) -> None:
    with desk.database.transaction() as db:
        db.add(
            AgentLine(user_id=desk.user(username).id, gateway="media:1", kind="browser", state=state, since=desk.now,
                      expires_at=desk.now + timedelta(seconds=lasts_s))
        )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "lasts_s", "expected"),
    [
        (LineState.READY, 30, "somebody"),
        (LineState.TALKING, 30, "somebody"),
        (LineState.AWAY, 30, "nobody"),
        (LineState.READY, -1, "nobody"),
    ],
)
def test_an_agent_at_work_has_a_line_that_lives_and_is_not_away(
    any_desk: Desk, state: LineState, lasts_s: float, expected: str
) -> None:
    line(any_desk, "tom", state, lasts_s=lasts_s)
    call_id = any_desk.call(gateway="media:1")
    assert any_desk.ask(call_id, "agents.at_work").name == expected


def test_callers_in_the_line_are_counted(any_desk: Desk) -> None:
    line(any_desk, "mei", LineState.READY)
    any_desk.call(ANN, gateway="media:1", waiting_since=any_desk.now)
    any_desk.call(ANN, gateway="media:1", waiting_since=any_desk.now, agent_id=any_desk.user("tom").id)
    asked = any_desk.ask(any_desk.call(gateway="media:1"), "agents.at_work")
    assert (asked.name, asked.outputs) == ("somebody", {"agents": 1, "waiting": 1})


def test_a_call_whose_sound_does_not_run_through_the_hotline_reaches_nobody(desk: Desk) -> None:
    line(desk, "tom", LineState.READY)
    assert desk.ask(desk.call(), "agents.at_work").name == "nobody"


def by_twilio(desk: Desk, *, public_url: str | None, gateway_lives_s: float = 30) -> str:
    """What a call by webhook is told, on a desk where an agent is at work."""
    line(desk, "tom", LineState.READY)
    desk.set("twilio", account_sid="AC" + "0" * 32, auth_token="t")
    desk.set("media", public_url=public_url)
    with desk.database.transaction() as db:
        lives_until = desk.now + timedelta(seconds=gateway_lives_s)
        db.add(Gateway(name="media:1", kind="media", url="ws://127.0.0.1:1", expires_at=lives_until))
    call_id = desk.call()
    with desk.database.transaction() as db:
        db.get_one(Call, call_id).channel = Channel.TWILIO
    return desk.ask(call_id, "agents.at_work").name


def test_a_call_that_twilio_carries_by_webhook_can_be_brought_to_agents_by_a_stream(any_desk: Desk) -> None:
    assert by_twilio(any_desk, public_url="wss://ivr.example.org/media") == "somebody"


def test_a_call_by_webhook_reaches_nobody_where_twilio_does_not_reach_the_gateway(desk: Desk) -> None:
    assert by_twilio(desk, public_url=None) == "nobody"


def test_a_call_by_webhook_reaches_nobody_while_no_gateway_runs(desk: Desk) -> None:
    assert by_twilio(desk, public_url="wss://ivr.example.org/media", gateway_lives_s=-1) == "nobody"
