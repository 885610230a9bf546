"""Large sets of flows: what is found, and that the work grows with their size and not with the number of ways."""

from __future__ import annotations

from collections import Counter

from tests.ivr.checking.conftest import base, checked
from tests.ivr.checking.large import flow_set


def test_a_thousand_nodes_are_checked_and_what_was_put_in_is_found() -> None:
    files = flow_set(nodes=1000, faults=True)
    found = Counter(finding.code for finding in checked(files).findings)
    assert found == {"unreachable-node": 1, "endless-loop": 1, "loop-without-wait": 1, "phrases-sound-alike": 1}


def test_a_thousand_nodes_in_order_are_told_nothing() -> None:
    result = checked(flow_set(nodes=1000))
    assert result.flows is not None
    assert sum(len(flow.nodes) for flow in result.flows.flows.values()) >= 1000
    assert result.findings == ()


def test_one_flow_of_thousands_of_nodes_in_a_row_is_checked() -> None:
    links = "\n".join(f"  n{i}: {{say: apology, next: n{i + 1}}}" for i in range(3000))
    main = f"flow: main\nnodes:\n{links}\n  n3000: {{say: apology, next: n2990}}\n"
    (finding,) = checked(base() | {"main.yaml": main}).findings
    assert finding.code == "loop-without-wait"
    assert len(finding.path) < 60


def test_flows_that_call_each_other_a_thousand_deep_are_checked() -> None:
    files = base() | {"main.yaml": "flow: main\nnodes:\n  a: {call: f0, next: b}\n  b: {hangup: goodbye}\n"}
    for i in range(1000):
        node = f"call: f{i + 1}" if i < 999 else "say: apology"
        files[f"f{i}.yaml"] = f"flow: f{i}\nnodes:\n  a: {{{node}, next: b}}\n  b: {{return: {{}}}}\n"
    assert checked(files).findings == ()


def test_the_work_grows_as_the_flows_do() -> None:
    walked = {}
    for nodes in (250, 500, 1000, 2000):
        result = checked(flow_set(nodes=nodes))
        assert result.flows is not None
        size = sum(len(flow.nodes) for flow in result.flows.flows.values())
        walked[nodes] = result.edges_seen / size
    assert max(walked.values()) < 1.2 * min(walked.values()), walked
