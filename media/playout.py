"""Prompts on their way to the caller: in order, little ahead of real time, and known to be heard by their marks.

Beside them there may be a filler, a sound that is played while a prompt is still being made and gives way to it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ivr.outputs import Say
from media.actions import Action, Audio, Clear, Mark, Spoken
from speech.audio import FRAME_BYTES, RATE, faded_out

LEAD_S = 0.2
"""How far ahead of the far end's ear sound is sent: what a `clear` that is lost on the way would leave sounding."""
CHUNK_BYTES = 5 * FRAME_BYTES
FILLER_LEAD_S = 0.1
"""A filler goes out nearer to real time: the answer it gives way to has to wait for what was sent of it."""
FILLER_CHUNK_BYTES = 2 * FRAME_BYTES
FADE_BYTES = 2 * FRAME_BYTES
MARK_GRACE_S = 3.0
"""A mark that has not come back this long after its sound must have ended counts as returned: phones lose them."""
ECHO_S = 0.6
"""So long after it was heard, sound may still come back as an echo: the way there and back, and buffers on it."""
LATELY_BYTES = round(1.5 * RATE)


@dataclass(slots=True)
class _Prompt:
    name: str
    interruptible: bool
    say: Say | None
    sound: bytes | None = None  # mu-law; None while it is being rendered
    sent: int = 0
    begun: bool = False
    heard_by: float | None = None  # set when its mark has been sent: when the sound must have ended


@dataclass(slots=True)
class _Filler:
    say: Say | None
    sound: bytes
    sent: int = 0
    cut_off: bool = False

    def cut(self) -> None:
        """Only a fade is left of it: a sound that breaks off clicks."""
        if not self.cut_off:
            self.cut_off = True
            fade = faded_out(self.sound[self.sent : self.sent + FADE_BYTES]) if self.sent else b""
            self.sound = self.sound[: self.sent] + fade


class Playout:
    """Times are monotonic seconds, passed in."""

    def __init__(self) -> None:
        self._prompts: list[_Prompt] = []
        self._filler: _Filler | None = None
        self._sent_until = 0.0  # when the far end will have played all it has been sent
        self._lately: deque[bytes] = deque()
        self._lately_bytes = 0

    @property
    def idle(self) -> bool:
        """Everything queued has been heard. A filler is nothing that is waited for."""
        return not self._prompts

    @property
    def interruptible(self) -> bool:
        """Nothing that is still to be heard insists on being heard."""
        return all(prompt.interruptible for prompt in self._prompts)

    @property
    def starved_since(self) -> float | None:
        """The next prompt is still being made: from when on nothing (but a filler) is heard. None: it is not so."""
        unsent = next((prompt for prompt in self._prompts if prompt.heard_by is None), None)
        return self._sent_until if unsent is not None and unsent.sound is None else None

    # --- as a `media.waiting.Mouth`

    def sounding(self, now: float) -> bool:
        return now < self._sent_until

    def lately(self, now: float) -> bytes:
        return b"".join(self._lately) if now < self._sent_until + ECHO_S else b""

    # --- what is to be played

    def add(self, name: str, *, interruptible: bool, say: Say | None = None, sound: bytes | None = None) -> None:
        self._prompts.append(_Prompt(name, interruptible, say, sound))

    def rendered(self, name: str, sound: bytes) -> None:
        """Ignored when the prompt has been stopped meanwhile."""
        for prompt in self._prompts:
            if prompt.name == name:
                prompt.sound = sound

    def fill(self, say: Say | None, sound: bytes) -> None:
        """Plays `sound` until it is over or the next prompt is there."""
        self._filler = _Filler(say, sound)

    def cut_filler(self) -> None:
        if self._filler is not None:
            self._filler.cut()

    def pump(self, now: float) -> list[Action]:
        """Whatever is due to be sent at `now`. Prompts whose mark is overdue count as heard."""
        while self._prompts and _overdue(self._prompts[0], now):
            self._prompts.pop(0)
        actions = self._pump_filler(now)
        if self._filler is not None:
            return actions
        for prompt in self._prompts:
            if prompt.sound is None:
                break
            if not prompt.begun:
                prompt.begun = True
                if prompt.say is not None:
                    actions.append(Spoken(prompt.say))
            while prompt.sent < len(prompt.sound) and self._room(now, CHUNK_BYTES, LEAD_S):
                chunk = prompt.sound[prompt.sent : prompt.sent + CHUNK_BYTES]
                prompt.sent += len(chunk)
                actions.append(self._sent(chunk, now))
            if prompt.sent < len(prompt.sound):
                break
            if prompt.heard_by is None:
                prompt.heard_by = max(self._sent_until, now)
                actions.append(Mark(prompt.name))
        return actions

    def marked(self, name: str) -> None:
        """The far end has played everything up to this mark. Unknown names (of stopped prompts) mean nothing."""
        for index, prompt in enumerate(self._prompts):
            if prompt.name == name and prompt.heard_by is not None:
                del self._prompts[: index + 1]
                return

    def stop(self, now: float, *, filler: bool = True) -> list[Action]:
        """Drops every prompt; tells the far end when it may still have sound of them.

        Without `filler` that goes on, unless it has to be silenced with a prompt.
        """
        sounding = any(prompt.begun for prompt in self._prompts)
        self._prompts.clear()
        if filler and self._filler is not None:
            sounding = True
        if sounding:
            self._filler = None
            self._sent_until = now
            return [Clear()]
        return []

    def deadline(self) -> float | None:
        """When `pump` must be called at the latest, None when it waits for rendering or for nothing."""
        times = [prompt.heard_by + MARK_GRACE_S for prompt in self._prompts[:1] if prompt.heard_by is not None]
        unsent = next((prompt for prompt in self._prompts if prompt.heard_by is None), None)
        if self._filler is not None:
            times.append(self._sent_until - FILLER_LEAD_S + FILLER_CHUNK_BYTES / RATE)
        elif unsent is not None and unsent.sound is not None:
            times.append(self._sent_until - LEAD_S + CHUNK_BYTES / RATE)
        return min(times, default=None)

    def _pump_filler(self, now: float) -> list[Action]:
        filler, actions = self._filler, list[Action]()
        if filler is None:
            return actions
        waiting = next((prompt for prompt in self._prompts if prompt.heard_by is None), None)
        if waiting is not None and waiting.sound is not None:
            filler.cut()
        if filler.sent == 0 and filler.say is not None and filler.sound:
            actions.append(Spoken(filler.say))
        while filler.sent < len(filler.sound) and self._room(now, FILLER_CHUNK_BYTES, FILLER_LEAD_S):
            chunk = filler.sound[filler.sent : filler.sent + FILLER_CHUNK_BYTES]
            filler.sent += len(chunk)
            actions.append(self._sent(chunk, now))
        if filler.sent >= len(filler.sound):
            self._filler = None
        return actions

    def _sent(self, chunk: bytes, now: float) -> Audio:
        self._sent_until = max(self._sent_until, now) + len(chunk) / RATE
        self._lately.append(chunk)
        self._lately_bytes += len(chunk)
        while self._lately_bytes - len(self._lately[0]) >= LATELY_BYTES:
            self._lately_bytes -= len(self._lately.popleft())
        return Audio(chunk)

    def _room(self, now: float, chunk_bytes: int, lead_s: float) -> bool:
        return max(self._sent_until, now) + chunk_bytes / RATE <= now + lead_s + 1e-6


def _overdue(prompt: _Prompt, now: float) -> bool:
    return prompt.heard_by is not None and now >= prompt.heard_by + MARK_GRACE_S
