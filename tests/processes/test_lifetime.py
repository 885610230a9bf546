"""One hotline a home, and no process that outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from processes.lifetime import HomeInUse, home_lock
from settings import ROOT


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_home_is_used_by_one_at_a_time(tmp_path: Path) -> None:
    with home_lock(tmp_path, "at http://127.0.0.1:8080"):
        with pytest.raises(HomeInUse, match=rf"process {os.getpid()}, at http://127.0.0.1:8080"):
            with home_lock(tmp_path, "at http://127.0.0.1:9090"):
                pass
    with home_lock(tmp_path, "again"):
        pass


def test_the_lock_goes_with_a_process_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from processes.lifetime import home_lock\n"
        "with home_lock(Path(sys.argv[1]), 'x'): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code, str(tmp_path)], env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(HomeInUse, match=f"process {holder.pid}"), home_lock(tmp_path, "y"):
            pass
        holder.send_signal(signal.SIGKILL)
    with home_lock(tmp_path, "y"):
        pass


def test_children_end_with_a_parent_that_was_killed() -> None:
    code = (
        "import os, subprocess, sys, time; from processes import tied\n"
        "child = subprocess.Popen([sys.executable, tied.__file__, str(os.getpid()), 'sleep', '60'])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)
