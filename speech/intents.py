"""What a caller wants, in the caller's own words: a transcript -> an intent of `callflows/intents.yaml`, or None.

    router = IntentRouter({"outage.report": ["my power is out", ...], ...}, "en")
    router.route("hello, the lights went out in my building")   # Routed("outage.report", 0.93, "the lights went out")

Concepts and words are counted (`speech.tagging`, `speech.features`); a linear model learnt from the examples says what
they speak for (`speech.evidence`), against talk that is no business of ours. Pure: no I/O, no clock, no chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from speech import english_talk, mandarin_talk
from speech.clauses import clauses, gone_by
from speech.evidence import Evidence, Example, learn, probabilities
from speech.features import after_answer, content, features, of_others, perilous
from speech.tagging import IDLE, LONGEST_TRANSCRIPT, UNKNOWN, Tag, Token, tagger, tokens_of
from speech.wording import is_mandarin

URGENT = "outage.danger"  # wins over whatever else is said
_NONE = 0
REJECT_BELOW = 0.45  # the lower of the two bands as they are by default: less sure than this is not understood
_SHARPNESS = 5.0
_LEAST = 0.2  # below it nothing is said to have been recognised at all
_ANSWERS = frozenset(("yes", "no"))
_SURER_THAN_ANSWER = 0.5
_URGENT_ENOUGH = 0.3
_OF_OTHERS = 0.4  # what is left of it when other people's business is named, and nothing of ours


@dataclass(frozen=True, slots=True)
class Routed:
    intent: str
    confidence: float  # 0..1; comparable with the confidence of a recogniser
    matched: str  # the nearest example


@dataclass(frozen=True, slots=True)
class _Learnt:
    intents: tuple[str, ...]  # label 1 is intents[0]
    evidence: Evidence
    known: frozenset[str]
    exact: Mapping[tuple[str, ...], tuple[str, str]]  # sounds of an example -> intent, example
    examples: Mapping[str, tuple[tuple[frozenset[str], str], ...]]


class IntentRouter:
    """`examples`: intent -> phrases in `language`. Nothing is learnt before the first question."""

    def __init__(self, examples: Mapping[str, Sequence[str]], language: str) -> None:
        self._examples = {intent: tuple(phrases) for intent, phrases in examples.items()}
        self._language = language

    def route(self, text: str, among: Collection[str] | None = None) -> Routed | None:
        """The intent `text` is about. `among`: only these can be meant where it is said. None: nothing of ours."""
        if not self._examples or not any(map(str.isalnum, text)):
            return None
        learnt = self._learnt
        wanted = frozenset(learnt.intents if among is None else among) & frozenset(learnt.intents)
        if not wanted:
            return None
        exact = learnt.exact.get(_sounds(_clip(tokens_of(text, self._language))))
        if exact is not None and exact[0] in wanted:
            return Routed(exact[0], 1.0, exact[1])
        said = gone_by(text, self._language)
        parts = clauses(said, self._language)
        urgent = self._urgent([text, said, *parts]) if URGENT in wanted else 0.0
        if urgent >= _URGENT_ENOUGH:
            return self._routed(URGENT, 0.5 + urgent / 2, said)  # rather once too often
        best, sure = self._best(_kept(said, self._language), wanted)
        if best in _ANSWERS:
            best, sure = self._answer(best, sure, _kept(said, self._language), wanted)
        for part in parts:
            other, surely = self._best(_kept(part, self._language), wanted)
            if surely * 0.9 > sure and (other not in _ANSWERS or sure < _LEAST):
                best, sure = other, surely * 0.9
        return self._routed(best, sure, said) if sure >= _LEAST else None

    def _best(self, kept: Sequence[Tag], wanted: Collection[str]) -> tuple[str, float]:
        judged = _judge(self._learnt, kept)
        return max(((intent, sure) for intent, sure in judged.items() if intent in wanted), key=lambda item: item[1])

    def _answer(self, best: str, sure: float, kept: Sequence[Tag], wanted: Collection[str]) -> tuple[str, float]:
        """A yes or no is one when nothing else is said with it: what else is said matters more, and whoever talks on
        about things we do not know was not answering."""
        rest = after_answer(kept)
        if 0 < len(rest) < len(kept):
            other, surely = self._best(rest, wanted)
            if other not in _ANSWERS and surely >= _SURER_THAN_ANSWER:
                return other, surely * 0.9
        if sum(tag.concept == UNKNOWN for tag in rest) >= 2:
            sure *= _OF_OTHERS
        return best, sure

    def _urgent(self, texts: Iterable[str]) -> float:
        all_kept = (_kept(text, self._language) for text in texts)
        return max((_judge(self._learnt, kept)[URGENT] for kept in all_kept if perilous(kept)), default=0.0)

    def _routed(self, intent: str, sure: float, said: str) -> Routed:
        return Routed(intent, round(min(sure, 0.99), 3), self._nearest(intent, said))

    def _nearest(self, intent: str, said: str) -> str:
        heard = frozenset(features(_kept(said, self._language), None))
        return max(
            self._learnt.examples[intent],
            key=lambda example: len(heard & example[0]) / (len(heard | example[0]) or 1),
        )[1]

    @cached_property
    def _learnt(self) -> _Learnt:
        return _learn(self._examples, self._language)


def _judge(learnt: _Learnt, kept: Sequence[Tag]) -> dict[str, float]:
    if not kept:
        return dict.fromkeys(learnt.intents, 0.0)
    found = features(kept, learnt.known)
    likely = probabilities(learnt.evidence.scores(found), _SHARPNESS)
    if of_others(kept):
        likely = [each * _OF_OTHERS for each in likely]
    return dict(zip(learnt.intents, likely[1:], strict=True))


def _kept(text: str, language: str) -> list[Tag]:
    return content(tagger(is_mandarin(language)).tags(_clip(tokens_of(text, language))))


def _clip(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    if len(tokens) <= LONGEST_TRANSCRIPT:
        return tokens
    half = LONGEST_TRANSCRIPT // 2
    return tokens[:half] + tokens[-half:]


def _sounds(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(token.sound for token in tokens)


def _learn(examples: Mapping[str, Sequence[str]], language: str) -> _Learnt:
    intents = tuple(examples)
    told: list[tuple[int, list[Tag]]] = []
    exact: dict[tuple[str, ...], tuple[str, str]] = {}
    nearest: dict[str, tuple[tuple[frozenset[str], str], ...]] = {}
    for label, intent in enumerate(intents, 1):
        rows = []
        for phrase in examples[intent]:
            exact.setdefault(_sounds(tokens_of(phrase, language)), (intent, phrase))
            kept = _kept(phrase, language)
            rows.append((frozenset(features(kept, None)), phrase))
            if kept:
                told.append((label, kept))
        nearest[intent] = tuple(rows)
    known = _known(kept for _, kept in told)
    talk = [_kept(text, language) for text in _talk(is_mandarin(language))]
    chatter = [kept for kept in talk if len(kept) >= 2 and all(tag.concept == UNKNOWN for tag in kept)]
    rows_all = [Example(features(kept, known), label) for label, kept in told]
    rows_all += [Example(features(kept, known), _NONE) for kept in talk if kept]
    if chatter:  # callers tell a story around it: what was asked is the same
        for place, (label, kept) in enumerate(told):
            around = chatter[place % len(chatter)]
            if len(kept) >= 2:
                rows_all.append(Example(features([*around, *kept] if place % 2 else [*kept, *around], known), label))
    return _Learnt(intents, learn(rows_all, len(intents) + 1), known, exact, nearest)


def _known(told: Iterable[Sequence[Tag]]) -> frozenset[str]:
    """Words of at least two examples: a word met once is as good as never met."""
    counts = Counter(word for kept in told for word in {f"={tag.word}" for tag in kept if tag.concept != IDLE})
    return frozenset(word for word, count in counts.items() if count > 1)


@lru_cache(maxsize=2)
def _talk(mandarin: bool) -> tuple[str, ...]:
    text = mandarin_talk.TALK if mandarin else english_talk.TALK
    return tuple(phrase.strip() for phrase in text.split(";") if phrase.strip())
