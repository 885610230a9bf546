"""The folder of recordings. Everything that writes, reads or deletes one goes through here.

    RecordingStore    the folder: which file, which key (`store`)
    RecordingWriter   one that grows (`growing`)
    RecordingFile     one that is read (`reading`)
    Form              how its sound is written (`form`); CALL and MESSAGE are ours

With a key (`recordings.key`) files are encrypted, see `cipher`; without one they are plain WAV. Which of the two a
file is, it says itself, so what was kept before a key was set stays playable, and so do files of an earlier key that is
still named in `recordings.old_keys`. A running recording is only appended to; whoever reads a recording, gets the bytes
of a WAV file, its header made of the length there is.
"""

from recording_store.errors import NoSuchRecording, RecordingDamaged, RecordingError, WrongKey
from recording_store.form import CALL, MESSAGE, Form
from recording_store.growing import RecordingWriter
from recording_store.reading import RecordingFile
from recording_store.store import RecordingStore

__all__ = [
    "CALL",
    "MESSAGE",
    "Form",
    "NoSuchRecording",
    "RecordingDamaged",
    "RecordingError",
    "RecordingFile",
    "RecordingStore",
    "RecordingWriter",
    "WrongKey",
]
