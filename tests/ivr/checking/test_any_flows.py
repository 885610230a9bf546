"""Whatever an author writes, the check answers; it never breaks."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.checking.finding import Severity
from ivr.checking.report import as_json, as_text
from tests.ivr.checking.conftest import base, checked

NAMES = ["a", "b", "c", "d", "e"]
VARIABLES = {"n": "number", "t": "text", "y": "yes_no", "m": "money", "d": "date"}
target = st.sampled_from(NAMES)
condition = st.sampled_from(
    ["n > 2", "n == 'x'", "y", "not y", "t == ''", "t in ['a', 'b']", "length(t) > n", "storm or y", "language == 'en'",
     "n + 1 < m", "d < today", "t + 1 == 2", "n in t", "1 < n < 3", "-n < 0", "n % 2 == 0", "last(t, 2) == '12'"]
)  # fmt: skip
value = st.sampled_from(["{n + 1}", "{t}", "{m}", "true", "12", "", "abc", "{last(t, 2)}", "{y}", "2026-02-30"])
prompt = st.sampled_from(["p", "q", "r", "apology", "r@en"])
phrases = st.fixed_dictionaries(
    {
        "en": st.lists(st.sampled_from(["bill", "bell", "pay", "a person", "?", "99"]), min_size=1, max_size=3),
        "zh-CN": st.lists(st.sampled_from(["电费", "点费", "缴费", "交费", "人工", "!"]), min_size=1, max_size=3),
    }
)
option = st.fixed_dictionaries(
    {"next": target, "phrases": phrases},
    optional={"key": st.sampled_from(["1", "2", "12", "0", "9", "*"])},
)
escalation = st.fixed_dictionaries({"limit": st.integers(1, 4)}, optional={"next": target, "say": prompt})
calls = st.sampled_from(["main", "agent", "other"])
node = st.one_of(
    st.fixed_dictionaries({"say": prompt, "next": target}),
    st.fixed_dictionaries({"hangup": prompt}),
    st.fixed_dictionaries(
        {
            "menu": prompt,
            "options": st.dictionaries(st.sampled_from(["x", "y", "agent"]), option, min_size=1, max_size=2),
        },
        optional={"no_input": escalation, "no_match": escalation, "into": st.just("t")},
    ),
    st.fixed_dictionaries(
        {
            "ask": prompt,
            "type": st.sampled_from(["digits", "date", "text"]),
            "into": st.sampled_from(["t", "d"]),
            "next": target,
        },
        optional={"invalid": escalation, "terminator": st.sampled_from(["*", "", "#"])},
    ),
    st.fixed_dictionaries({"record": prompt, "into": st.just("t"), "next": target}, optional={"no_input": escalation}),
    st.fixed_dictionaries(
        {
            "do": st.just("test.look"),
            "with": st.fixed_dictionaries({"number": value}, optional={"urgent": value}),
            "outcomes": st.fixed_dictionaries({"found": target, "none": target}, optional={"error": target}),
        },
        optional={"into": st.sampled_from([{"amount": "m"}, {"name": "t"}, {"amount": "n", "due_on": "d"}])},
    ),
    st.fixed_dictionaries(
        {
            "when": st.lists(st.fixed_dictionaries({"if": condition, "next": target}), max_size=3).flatmap(
                lambda branches: target.map(lambda to: [*branches, {"else": to}])
            )
        }
    ),
    st.fixed_dictionaries(
        {"set": st.dictionaries(st.sampled_from(list(VARIABLES)), value, min_size=1), "next": target}
    ),
    st.fixed_dictionaries({"call": calls, "next": target}),
    st.fixed_dictionaries({"return": st.dictionaries(st.sampled_from(["m", "zz"]), value, max_size=1)}),
    st.fixed_dictionaries(
        {"transfer": prompt, "to": value, "outcomes": st.fixed_dictionaries(
            dict.fromkeys(("answered", "busy", "no-answer", "failed"), target))}
    ),
)  # fmt: skip
PROMPTS = {
    "p": {"en": "Press 1, {n}.", "zh-CN": "按1。"},
    "q": {"en": "{d}", "zh-CN": "{d}"},
    "r": {"en": "{m:money} {t}", "zh-CN": "{m}"},
}


def flow(name: str, nodes: dict[str, Any]) -> str:
    content = {"flow": name, "gives": {"g": "money"}, "vars": VARIABLES, "prompts": PROMPTS, "nodes": nodes}
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.dictionaries(st.sampled_from(NAMES), node, min_size=1),
    st.dictionaries(st.sampled_from(NAMES), node, min_size=1),
    st.integers(0, 9),
)
def test_checking_never_raises(main: dict[str, Any], other: dict[str, Any], broken: int) -> None:
    """Nodes that are led to and not there hang up, but in one set of ten, which cannot be loaded."""
    rest = {name: {"hangup": ""} for name in NAMES} if broken else {}
    files = base() | {"main.yaml": flow("main", main | {k: v for k, v in rest.items() if k not in main})}
    files["other.yaml"] = flow("other", other | {k: v for k, v in rest.items() if k not in other})
    result = checked(files, {("en", "p"), ("fr", "q")})
    assert list(as_text(result.findings)) or not result.findings
    assert as_json(result.findings, "here", None)["counts"].keys() == set(Severity)
    for finding in result.findings:
        assert finding.fix
        assert finding.message
        assert finding.place.line >= 1


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    checked(base() | {"main.yaml": text})
