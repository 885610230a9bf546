"""How long `hotline flow check` takes as the flows grow. Prints JSON.

    python bench/flow_check.py [--nodes 100 300 1000 3000] [--times 3]

The flows are those of tests/ivr/checking/large.py: each calls others, asks, counts and branches, so the number of ways
through them grows without bound. Times are the process's own (CPU), the median of `--times`, without the first run, in
which tables of pronunciations are read.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue"), str(ROOT / "bench")]

from turn import machine  # noqa: E402

from ivr.loader import load  # noqa: E402
from tests.ivr.checking.conftest import LANGUAGES, SERVICES, UTILITY, checked  # noqa: E402
from tests.ivr.checking.large import flow_set  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, nargs="+", default=[100, 300, 1000, 3000])
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    began = time.process_time()
    checked(flow_set(20))
    first_s = time.process_time() - began
    sizes = [_measured(nodes, given.times) for nodes in given.nodes]
    print(json.dumps({"first_check_s": round(first_s, 3), "sizes": sizes, "machine": machine()}, indent=2))


def _measured(nodes: int, times: int) -> dict[str, float]:
    files = flow_set(nodes)
    loading, checking = [], []
    for _ in range(times):
        began = time.process_time()
        load(files, SERVICES, LANGUAGES, UTILITY)
        loaded = time.process_time()
        result = checked(files)
        loading.append(loaded - began)
        checking.append(time.process_time() - loaded)
    assert result.flows is not None
    assert not result.findings, result.findings[:3]
    size = sum(len(flow.nodes) for flow in result.flows.flows.values())
    whole = statistics.median(checking)
    return {
        "nodes": size,
        "flows": len(result.flows.flows),
        "load_s": round(statistics.median(loading), 3),
        "check_with_load_s": round(whole, 3),
        "ms_per_node": round(1000 * whole / size, 3),
        "edges_walked_per_node": round(result.edges_seen / size, 1),
    }


if __name__ == "__main__":
    main()
