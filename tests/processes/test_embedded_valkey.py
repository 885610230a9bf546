"""The Valkey a hotline brings along: two of them do not meet, and no path is too long for one."""

from __future__ import annotations

import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from processes import embedded_valkey


@contextmanager
def running(home: Path) -> Iterator[redis.Redis]:
    home.mkdir(parents=True, exist_ok=True)
    socket_path = embedded_valkey.choose_socket(home)
    with subprocess.Popen(embedded_valkey.command(home, socket_path), stdout=subprocess.DEVNULL) as process:
        client = redis.Redis.from_url(embedded_valkey.url(socket_path), retry=None)
        try:
            deadline = time.monotonic() + 5
            while not socket_path.exists():
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield client
        finally:
            client.close()
            process.terminate()


def test_two_hotlines_do_not_meet(tmp_path: Path) -> None:
    with running(tmp_path / "a") as a, running(tmp_path / "b") as b:
        a.set("hotline:x", "a")
        assert b.get("hotline:x") is None
        assert a.config_get("port") == {"port": "0"}
        assert stat.S_IMODE((tmp_path / "a" / "valkey.sock").stat().st_mode) == 0o700


def test_a_home_with_a_long_name_gets_a_socket_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    home = tmp_path / ("long" * 30)
    with running(home) as client:
        assert client.ping()
        assert not (home / "valkey.sock").exists()


def test_a_folder_open_to_others_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    home = tmp_path / ("long" * 30)
    home.mkdir()
    folder = embedded_valkey.choose_socket(home).parent
    folder.chmod(0o777)
    with pytest.raises(PermissionError, match="open to others"):
        embedded_valkey.choose_socket(home)


def test_a_socket_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "valkey.sock").touch()
    with running(tmp_path) as client:
        assert client.ping()
