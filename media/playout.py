"""Prompts on their way to the caller: in order, little ahead of real time, and known to be heard by their marks."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.outputs import Say
from media.actions import Action, Audio, Clear, Mark, Spoken
from speech.audio import FRAME_BYTES, RATE

LEAD_S = 0.2
"""How far ahead of the far end's ear sound is sent: what a `clear` that is lost on the way would leave sounding."""
CHUNK_BYTES = 5 * FRAME_BYTES
MARK_GRACE_S = 3.0
"""A mark that has not come back this long after its sound must have ended counts as returned: phones lose them."""


@dataclass(slots=True)
class _Prompt:
    name: str
    interruptible: bool
    say: Say | None
    sound: bytes | None = None  # mu-law; None while it is being rendered
    sent: int = 0
    begun: bool = False
    heard_by: float | None = None  # set when its mark has been sent: when the sound must have ended


class Playout:
    """Times are monotonic seconds, passed in."""

    def __init__(self) -> None:
        self._prompts: list[_Prompt] = []
        self._sent_until = 0.0  # when the far end will have played all it has been sent

    @property
    def idle(self) -> bool:
        """Everything queued has been heard."""
        return not self._prompts

    @property
    def interruptible(self) -> bool:
        """Nothing that is still to be heard insists on being heard."""
        return all(prompt.interruptible for prompt in self._prompts)

    def add(self, name: str, *, interruptible: bool, say: Say | None = None, sound: bytes | None = None) -> None:
        self._prompts.append(_Prompt(name, interruptible, say, sound))

    def rendered(self, name: str, sound: bytes) -> None:
        """Ignored when the prompt has been stopped meanwhile."""
        for prompt in self._prompts:
            if prompt.name == name:
                prompt.sound = sound

    def pump(self, now: float) -> list[Action]:
        """Whatever is due to be sent at `now`. Prompts whose mark is overdue count as heard."""
        while self._prompts and _overdue(self._prompts[0], now):
            self._prompts.pop(0)
        actions: list[Action] = []
        for prompt in self._prompts:
            if prompt.sound is None:
                break
            if not prompt.begun:
                prompt.begun = True
                if prompt.say is not None:
                    actions.append(Spoken(prompt.say))
            while prompt.sent < len(prompt.sound) and self._room(now):
                chunk = prompt.sound[prompt.sent : prompt.sent + CHUNK_BYTES]
                prompt.sent += len(chunk)
                self._sent_until = max(self._sent_until, now) + len(chunk) / RATE
                actions.append(Audio(chunk))
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

    def stop(self, now: float) -> list[Action]:
        """Drops every prompt; tells the far end when it may still have sound of them."""
        sounding = any(prompt.begun for prompt in self._prompts)
        self._prompts.clear()
        self._sent_until = now
        return [Clear()] if sounding else []

    def deadline(self) -> float | None:
        """When `pump` must be called at the latest, None when it waits for rendering or for nothing."""
        times = [prompt.heard_by + MARK_GRACE_S for prompt in self._prompts[:1] if prompt.heard_by is not None]
        unsent = next((prompt for prompt in self._prompts if prompt.heard_by is None), None)
        if unsent is not None and unsent.sound is not None:
            times.append(self._sent_until - LEAD_S + CHUNK_BYTES / RATE)
        return min(times, default=None)

    def _room(self, now: float) -> bool:
        return max(self._sent_until, now) + CHUNK_BYTES / RATE <= now + LEAD_S + 1e-6


def _overdue(prompt: _Prompt, now: float) -> bool:
    return prompt.heard_by is not None and now >= prompt.heard_by + MARK_GRACE_S
