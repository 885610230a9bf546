"""What speaks for which intent, learnt from examples: a linear model of words, concepts and pairs of them.

Small enough to be learnt when it is first needed: multi-class passive-aggressive learning (Crammer et al. 2006),
averaged over its steps, on sparse counts. The order of the examples is fixed, so the same examples always give the
same model.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Features = Collection[str]
Weights = Mapping[str, Mapping[int, float]]

_EPOCHS = 3
_MARGIN = 1.0
_AGGRESSIVENESS = 0.08
_SETTLED = 0.1  # this far beyond the margin an example is taken for learnt


@dataclass(frozen=True, slots=True)
class Example:
    features: Features
    label: int  # 0 is "none of them"


class Evidence:
    """Scores per label; label 0 is what is none of the intents."""

    def __init__(self, weights: Weights, labels: int) -> None:
        self._weights = {name: tuple(by_label.items()) for name, by_label in weights.items()}
        self._labels = labels

    def told(self) -> tuple[Mapping[str, Sequence[tuple[int, float]]], int]:
        """As JSON can hold it; see `of`."""
        return self._weights, self._labels

    @staticmethod
    def of(told: tuple[Mapping[str, Sequence[tuple[int, float]]], int]) -> Evidence:
        weights, labels = told
        return Evidence({name: dict(by_label) for name, by_label in weights.items()}, labels)

    def knows(self, feature: str) -> bool:
        return feature in self._weights

    def scores(self, features: Features) -> list[float]:
        scores = [0.0] * self._labels
        for feature in features:
            for label, weight in self._weights.get(feature, ()):
                scores[label] += weight
        return scores


def probabilities(scores: Sequence[float], sharpness: float) -> list[float]:
    top = max(scores)
    powers = [math.exp(sharpness * (score - top)) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def learn(examples: Sequence[Example], labels: int) -> Evidence:
    weights: defaultdict[str, dict[int, float]] = defaultdict(dict)
    # Each change times the step it was made at: the average comes out of it without keeping every step.
    summed: defaultdict[str, dict[int, float]] = defaultdict(dict)
    counts = Counter(name for example in examples for name in example.features)
    rows = [
        # In order of name: a set has another order in every process.
        tuple((weights[name], summed[name]) for name in sorted(example.features) if counts[name] > 2)
        for example in examples
    ]
    told = list(range(len(examples)))
    step = 1
    for epoch in range(_EPOCHS):
        doubtful = []
        for place in _order(len(told), epoch):
            index = told[place]
            row, label = rows[index], examples[index].label
            step += 1
            scores = [0.0] * labels
            for by_label, _ in row:
                for other, weight in by_label.items():
                    scores[other] += weight
            own, scores[label] = scores[label], -math.inf
            highest = max(scores)
            loss = _MARGIN - own + highest
            if loss > -_SETTLED:
                doubtful.append(index)
            if loss <= 0:
                continue
            rival = scores.index(highest)
            change = min(_AGGRESSIVENESS, loss / (2 * len(row) or 1))
            for by_label, by_step in row:
                by_label[label] = by_label.get(label, 0.0) + change
                by_label[rival] = by_label.get(rival, 0.0) - change
                by_step[label] = by_step.get(label, 0.0) + change * step
                by_step[rival] = by_step.get(rival, 0.0) - change * step
        told = sorted(doubtful)  # what is settled is not gone through again
    return Evidence(
        {
            name: {label: weight - summed[name][label] / step for label, weight in by_label.items()}
            for name, by_label in weights.items()
            if by_label
        },
        labels,
    )


def _order(count: int, epoch: int) -> Sequence[int]:
    """Another order each time round, without chance: steps of a stride that has no divisor in common with the count."""
    stride = (int(count * 0.618) + 2 * epoch) | 1
    while count > 1 and math.gcd(stride, count) != 1:
        stride += 2 if count % 2 == 0 else 1
    return [(position * stride + epoch) % count for position in range(count)] if count else ()
