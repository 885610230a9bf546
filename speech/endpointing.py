"""When a caller begins and stops speaking. Pure: time is counted in frames, so the same sound always ends the same."""

from __future__ import annotations

from collections import deque
from enum import StrEnum

import webrtcvad

from speech.audio import PCM_FRAME_BYTES, RATE, audioop
from speech.voicing import periodicity

FRAME_MS = 20
_FAINT = 0.05  # 26 dB below the loudest frame
_PITCHED = 0.4  # periodicity of a vowel
_PAUSE_FRAMES = 8  # between the parts of a short word: 160 ms
# Frames with a pitch among those that are to be voiced: two vowels' worth of none is a cough, a door, a click.
_PITCHED_FRAMES, _PITCHED_FRAMES_OVER_PROMPT = 2, 4
_LONGER_OVER_PROMPT_FRAMES = 2


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

    Speech starts when within the last `min_speech_ms` + 160 ms at least `min_speech_ms` were voiced and 40 ms of them
    had a pitch, so that a cough or a click does not start it, and a stop between two syllables does not restart it.
    Over a prompt it takes 40 ms more, and 80 ms with a pitch: stopping a prompt for nothing costs more than a moment.
    With 160 ms none of 540 words of mostly one syllable (28 words, 12 voices; clean, at 20 and 10 dB of noise) went
    unheard, and 7 over a prompt; no cough, slam, click or burst of noise of 256, of 40 to 400 ms, passed. Speech ends
    after `end_silence_ms` with less than a tenth voiced.
    `aggressiveness` 0 to 3: how hard it is to pass for speech.
    """

    def __init__(self, *, min_speech_ms: int = 160, end_silence_ms: int = 800, aggressiveness: int = 2) -> None:
        if min_speech_ms < FRAME_MS or end_silence_ms < FRAME_MS:
            raise ValueError(f"min_speech_ms and end_silence_ms are at least one frame ({FRAME_MS} ms)")
        self._min_speech_frames = -(-min_speech_ms // FRAME_MS)
        longest = self._min_speech_frames + _LONGER_OVER_PROMPT_FRAMES + _PAUSE_FRAMES
        self._onset: deque[tuple[int, bool]] = deque(maxlen=longest)  # level, or 0 when not voiced; has a pitch
        self._tail: deque[bool] = deque(maxlen=-(-end_silence_ms // FRAME_MS))
        self._aggressiveness = aggressiveness
        self._detector = webrtcvad.Vad(aggressiveness)
        self._before = bytes(PCM_FRAME_BYTES)
        self._speaking = False
        self._loudest = 0.0
        self._quiet_frames = 0

    @property
    def lead_in_frames(self) -> int:
        """How many frames up to `SPEECH_STARTED`, that one included, may hold speech: keep them for the ear."""
        return self._onset.maxlen or 0

    @property
    def speaking(self) -> bool:
        return self._speaking

    @property
    def quiet_ms(self) -> int:
        """How long nothing was heard of an utterance that goes on. Faint frames do not count: the detector holds on
        for 100 ms after a sound. 0 while nobody speaks."""
        return self._quiet_frames * FRAME_MS

    def accept(self, pcm_frame: bytes, *, over_prompt: bool = False) -> Endpoint:
        """One frame of 20 ms (320 bytes of 8 kHz 16-bit PCM). ValueError for any other length.

        `over_prompt`: something of ours is being heard by the caller.
        """
        if len(pcm_frame) != PCM_FRAME_BYTES:
            raise ValueError(f"a frame has {PCM_FRAME_BYTES} bytes, not {len(pcm_frame)}")
        voiced = bool(self._detector.is_speech(pcm_frame, RATE))
        level = audioop.rms(pcm_frame, 2) if voiced else 0
        before, self._before = self._before, pcm_frame
        if not self._speaking:
            self._onset.append((level, voiced and periodicity(before + pcm_frame) >= _PITCHED))
            return self._started(over_prompt)
        self._loudest = max(self._loudest, level)
        self._quiet_frames = 0 if voiced and level >= self._loudest * _FAINT else self._quiet_frames + 1
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
        self._before = bytes(PCM_FRAME_BYTES)
        self._speaking = False
        self._loudest = 0.0
        self._quiet_frames = 0

    def _started(self, over_prompt: bool) -> Endpoint:
        wanted = self._min_speech_frames + (_LONGER_OVER_PROMPT_FRAMES if over_prompt else 0)
        recent = list(self._onset)[-(wanted + _PAUSE_FRAMES) :]
        self._loudest = max(level for level, _ in recent)
        # The detector holds on for 100 ms after a sound, which would make a cough speech: those frames are faint.
        floor = max(1.0, self._loudest * _FAINT)
        clear = [pitched for level, pitched in recent if level >= floor]
        if len(clear) < wanted or sum(clear) < (_PITCHED_FRAMES_OVER_PROMPT if over_prompt else _PITCHED_FRAMES):
            return Endpoint.SILENCE
        self._speaking = True
        self._tail.clear()
        self._quiet_frames = 0
        return Endpoint.SPEECH_STARTED
