"""Which voices there are: pyttsx3, and any installed package that offers one.

A package offers a voice by an entry point of the group `hotline.voices`. It names a class or a function that is called
with the languages it is to speak, each with its `VoiceChoice`, and answers a `speech.voices.Voice`, or raises
`VoiceUnavailable` with what is missing. Called from threads, and with nobody to stop it: what may hang (a service on
the network) needs a time limit of its own. A `close()` it has is called at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from speech.audio import level_normalised
from speech.voices import Voice, VoiceChoice, VoiceUnavailable

GROUP = "hotline.voices"
PYTTSX3 = "pyttsx3"
_STANDING_BACK_S = 30.0
"""What stands back may take its time on a busy machine: it is not to be taken for one that hangs."""
Engine = Callable[[Mapping[str, VoiceChoice]], Voice]


@dataclass(frozen=True, slots=True)
class Configured:
    """What speaks one language."""

    engine: str
    choice: VoiceChoice


class Voices:
    """A `Voice` of several engines, each language spoken by its own. An engine is made when it first has to speak.

    `nice`: for work that nobody waits for, as far as an engine can stand back.
    """

    def __init__(self, configured: Mapping[str, Configured], *, nice: int = 0) -> None:
        self._configured = dict(configured)
        self._nice = nice
        self._made: dict[str, Voice] = {}
        self._making = threading.Lock()

    def render(self, text: str, language: str) -> bytes:
        """As `Voice.render`. Raises VoiceUnavailable, whatever an engine raises."""
        configured = self._of(language)
        voice = self._voice(configured.engine)
        if configured.engine == PYTTSX3:
            return voice.render(text, language)
        try:
            pcm = voice.render(text, language)
            if len(pcm) % 2:
                raise ValueError("half a sample: 16-bit PCM at 8 kHz is wanted")
            return level_normalised(pcm)
        except VoiceUnavailable:
            raise
        except Exception as error:
            raise VoiceUnavailable(f"the voice {configured.engine!r} failed: {_told(error)}") from error

    def fingerprint(self, language: str) -> str:
        configured = self._of(language)
        try:
            return f"{configured.engine}: {self._voice(configured.engine).fingerprint(language)}"
        except VoiceUnavailable:
            raise
        except Exception as error:
            raise VoiceUnavailable(f"the voice {configured.engine!r} failed: {_told(error)}") from error

    def close(self) -> None:
        """Ends its processes; the next text starts them again."""
        with self._making:
            made, self._made = self._made, {}
        for voice in made.values():
            close = getattr(voice, "close", None)
            if close is not None:
                close()

    def _of(self, language: str) -> Configured:
        try:
            return self._configured[language]
        except KeyError:
            raise VoiceUnavailable(
                f"no voice is configured for the language {language!r}: add it to speech.voices in config.yaml"
            ) from None

    def _voice(self, name: str) -> Voice:
        with self._making:
            voice = self._made.get(name)
            if voice is None:
                own = {tag: each.choice for tag, each in self._configured.items() if each.engine == name}
                voice = self._made[name] = _open(name, own, self._nice)
        return voice


def installed() -> tuple[str, ...]:
    """The names that `engine` may have, in order; imports none of them."""
    offered = {entry.name for entry in entry_points(group=GROUP)}
    return (PYTTSX3, *sorted(offered - {PYTTSX3}))


def _open(name: str, choices: Mapping[str, VoiceChoice], nice: int) -> Voice:
    if name == PYTTSX3:
        from speech.pyttsx3_voice import PATIENCE_S, Pyttsx3Voice

        return Pyttsx3Voice(choices, _STANDING_BACK_S if nice else PATIENCE_S, nice=nice)
    engine = _engine(name)
    try:
        return engine(choices)
    except VoiceUnavailable:
        raise
    except Exception as error:
        raise VoiceUnavailable(f"the voice {name!r} cannot be made: {_told(error)}") from error


def _engine(name: str) -> Engine:
    found: tuple[EntryPoint, ...] = tuple(entry_points(group=GROUP, name=name))
    if not found:
        raise VoiceUnavailable(
            f"there is no voice engine {name!r}; installed are {', '.join(installed())}. Another is a package with an "
            f"entry point in the group {GROUP}"
        )
    try:
        loaded: Engine = found[0].load()
    except Exception as error:  # whatever a package does when it is imported
        package = found[0].dist.name if found[0].dist else "its package"
        raise VoiceUnavailable(
            f"the voice {name!r} of {package} cannot be imported ({_told(error)}): install it again"
        ) from error
    return loaded


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
