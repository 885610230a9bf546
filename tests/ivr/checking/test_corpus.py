"""Every broken flow gets its exact finding: what an author reads, word for word."""

from __future__ import annotations

from collections import Counter

import pytest

from ivr.checking.catalogue import CODES
from ivr.checking.report import as_text
from tests.ivr.checking.conftest import CORPUS, checked, ears_of, files_of

CASES = sorted(path.name for path in CORPUS.iterdir() if path.is_dir() and path.name != "base")
# A case that says what is right must not be told anything.
GOOD = [case for case in CASES if case.endswith("_fine") or case in ("allowed_with_a_reason",)]


def recordings_of(case: str) -> set[tuple[str, str]]:
    listed = CORPUS / case / "recordings.txt"
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []
    return {(language, prompt) for language, _, prompt in (line.partition("/") for line in lines)}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_flow_gets_its_exact_finding(case: str, update: bool) -> None:
    findings = checked(files_of(case), recordings_of(case), ears_of(case)).findings
    text = "\n".join(as_text(findings)) + "\n"
    golden = CORPUS / case / "findings.txt"
    if update:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_flows_in_order_are_told_nothing() -> None:
    assert checked(files_of("base")).findings == ()


@pytest.mark.parametrize("case", GOOD)
def test_what_looks_broken_and_is_not_is_told_nothing(case: str) -> None:
    assert checked(files_of(case), recordings_of(case), ears_of(case)).findings == ()


def test_a_broken_flow_breaks_one_thing() -> None:
    for case in CASES:
        codes = {finding.code for finding in checked(files_of(case), recordings_of(case), ears_of(case)).findings}
        assert len(codes) <= 1 or case in _SEVERAL, (case, codes)


# What follows from the one thing: who reads it wants to see both.
_SEVERAL = {
    "allowed_by_a_wrong_code",
    "allowed_without_a_reason",
    "entry_missing",
    "left_over",
    "misspelt_key",
}


def test_every_code_is_met_in_the_corpus() -> None:
    met = Counter(
        finding.code
        for case in CASES
        for finding in checked(files_of(case), recordings_of(case), ears_of(case)).findings
    )
    assert set(CODES) - set(met) <= {"flow-fault"}
    assert len(CASES) - len(GOOD) >= 40
