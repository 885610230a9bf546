"""The job `recordings.fetch`: a message left at Twilio is brought home. It stays at Twilio as well; we delete nothing.

Run twice it does nothing the second time; broken off it leaves no half file. Until Twilio has finished the file it
answers 404, so the job is tried again later.
"""

from __future__ import annotations

import io
import wave
from datetime import datetime, timedelta

import outbox
from database import Database
from ivr.channels.twilio.rest import API_URL
from models import Recording, RecordingStatus
from recording_store import Form, RecordingStore
from settings import Settings

TIMEOUT_S = 30.0
MOST_BYTES = 64 * 1024 * 1024
GIVEN_UP_AFTER = timedelta(days=1)  # a file that Twilio does not have by then will not come


class RecordingNotReady(Exception):
    """Twilio does not have the file yet, or cannot be asked: try again later."""


def fetch(settings: Settings, database: Database, recording_id: str, now: datetime) -> bool:
    """True when the file is here (now or before), False when there is none to be had.

    Raises RecordingNotReady when it is to be tried again.
    """
    with database.reading() as session:
        recording = session.get(Recording, recording_id)
        if recording is None or recording.status in {RecordingStatus.LOST, RecordingStatus.DELETED}:
            return False
        if recording.status is RecordingStatus.STORED:
            return True
        sid, created_at = recording.provider_id, recording.created_at
    if sid is None:
        return _lost(database, recording_id)
    audio = _download(settings, sid)
    if audio is None:
        if now - created_at > GIVEN_UP_AFTER:
            return _lost(database, recording_id)
        raise RecordingNotReady(f"Twilio has no file of recording {sid} yet")
    pcm, form = _sound(audio, sid)
    seconds = round(len(pcm) / form.bytes_a_second, 2)
    name = RecordingStore.of(settings).write(recording_id, pcm, form)
    with database.transaction() as session:
        recording = session.get_one(Recording, recording_id)
        if recording.status is RecordingStatus.REMOTE:
            recording.status, recording.path, recording.seconds = RecordingStatus.STORED, name, seconds
            outbox.notify(session, "call", recording.call_id)
    return True


def _download(settings: Settings, sid: str) -> bytes | None:
    """The WAV file, None for 404. The address is put together from the id: none that came in is ever asked."""
    import requests

    account, token = settings.twilio.account_sid, settings.twilio.auth_token
    if account is None or token is None:
        raise RecordingNotReady("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set")
    url = f"{(settings.twilio.api_url or API_URL).rstrip('/')}/2010-04-01/Accounts/{account}/Recordings/{sid}.wav"
    try:
        with requests.get(url, auth=(account, token.get_secret_value()), timeout=TIMEOUT_S, stream=True) as answer:
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
            audio = bytearray()
            for piece in answer.iter_content(64 * 1024):
                audio += piece
                if len(audio) > MOST_BYTES:
                    raise RecordingNotReady(f"recording {sid} has more than {MOST_BYTES} bytes")
            announced = answer.headers.get("Content-Length")
            if announced is not None and len(audio) < int(announced):
                raise RecordingNotReady(f"recording {sid} came in only in part")
            return bytes(audio)
    except requests.RequestException as error:
        raise RecordingNotReady(f"recording {sid} could not be fetched: {error}") from error


def _sound(audio: bytes, sid: str) -> tuple[bytes, Form]:
    try:
        with wave.open(io.BytesIO(audio)) as file:
            form = Form(file.getnchannels(), file.getsampwidth(), file.getframerate())
            pcm = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise RecordingNotReady(f"recording {sid} is no WAV file: {error}") from error
    if not form.bytes_a_second:
        raise RecordingNotReady(f"recording {sid} is no WAV file: it has no sampling rate")
    return pcm, form


def _lost(database: Database, recording_id: str) -> bool:
    with database.transaction() as session:
        recording = session.get_one(Recording, recording_id)
        recording.status = RecordingStatus.LOST
        outbox.notify(session, "call", recording.call_id)
    return False
