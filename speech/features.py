"""What of an utterance is evidence: its concepts, its words, which of them stand together, and how much is unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from speech.tagging import IDLE, UNKNOWN, Tag, Token
from speech.wording import is_han

_NEGATIONS = frozenset(("not", "nothave"))
_PERILS = frozenset(("fire", "spark", "shock", "hurt", "fallen", "smell", "gasleak"))
_PLAIN_PERILS = frozenset(("fire", "spark", "shock", "gasleak"))
_LIVE = frozenset(("wire", "transformer"))
# What a power company's own business is named by. Money, bills, plans and moving house are everybody's.
_OURS = frozenset(
    """outage trip wire transformer voltage power light spark fire shock hurt fallen gasleak charger solar meter
    fixword fee""".split()  # noqa: SIM905 - one word a line would be a page of quotes
)
_NEAR = 3  # concepts apart that still make a pair


def content(tags: Sequence[Tag]) -> list[Tag]:
    """Without courtesies and fillers; a peril that is denied ("no smoke or fire", 没有冒烟) is the denial of it."""
    kept: list[Tag] = []
    denied = False
    for tag in tags:
        if tag.concept == IDLE:
            continue
        if tag.concept in _PERILS and denied:
            tag = Tag(f"~{tag.concept}", tag.word)
        else:
            denied = tag.concept in _NEGATIONS or (tag.concept == "nope" and tag.word in _DENYING)
        kept.append(tag)
    return kept


def of_others(kept: Sequence[Tag]) -> bool:
    """Whether it is about other people's business (water, a pizza) and names nothing of ours."""
    concepts = {tag.concept for tag in kept}
    return "foreign" in concepts and not concepts & _OURS


def peril(kept: Sequence[Tag]) -> float:
    """How much of a danger is in the words themselves: 0 none, 0.5 perhaps (a pole, something broken), 1 plainly one
    (sparks, a shock, a wire that fell)."""
    concepts = {tag.concept for tag in kept}
    if concepts & _PLAIN_PERILS or (concepts & _LIVE and concepts & {"fallen", "hurt", "smell", "child"}):
        return 1.0
    return 0.5 if concepts & (_PERILS | _LIVE) else 0.0


def after_answer(kept: Sequence[Tag]) -> Sequence[Tag]:
    """What is left behind a yes or a no: "no, I want to pay" -> pay. Everything when it does not begin with one."""
    place = 0
    while place < len(kept) and kept[place].concept in _ANSWERS:
        place += 1
    return kept[place:]


_ANSWERS = frozenset(("yes", "nope"))
_DENYING = frozenset(("no", "neither", "meiyou", "bu", "mei"))


def features(kept: Sequence[Tag], tokens: Sequence[Token], known: Collection[str]) -> frozenset[str]:
    """`kept`: the content of an utterance; `tokens`: all of it; `known`: words of the examples."""
    return frozenset((*_of_concepts(kept, known), *_of_words(tokens)))


def _of_concepts(kept: Sequence[Tag], known: Collection[str]) -> Iterator[str]:
    strange = 0
    concepts: list[tuple[int, str]] = []
    previous = "^"
    for place, tag in enumerate(kept):
        name = tag.concept
        if name != UNKNOWN:
            concepts.append((place, name))
            yield name
        elif tag.word in known:
            name = f"={tag.word}"
        else:
            strange += 1
        if name != UNKNOWN or previous not in (UNKNOWN, "^"):
            yield f"{previous}>{name}"
        previous = name
    yield f"{previous}>$"
    for index, (place, concept) in enumerate(concepts):
        for other_place, other in concepts[index + 1 :]:
            if other_place - place > _NEAR:
                break
            yield f"{concept}&{other}" if concept < other else f"{other}&{concept}"
    if len(kept) <= 2:
        yield "short:" + "+".join(name for _, name in concepts) + "?" * (len(kept) - len(concepts))
    yield f"strange:{min(strange, 2) if strange < 4 else 4 if strange < 8 else 8}"
    ours = any(concept in _OURS for _, concept in concepts)
    yield f"ours:{ours}/{min(strange, 3)}"
    yield f"concepts:{min(len(concepts), 4)}"
    yield f"cover:{min(len(concepts), 3)}/{min(strange, 4)}"


def _of_words(tokens: Sequence[Token]) -> Iterator[str]:
    """Each word, each two that follow each other, and each two with one between; Mandarin by sound and as written."""
    sounds = ["^", *(token.sound for token in tokens), "$"]
    yield from (f"={sound}" for sound in sounds[1:-1])
    yield from (f"={one} {other}" for one, other in pairwise(sounds))
    yield from (f"={one} . {other}" for one, other in zip(sounds, sounds[2:], strict=False))
    written = [token.written for token in tokens if token.written != token.sound and is_han(token.written)]
    yield from written
    yield from (one + other for one, other in pairwise(written))
