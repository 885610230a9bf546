"""What speaks for which intent, learnt from examples: a linear model of words, concepts and pairs of them.

Small enough to be learnt when it is first needed: multi-class passive-aggressive learning (Crammer et al. 2006),
averaged over its steps, on sparse counts. The order of the examples is fixed, so the same examples always give the same model.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Features = tuple[str, ...]
Weights = dict[str, dict[int, float]]

_EPOCHS = 6
_MARGIN = 1.0
_AGGRESSIVENESS = 0.08


@dataclass(frozen=True, slots=True)
class Example:
    features: Features
    label: int  # 0 is "none of them"


class Evidence:
    """Scores per label; label 0 is what is none of the intents."""

    def __init__(self, weights: Weights, labels: int) -> None:
        self._weights = {name: tuple(by_label.items()) for name, by_label in weights.items()}
        self._labels = labels

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
    weights: Weights = {}
    summed: Weights = {}  # each change times the step it was made at: the average comes out without keeping every step
    step = 1
    for epoch in range(_EPOCHS):
        for index in _order(len(examples), epoch):
            step += 1
            example = examples[index]
            scores = _scores(weights, example.features, labels)
            rival = max((s, -label) for label, s in enumerate(scores) if label != example.label)
            loss = _MARGIN - scores[example.label] + rival[0]
            if loss <= 0:
                continue
            size = min(_AGGRESSIVENESS, loss / (2 * len(example.features) or 1))
            for feature in example.features:
                _add(weights, summed, feature, example.label, size, step)
                _add(weights, summed, feature, -rival[1], -size, step)
    return Evidence(_averaged(weights, summed, step), labels)


def _scores(weights: Mapping[str, Mapping[int, float]], features: Features, labels: int) -> list[float]:
    scores = [0.0] * labels
    for feature in features:
        by_label = weights.get(feature)
        if by_label:
            for label, weight in by_label.items():
                scores[label] += weight
    return scores


def _add(weights: Weights, summed: Weights, feature: str, label: int, change: float, step: int) -> None:
    by_label = weights.setdefault(feature, defaultdict(float))
    by_label[label] += change
    by_label = summed.setdefault(feature, defaultdict(float))
    by_label[label] += change * step


def _averaged(weights: Weights, summed: Weights, steps: int) -> Weights:
    return {
        feature: {label: weight - summed[feature][label] / steps for label, weight in by_label.items()}
        for feature, by_label in weights.items()
    }


def _order(count: int, epoch: int) -> Sequence[int]:
    """Another order each time round, without chance: steps of a stride that has no divisor in common with the count."""
    stride = (int(count * 0.618) + 2 * epoch) | 1
    while count > 1 and math.gcd(stride, count) != 1:
        stride += 2 if count % 2 == 0 else 1
    return [(position * stride + epoch) % count for position in range(count)] if count else ()
