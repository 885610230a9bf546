"""Whatever comes in over a socket is a message or a BadMessage that says what is wrong, never anything else."""

from __future__ import annotations

import base64
import contextlib

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from media import messages
from media.messages import BadMessage, Key, Marked, Media, Start, Words, parse

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
events = st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop", "speech_text", "register", "reject"])
fields = st.dictionaries(
    st.sampled_from(["start", "media", "dtmf", "mark", "text", "call", "streamSid"]),
    json_values | st.dictionaries(
        st.sampled_from(["payload", "digit", "name", "customParameters", "mediaFormat", "streamSid"]), json_values
    ),
)  # fmt: skip


@given(st.text() | st.binary() | json_values.map(lambda value: orjson.dumps(value).decode()))
@example("9" * 5000)
@example('{"event":' * 900)
@example("\ud800")
def test_garbage_is_refused_with_a_reason(raw: str | bytes) -> None:
    with pytest.raises(BadMessage) as refused:
        parse(raw)
    assert str(refused.value)


@given(events, fields)
def test_every_event_with_any_fields_is_a_message_or_refused(event: str, given_fields: dict[str, object]) -> None:
    with contextlib.suppress(BadMessage):
        assert isinstance(parse(orjson.dumps({**given_fields, "event": event}).decode()), messages.Message)


def test_twilios_own_messages_are_read() -> None:
    start = {
        "event": "start", "sequenceNumber": "1", "streamSid": "MZ18ad3ab5a668481ce02b83e7395059f0",
        "start": {
            "accountSid": "AC1", "streamSid": "MZ18ad3ab5a668481ce02b83e7395059f0", "callSid": "CA1",
            "tracks": ["inbound"], "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"resume": "abc"},
        },
    }  # fmt: skip
    sound = bytes(range(160))
    media = {"event": "media", "media": {"track": "inbound", "chunk": "2", "payload": base64.b64encode(sound).decode()}}
    assert parse(orjson.dumps(start).decode()) == Start(
        "MZ18ad3ab5a668481ce02b83e7395059f0", resume="abc", call_sid="CA1"
    )
    assert parse(orjson.dumps(media).decode()) == Media(sound)
    assert parse('{"event":"dtmf","dtmf":{"track":"inbound_track","digit":"#"}}') == Key("#")
    assert parse('{"event":"mark","mark":{"name":"3.0"}}') == Marked("3.0")
    assert parse('{"event":"speech_text","text":" my bill "}') == Words("my bill")


def test_sound_in_another_form_is_refused_before_it_is_noise() -> None:
    with pytest.raises(BadMessage, match="mulaw"):
        parse('{"event":"start","start":{"mediaFormat":{"encoding":"audio/l16","sampleRate":16000}}}')
