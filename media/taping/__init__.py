"""Recordings and transcripts of whole calls, made where their sound runs.

    Tapes       all of one media process: made by `media.equipment`, served beside its other loops
    CallTape    one call, on the event loop: what was heard and said, and when; told by `media.live_call`
    TapedLine   a call's line that tells the tape what the caller hears
    TapeFile    one call, in threads: the file and its row

A recording begins when the prompt `recorded_notice` begins to be heard. The left channel is the caller, the right one
what the caller heard, each at its time. While private values are asked for or said both are silent. Nothing here may
hold up a call: when the disk or the database is slow, sound is dropped, and the row says which.
"""

from media.taping.live_lines import LiveLines
from media.taping.tape import CallTape
from media.taping.taped_line import TapedLine
from media.taping.tapes import Tapes

__all__ = ["CallTape", "LiveLines", "TapedLine", "Tapes"]
