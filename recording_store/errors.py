"""What can be wrong with a recording. The message says which one, why, and how to mend it."""

from __future__ import annotations


class RecordingError(Exception):
    """A recording that cannot be read or written."""


class NoSuchRecording(RecordingError):
    pass


class WrongKey(RecordingError):
    pass


class RecordingDamaged(RecordingError):
    pass
