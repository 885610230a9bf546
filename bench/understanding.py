"""How well callers are understood, on the labelled utterances, and what it costs. Prints JSON.

    python bench/understanding.py [--part held-out|dev]

`right`: share of utterances of ours that get their intent at or above the lower band; `false_accepts`: share of other
talk that gets any. Confused pairs are "meant -> understood". Times are wall clock, one utterance after the other.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue"), str(ROOT / "bench")]

from turn import machine  # noqa: E402

from speech.intents import REJECT_BELOW, URGENT, IntentRouter, Routed  # noqa: E402
from tests.speech.intent_examples import LANGUAGES, examples  # noqa: E402
from tests.speech.labelled import Utterance, utterances  # noqa: E402

CONFIRM_BELOW = 0.75


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["held-out", "dev"], default="held-out")
    part = parser.parse_args().part
    report = {language: _score(language, part) for language in LANGUAGES}
    print(json.dumps({"part": part, **report, "machine": machine()}, indent=2, ensure_ascii=False))


def _score(language: str, part: str) -> dict[str, object]:
    learnt_from = examples(language)
    router = IntentRouter(learnt_from, language)
    began = time.perf_counter()
    router.route("the first question pays for the learning 停电")
    learning_s = time.perf_counter() - began
    rows = utterances(language, part)
    ours, others = [row for row in rows if row.intent], [row for row in rows if not row.intent]
    took_ms = []
    found: dict[Utterance, Routed | None] = {}
    for row in rows:
        began = time.perf_counter()
        found[row] = router.route(row.said)
        took_ms.append((time.perf_counter() - began) * 1000)
    understood = {row: (r.intent if r and r.confidence >= REJECT_BELOW else None) for row, r in found.items()}
    sure = [row for row in ours if (r := found[row]) and r.confidence >= CONFIRM_BELOW]
    danger = [row for row in ours if row.intent == URGENT]
    confused = Counter(f"{row.intent} -> {understood[row]}" for row in rows if understood[row] != row.intent)
    return {
        "examples": sum(map(len, learnt_from.values())),
        "utterances": {"ours": len(ours), "other_talk": len(others)},
        "right": _share(understood[row] == row.intent for row in ours),
        "false_accepts": _share(understood[row] is not None for row in others),
        "danger_found": _share(understood[row] == URGENT for row in danger),
        "accepted_without_asking": _share(row in set(sure) for row in ours),
        "right_of_those": _share(understood[row] == row.intent for row in sure),
        "confused": dict(confused.most_common(12)),
        "learning_s": round(learning_s, 2),
        "ms_per_utterance": {
            "median": round(statistics.median(took_ms), 2),
            "p99": round(statistics.quantiles(took_ms, n=100)[98], 2),
            "longest": round(max(took_ms), 2),
        },
    }


def _share(hits: object) -> float:
    values = [bool(hit) for hit in hits]  # type: ignore[attr-defined]
    return round(sum(values) / len(values), 3)


if __name__ == "__main__":
    main()
