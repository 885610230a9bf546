"""How much silence ends an utterance: little after an answer that is whole, more in the midst of a number."""

from __future__ import annotations

import re

from ivr.outputs import Gather
from speech.heard_digits import read_digits

WHOLE_S = 0.2
"""After a phrase that no other begins with, or the last digit there may be: the answer comes at once."""
FREE_S = 0.3
"""The same where callers may use words of their own, and may have more to tell: "my power is out, it sparks"."""
EXTENDABLE_S = 0.45
"""After a phrase that a longer one begins with: "report", "report an outage"."""
UNFINISHED_NUMBER = 1.5
"""So many times the usual silence in the midst of a number: who reads one out looks up between its parts."""

_BETWEEN_CJK = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")


class Completeness:
    """Of what was heard so far at one wait, as the recogniser writes it."""

    def __init__(self, rules: Gather) -> None:
        assert rules.speech is not None
        self._rules = rules
        self._usual_s = rules.speech.end_silence_s
        self._free = rules.speech.free
        self._phrases = frozenset(map(_plain, rules.speech.phrases))
        self._longest_s = self._usual_s * (UNFINISHED_NUMBER if self._counts else 1.0)

    @property
    def longest_s(self) -> float:
        """The silence that ends an utterance whatever was heard."""
        return self._longest_s

    def silence_s(self, heard: str) -> float:
        said = _plain(heard)
        if not said:
            return self._usual_s
        keys = self._rules.keys
        if self._counts and keys is not None:
            digits = read_digits(said, self._rules.language)
            if digits is not None:
                if len(digits) >= keys.max_digits:
                    return min(WHOLE_S, self._usual_s)
                return self._usual_s if len(digits) >= keys.min_digits else self._longest_s
        if said not in self._phrases:
            return self._usual_s
        longer = any(len(phrase) > len(said) and phrase.startswith(said) for phrase in self._phrases)
        whole_s = FREE_S if self._free else WHOLE_S
        return min(EXTENDABLE_S if longer else whole_s, self._usual_s)

    @property
    def _counts(self) -> bool:
        """A number of a known length is asked for, digit by digit."""
        speech, keys = self._rules.speech, self._rules.keys
        return speech is not None and speech.digits and keys is not None and keys.max_digits > 1


def _plain(text: str) -> str:
    return _BETWEEN_CJK.sub("", " ".join(text.lower().split()))
