"""Memory of live sessions, in a process of its own: states come in as a JSON list, the figure goes out as JSON.

    python bench/session_memory.py --held bytes|objects --count 100000 < states.json

Every session differs from the others in its caller's number, as they do.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

import orjson


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held", choices=["bytes", "objects"], required=True)
    parser.add_argument("--count", type=int, default=100_000)
    given = parser.parse_args()
    states = [state.encode() for state in json.load(sys.stdin)]
    orjson.dumps(orjson.loads(states[0]))
    sessions: list[Any] = [None] * given.count
    gc.collect()
    before, size = _resident_bytes(), 0
    for number in range(given.count):
        state = orjson.loads(states[number % len(states)])
        state["base"]["caller_number"] = f"+8613{number:09d}"
        written = bytes(bytearray(orjson.dumps(state)))  # orjson's own buffer is larger than what it holds
        size += len(written)
        sessions[number] = written if given.held == "bytes" else state
    del state, written
    gc.collect()
    taken = _resident_bytes() - before
    print(
        json.dumps(
            {
                "sessions": len(sessions),
                "json_bytes_per_session": round(size / given.count),
                "resident_bytes_per_session": round(taken / given.count),
                "resident_mb": round(taken / 2**20, 1),
            }
        )
    )


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
