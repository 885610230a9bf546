"""What a caller wants, in the caller's own words: a transcript -> an intent of `callflows/intents.yaml`, or None.

    router = IntentRouter({"outage.report": ["my power is out", ...], ...}, "en")
    router.route("hello, the lights went out in my building")   # Routed("outage.report", 0.93, "the lights went out")

Concepts and words are counted (`speech.tagging`, `speech.features`); a linear model learnt from the examples says what
they speak for (`speech.evidence`), against talk that is no business of ours. Pure: no I/O, no clock, no chance;
somebody else may keep what was learnt (`speech.intent_memory`).
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

from speech import english_talk, mandarin_talk
from speech.clauses import clauses, gone_by
from speech.evidence import Evidence, Example, learn, probabilities
from speech.features import after_answer, content, features, of_others, peril
from speech.tagging import LONGEST_TRANSCRIPT, UNKNOWN, Tag, Token, tagger, tokens_of
from speech.transcripts import mandarin

URGENT = "outage.danger"  # wins over whatever else is said
_NONE = 0
REJECT_BELOW = 0.45  # the lower of the two bands as they are by default: less sure than this is not understood
_SHARPNESS = 6.5
REPORT, ASKED_ABOUT_IT = "outage.report", "outage.status"  # "the power is out, when will it be back?" asks
_LEAST = 0.2  # below it nothing is said to have been recognised at all
_KIN = 0.7
# What is as likely other people's business as ours, by language: it is told as REJECT_BELOW. Found on the `dev` part
# of the labelled set, where talk of others is taken for ours more easily in English.
_DOUBTFUL = {"en": 0.6}
_SAME = 0.95  # an example with other courtesies around it
_FEW = 40  # examples; of fewer than these each is told more often, so that they are not lost among the others
_ANSWERS = frozenset(("yes", "no"))
_SURER_THAN_ANSWER = 0.5
_URGENT_ENOUGH = 0.3
_PLAINLY_URGENT = 0.1  # where the words themselves name sparks, a fire, a shock, a fallen wire
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
    same: Mapping[tuple[str, ...], tuple[str, str]]  # the same without courtesies, where that is one intent alone
    examples: Mapping[str, tuple[tuple[frozenset[str], str], ...]]

    def told(self) -> Any:
        """As JSON can hold it; see `of`."""
        return [
            self.intents,
            self.evidence.told(),
            sorted(self.known),
            [(*key, found) for key, found in self.exact.items()],
            [(*key, found) for key, found in self.same.items()],
            [
                (intent, [(sorted(words), phrase) for words, phrase in phrases])
                for intent, phrases in self.examples.items()
            ],
        ]

    @staticmethod
    def of(told: Any) -> _Learnt:
        intents, evidence, known, exact, same, examples = told
        return _Learnt(
            tuple(intents),
            Evidence.of(evidence),
            frozenset(known),
            {tuple(key): tuple(found) for *key, found in exact},
            {tuple(key): tuple(found) for *key, found in same},
            {intent: tuple((frozenset(words), phrase) for words, phrase in phrases) for intent, phrases in examples},
        )


class Memory(Protocol):
    """Of what was learnt, see `speech.intent_memory`."""

    def recall(self, examples: Mapping[str, Sequence[str]], language: str) -> Any | None: ...
    def keep(self, examples: Mapping[str, Sequence[str]], language: str, learnt: Any) -> None: ...


class IntentRouter:
    """`examples`: intent -> phrases in `language`. Nothing is learnt before the first question."""

    def __init__(self, examples: Mapping[str, Sequence[str]], language: str) -> None:
        self._examples = {intent: tuple(phrases) for intent, phrases in examples.items()}
        self._language = language

    def learn(self, memory: Memory | None = None) -> None:
        """Half a second to some seconds, once: whoever starts a process does it before callers come. What `memory`
        knows already is not learnt again."""
        if memory is None or "_learnt" in self.__dict__:
            _ = self._learnt
            return
        told = memory.recall(self._examples, self._language)
        if told is not None:
            with suppress(ValueError, TypeError, AttributeError):  # not what was kept: a broken disk, a meddler
                self.__dict__["_learnt"] = _Learnt.of(told)
                return
        memory.keep(self._examples, self._language, self._learnt.told())

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
        same = learnt.same.get(_matter(_read(text, self._language)))
        if same is not None and same[0] in wanted:
            return Routed(same[0], _SAME, same[1])
        said = gone_by(text, self._language)
        parts = [_read(part, self._language) for part in clauses(said, self._language)]
        whole = _read(said, self._language)
        urgent = self._urgent([_read(text, self._language), whole, *parts]) if URGENT in wanted else 0.0
        if urgent:
            return self._routed(URGENT, 0.5 + urgent / 2, whole)  # rather once too often
        best, sure = self._best(whole, wanted)
        if best in _ANSWERS:
            best, sure = self._answer(best, sure, whole, wanted)
        for part in parts:
            other, surely = self._best(part, wanted)
            asks = best == REPORT and other == ASKED_ABOUT_IT and surely >= _SURER_THAN_ANSWER
            if (asks or surely * 0.9 > sure) and (other not in _ANSWERS or sure < _LEAST):
                best, sure = other, surely * 0.9
        return self._routed(best, self._told(sure), whole) if sure >= _LEAST else None

    def _best(self, heard: _Heard, wanted: Collection[str]) -> tuple[str, float]:
        judged = _judge(self._learnt, heard)
        return max(
            ((intent, _with_kin(intent, judged, wanted)) for intent in judged if intent in wanted), key=_sureness
        )

    def _answer(self, best: str, sure: float, heard: _Heard, wanted: Collection[str]) -> tuple[str, float]:
        """A yes or no is one when nothing else is said with it: what else is said matters more, and whoever talks on
        about things we do not know was not answering."""
        rest = after_answer(heard.kept)
        if 0 < len(rest) < len(heard.kept):
            other, surely = self._best(_without_answer(heard, rest), wanted)
            if other not in _ANSWERS and surely >= _SURER_THAN_ANSWER:
                return other, surely * 0.9
        if sum(tag.concept == UNKNOWN for tag in rest) >= 2:
            sure *= _OF_OTHERS
        return best, sure

    def _urgent(self, heard: Iterable[_Heard]) -> float:
        """How likely any of it is about a danger; 0 when it is not likely enough to be taken for one."""
        likely = 0.0
        for each in heard:
            in_words = peril(each.kept)
            if in_words:
                found = _judge(self._learnt, each)[URGENT]
                likely = max(likely, found if found >= (_URGENT_ENOUGH if in_words < 1 else _PLAINLY_URGENT) else 0.0)
        return likely

    def _told(self, sure: float) -> float:
        doubtful = _DOUBTFUL.get(self._language, REJECT_BELOW)
        if sure < doubtful:
            return sure * REJECT_BELOW / doubtful
        return REJECT_BELOW + (sure - doubtful) * (1 - REJECT_BELOW) / (1 - doubtful)

    def _routed(self, intent: str, sure: float, heard: _Heard) -> Routed:
        return Routed(intent, round(min(sure, 0.99), 3), self._nearest(intent, heard))

    def _nearest(self, intent: str, heard: _Heard) -> str:
        found = features(heard.kept, heard.tokens, self._learnt.known)
        return max(
            self._learnt.examples[intent],
            key=lambda example: len(found & example[0]) / (len(found | example[0]) or 1),
        )[1]

    @cached_property
    def _learnt(self) -> _Learnt:
        return _learn(self._examples, self._language)


@dataclass(frozen=True, slots=True)
class _Heard:
    tokens: tuple[Token, ...]
    kept: Sequence[Tag]


def _read(text: str, language: str) -> _Heard:
    tokens = _clip(tokens_of(text, language))
    return _Heard(tokens, content(tagger(mandarin(language)).tags(tokens)))


def _without_answer(heard: _Heard, rest: Sequence[Tag]) -> _Heard:
    """The words from the first that matters on."""
    before = len(heard.kept) - len(rest)
    answered = sum(len(tag.word.split()) or 1 for tag in heard.kept[:before])
    return _Heard(heard.tokens[answered:], rest)


def _matter(heard: _Heard) -> tuple[str, ...]:
    return tuple(tag.word for tag in heard.kept)


def _judge(learnt: _Learnt, heard: _Heard) -> dict[str, float]:
    if not heard.kept:
        return dict.fromkeys(learnt.intents, 0.0)
    found = features(heard.kept, heard.tokens, learnt.known)
    likely = probabilities(learnt.evidence.scores(found), _SHARPNESS)
    if of_others(heard.kept):
        likely = [each * _OF_OTHERS for each in likely]
    return dict(zip(learnt.intents, _against_next(likely[1:]), strict=True))


def _with_kin(intent: str, judged: Mapping[str, float], wanted: Collection[str]) -> float:
    """Where only one of a kind is offered (`billing.bill` of `billing.*`), all
    that is meant of its kind is asked back about."""
    kind, dot, _ = intent.partition(".")
    kin = [name for name in judged if dot and name.startswith(f"{kind}.") and name not in (intent, URGENT)]
    if intent == URGENT or not kin or any(name in wanted for name in kin):
        return judged[intent]
    return max(judged[intent], _KIN * max(judged[name] for name in kin))


def _sureness(item: tuple[str, float]) -> float:
    return item[1]


def _against_next(likely: Sequence[float]) -> list[float]:
    """How sure each is: that it is any of ours at all, times its part of it against its nearest rival. What many share
    a little of (20 intents are rivals) is not in doubt for that."""
    ours = sum(likely)
    first, second = heapq.nlargest(2, (*likely, 0.0))
    return [ours * each / (each + (second if each == first else first) or 1.0) for each in likely]


def _clip(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    if len(tokens) <= LONGEST_TRANSCRIPT:
        return tokens
    half = LONGEST_TRANSCRIPT // 2
    return tokens[:half] + tokens[-half:]


def _sounds(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(token.sound for token in tokens)


def _learn(examples: Mapping[str, Sequence[str]], language: str) -> _Learnt:
    intents = tuple(examples)
    told = [
        (label, phrase, _read(phrase, language)) for label, name in enumerate(intents, 1) for phrase in examples[name]
    ]
    known = _known(heard.kept for _, _, heard in told)
    exact: dict[tuple[str, ...], tuple[str, str]] = {}
    same: dict[tuple[str, ...], tuple[str, str]] = {}
    shared: set[tuple[str, ...]] = {()}
    nearest: dict[str, list[tuple[frozenset[str], str]]] = {intent: [] for intent in intents}
    rows = []
    for label, phrase, heard in told:
        intent = intents[label - 1]
        found = features(heard.kept, heard.tokens, known)
        exact.setdefault(_sounds(heard.tokens), (intent, phrase))
        if same.setdefault(_matter(heard), (intent, phrase))[0] != intent:
            shared.add(_matter(heard))
        nearest[intent].append((found, phrase))
        if heard.kept:
            rows += [Example(found, label)] * math.ceil(_FEW / max(len(examples[intent]), 1))
    for text in _talk(mandarin(language)):
        heard = _read(text, language)
        shared.add(_matter(heard))
        if heard.kept:
            rows.append(Example(features(heard.kept, heard.tokens, known), _NONE))
    return _Learnt(
        intents,
        learn(rows, len(intents) + 1),
        known,
        exact,
        {matter: found for matter, found in same.items() if matter not in shared},
        {intent: tuple(found) for intent, found in nearest.items()},
    )


def _known(told: Iterable[Sequence[Tag]]) -> frozenset[str]:
    """Words of at least two examples: a word met once is as good as never met."""
    counts = Counter(word for kept in told for word in {tag.word for tag in kept if tag.concept == UNKNOWN})
    return frozenset(word for word, count in counts.items() if count > 1)


@lru_cache(maxsize=2)
def _talk(mandarin: bool) -> tuple[str, ...]:
    text = mandarin_talk.TALK if mandarin else english_talk.TALK
    return tuple(phrase.strip() for phrase in text.split(";") if phrase.strip())
