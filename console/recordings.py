"""Recordings, heard by signed-in people only. Every play is written to the log."""

from __future__ import annotations

from pathlib import Path

import structlog
from flask import Blueprint, abort, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from console.access import staff
from console.current import database, settings
from console.errors import ShownError
from console.sessions import current
from models import Recording, RecordingStatus

blueprint = Blueprint("recordings", __name__)
log = structlog.get_logger(__name__)


@blueprint.get("/recordings/<recording_id>.wav")
@staff
def play(recording_id: str) -> ResponseReturnValue:
    """The WAV, whole or the range asked for. 404 unknown or lost, 409 while it is still at the carrier."""
    with database().reading() as rows:
        recording = rows.get(Recording, recording_id)
    if recording is None:
        abort(404)
    if recording.status is RecordingStatus.REMOTE:
        raise ShownError(409, _("This recording is still on its way from the carrier. Try again in a minute."))
    file = _file(recording)
    if file is None:
        raise ShownError(404, _("This recording is not kept any more."))
    log.info(
        "recording_played", user=current().username, recording=recording.id, range=request.headers.get("Range", "")
    )
    answer = send_file(file, mimetype="audio/wav", conditional=True, etag=True, max_age=0)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _file(recording: Recording) -> Path | None:
    """Where it lies; None when it is not there or the row points outside the folder of recordings."""
    if recording.status is not RecordingStatus.STORED or not recording.path:
        return None
    folder = (settings().home / "recordings").resolve()
    file = (folder / recording.path).resolve()
    return file if file.is_relative_to(folder) and file.is_file() else None
