"""Recordings, heard by those who may. Every play is written down."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from console.access import staff
from console.current import database, now, settings
from console.errors import ShownError
from console.hearing import may_hear, note_play, played_just_now
from console.peaks import PeaksKept
from console.sessions import SignedIn, current
from console.sound_answer import sends_the_beginning, sound_answer
from models import Recording, RecordingStatus
from recording_store import NoSuchRecording, RecordingDamaged, RecordingFile, RecordingStore, WrongKey

blueprint = Blueprint("recordings", __name__)
log = structlog.get_logger(__name__)
_PLAYABLE: Final = {RecordingStatus.STORED, RecordingStatus.RUNNING}
_PEAKS: Final = PeaksKept()


@blueprint.app_template_global()
def new_player() -> str:
    """What a page calls one of its players, see `play`."""
    return secrets.token_hex(6)


@blueprint.get("/recordings/<recording_id>.wav")
@staff
def play(recording_id: str) -> ResponseReturnValue:
    """The WAV, whole or the range asked for. 404 unknown or lost, 409 while it is still at the carrier.

    `player` names the player that asks, so that its many requests count as one play. Who names none, a program that
    fetches the file, plays it whenever it begins anew.
    """
    user, player = current(), request.args.get("player", "")[:32]
    with database().reading() as rows:
        recording = _heard(rows, recording_id)
    answer = sound_answer(_opened(recording))
    try:
        if request.method == "GET" and answer.status_code in (200, 206):
            _written_down(user, recording, player, anew=not player and sends_the_beginning(answer))
    except BaseException:
        answer.close()
        raise
    return answer


def _written_down(user: SignedIn, recording: Recording, player: str, *, anew: bool) -> None:
    with database().reading() as rows:
        if not anew and played_just_now(rows, user, recording.id, player, now()):
            return
    with database().transaction() as rows:
        note_play(rows, user, recording, player, now(), anew=anew)
    log.info("recording_played", user=user.username, recording=recording.id, call=recording.call_id)


@blueprint.get("/recordings/<recording_id>/peaks.json")
@staff
def wave_form(recording_id: str) -> ResponseReturnValue:
    """{"seconds", "channels": [[0..100, ...], ...]}: nothing of what was said can be heard from it."""
    with database().reading() as rows:
        recording = _heard(rows, recording_id)
    with _opened(recording) as file, _damage_told(recording):
        found = _PEAKS.of(file)
    return {"seconds": round(found.seconds, 2), "channels": found.channels}, 200, {"Cache-Control": "private, no-store"}


def _heard(rows: Session, recording_id: str) -> Recording:
    """The recording, where this user may hear it: else 404, or 403."""
    recording = rows.get(Recording, recording_id)
    if recording is None:
        abort(404)
    if not may_hear(rows, current(), recording, request.args.get("ticket", type=int)):
        log.warning("recording_refused", user=current().username, recording=recording.id, call=recording.call_id)
        abort(403)
    return recording


def _opened(recording: Recording) -> RecordingFile:
    if recording.status is RecordingStatus.REMOTE:
        raise ShownError(409, _("This recording is still on its way from the carrier. Try again in a minute."))
    if recording.status not in _PLAYABLE or not recording.path:
        raise ShownError(404, _("This recording is not kept any more."))
    try:
        with _damage_told(recording):
            running = recording.status is RecordingStatus.RUNNING
            return RecordingStore.of(settings()).open(recording.path, running=running)
    except NoSuchRecording:
        raise ShownError(404, _("This recording is not kept any more.")) from None
    except WrongKey as error:
        log.error("recording_of_another_key", recording=recording.id, error=str(error))
        raise ShownError(
            409, _("This recording is encrypted with a key that is not set here. An administrator can add it.")
        ) from None


@contextmanager
def _damage_told(recording: Recording) -> Iterator[None]:
    try:
        yield
    except RecordingDamaged as error:
        log.error("recording_damaged", recording=recording.id, error=str(error))
        raise ShownError(409, _("This recording is damaged and cannot be played.")) from None
