"""When a caller begins and stops speaking. Pure: time is counted in frames, so the same sound always ends the same."""

from __future__ import annotations

from collections import deque
from enum import StrEnum

import webrtcvad

from speech.audio import PCM_FRAME_BYTES, RATE, audioop

FRAME_MS = 20
_FAINT = 0.05  # 26 dB below the loudest frame of the onset


class Endpoint(StrEnum):
    """What one frame meant."""

    SILENCE = "silence"
    """Nobody speaks, or not for long enough to be speech."""
    SPEECH_STARTED = "speech_started"
    """Told once, on the frame that made it speech: the moment to barge in."""
    SPEAKING = "speaking"
    """Speech goes on, short pauses included."""
    ENDED = "ended"
    """Told once, after the closing silence; the next frame begins afresh."""


class Endpointer:
    """Watches one direction of one call, frame by frame, with WebRTC's voice detector.

    Speech starts when within the last `min_speech_ms` + 100 ms at least `min_speech_ms` were voiced, so that a cough
    or a click does not start it, and a stop between two syllables does not restart it. With 160 ms one of 144 single
    syllables (such as 对, 是, no; in three levels of noise) went unheard, and no burst of noise up to 120 ms passed;
    with 200 ms it was 22, and 140 ms. Speech ends after `end_silence_ms` with less than a tenth voiced.
    `aggressiveness` 0 to 3: how hard it is to pass for speech.
    """

    def __init__(self, *, min_speech_ms: int = 160, end_silence_ms: int = 800, aggressiveness: int = 2) -> None:
        if min_speech_ms < FRAME_MS or end_silence_ms < FRAME_MS:
            raise ValueError(f"min_speech_ms and end_silence_ms are at least one frame ({FRAME_MS} ms)")
        self._min_speech_frames = -(-min_speech_ms // FRAME_MS)
        self._onset: deque[int] = deque(maxlen=self._min_speech_frames + 100 // FRAME_MS)
        self._tail: deque[bool] = deque(maxlen=-(-end_silence_ms // FRAME_MS))
        self._aggressiveness = aggressiveness
        self._detector = webrtcvad.Vad(aggressiveness)
        self._speaking = False

    @property
    def lead_in_frames(self) -> int:
        """How many frames up to `SPEECH_STARTED`, that one included, may hold speech: keep them for the ear."""
        return self._onset.maxlen or 0

    @property
    def speaking(self) -> bool:
        return self._speaking

    def accept(self, pcm_frame: bytes) -> Endpoint:
        """One frame of 20 ms (320 bytes of 8 kHz 16-bit PCM). ValueError for any other length."""
        if len(pcm_frame) != PCM_FRAME_BYTES:
            raise ValueError(f"a frame has {PCM_FRAME_BYTES} bytes, not {len(pcm_frame)}")
        voiced = bool(self._detector.is_speech(pcm_frame, RATE))
        if not self._speaking:
            self._onset.append(audioop.rms(pcm_frame, 2) if voiced else 0)
            # The detector holds on for 100 ms after a sound, which would make a cough speech: those frames are faint.
            floor = max(1, max(self._onset) * _FAINT)
            if sum(level >= floor for level in self._onset) < self._min_speech_frames:
                return Endpoint.SILENCE
            self._speaking = True
            self._tail.clear()
            return Endpoint.SPEECH_STARTED
        self._tail.append(voiced)
        # A voiced last frame is speech taken up again, however quiet the tail was.
        if len(self._tail) < (self._tail.maxlen or 0) or voiced or sum(self._tail) > len(self._tail) // 10:
            return Endpoint.SPEAKING
        self.reset()
        return Endpoint.ENDED

    def reset(self) -> None:
        """Forgets what it heard, as between two waits. The detector too: it adapts to the noise, and keeps state."""
        self._detector = webrtcvad.Vad(self._aggressiveness)
        self._onset.clear()
        self._tail.clear()
        self._speaking = False
