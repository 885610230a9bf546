"""A call that was recorded: two voices that take turns, a private stretch, and what was said."""

from __future__ import annotations

from datetime import timedelta

from app import Hotline
from models import (
    Call,
    CallStatus,
    Recording,
    RecordingKind,
    RecordingStatus,
    Speaker,
    TranscriptLine,
)
from recording_store import CALL as STEREO
from recording_store import RecordingStore
from speech.audio import RATE, audioop, tone
from tests.console.rows import CALL

SOUND = "e" * 32
SECONDS = 24
LINES = (
    (1.0, Speaker.HOTLINE, "This call may be recorded to improve our service.", False),
    (3.5, Speaker.HOTLINE, "How can I help? For a power cut or a fault, press 1.", False),
    (7.0, Speaker.CALLER, "my power is out", False),
    (9.0, Speaker.HOTLINE, "Please enter the 10 digits of your account number.", False),
    (12.0, Speaker.CALLER, "•••", True),
    (16.0, Speaker.HOTLINE, "Thank you. Your number is +8613800138001.", False),
    (20.0, Speaker.CALLER, "[1]", False),
    (22.0, Speaker.AGENT, "Good morning, this is Mei.", False),
)  # fmt: skip


def sound(seconds: int = SECONDS) -> bytes:
    """Stereo: a second of the caller, a second of the hotline, and so on, at changing loudness."""
    left, right = bytearray(), bytearray()
    for second in range(seconds):
        level = -32.0 + (second % 5) * 5
        voice = tone((220.0 + 20 * second,), 1000, level)
        silence = bytes(2 * RATE)
        left += voice if second % 2 else silence
        right += silence if second % 2 else voice
    return bytes(audioop.add(audioop.tostereo(bytes(left), 2, 1, 0), audioop.tostereo(bytes(right), 2, 0, 1), 2))


def record(hotline: Hotline, *, running: bool = False, seconds: int = SECONDS) -> None:
    store = RecordingStore.of(hotline.settings)
    if running:
        writer = store.begin(SOUND)
        writer.append(sound(seconds))
        writer.close()
        name = writer.name
    else:
        name = store.write(SOUND, sound(seconds), STEREO)
    with hotline.database.transaction() as rows:
        call = rows.get_one(Call, CALL)
        assert call.answered_at is not None
        if running:
            call.status, call.ended_at = CallStatus.IN_PROGRESS, None
        rows.add(
            Recording(
                id=SOUND, call_id=CALL, kind=RecordingKind.CALL, path=name, seconds=0.0 if running else seconds,
                status=RecordingStatus.RUNNING if running else RecordingStatus.STORED, pauses=[[11_000, 15_000]],
                gaps=[], created_at=call.answered_at + timedelta(seconds=1),
            )
        )  # fmt: skip
        for at, speaker, text, private in LINES:
            rows.add(
                TranscriptLine(
                    call_id=CALL, at_ms=round(at * 1000), speaker=speaker, language="en", text=text, private=private,
                    created_at=call.answered_at + timedelta(seconds=at),
                )
            )  # fmt: skip
