"""What an operator gets to read when config.yaml is wrong, and what is in force when it is right."""

from __future__ import annotations

import stat
from datetime import time
from pathlib import Path

import pytest

from processes.config_commands import reference
from settings import PACKAGED_CONFIG, RECOGNIZERS, ROOT, ConfigError, Settings, load
from speech.engines import installed


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text), environ or {}, tmp_path / "home")
    return caught.value.faults


def test_the_packaged_configuration_is_valid(settings: Settings) -> None:
    assert settings.utility.name == {"en": "Riverbend County Power", "zh-CN": "河湾县供电公司"}
    assert settings.callbacks.quiet_hours is not None
    assert settings.callbacks.quiet_hours.start == time(21, 30)


def test_a_misspelt_key_is_named_with_its_place_and_the_right_one(tmp_path: Path) -> None:
    text = "server:\n  host: 127.0.0.1\n  prot: 8080\n"
    assert faults(tmp_path, text) == ["config.yaml:3:3: server.prot: no such setting. Did you mean port?"]


def test_every_fault_is_listed_at_once(tmp_path: Path) -> None:
    text = """\
utility:
  hotline_number: 95598
  time_zone: Asia/Nowhere
servr: {}
callbacks:
  attempts: 0
  quiet_hours:
    start: half past nine
"""
    found = faults(tmp_path, text)
    assert 'config.yaml:2:19: utility.hotline_number: should be text; write it in quotes: "95598"' in found
    assert "config.yaml:3:14: utility.time_zone: no such time zone (it is 'Asia/Nowhere')" in found
    assert "config.yaml:4:1: servr: no such setting. Did you mean server?" in found
    assert any(fault.startswith("config.yaml:6:13: callbacks.attempts: ") for fault in found)
    assert any(fault.startswith("config.yaml:8:12: callbacks.quiet_hours.start: ") for fault in found)
    assert "config.yaml:8:5: callbacks.quiet_hours.end: is missing" in found or any(
        "end: is missing" in f for f in found
    )


def test_a_key_given_twice_is_found(tmp_path: Path) -> None:
    text = "server:\n  port: 1\n  host: localhost\n  port: 2\n"
    assert faults(tmp_path, text) == ["config.yaml:4:3: server.port: given twice, first in line 2"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("server: [", "config.yaml:2:1: not valid YAML"),
        ("- a\n- b\n", "config.yaml:1:1: must be a mapping of sections"),
        ("server: &s\n  host: *s\n", "config.yaml:1:9: server.host: refers to itself"),
        ("? [a, b]\n: c\n", "config.yaml:1:3: a key must be a plain word"),
        ("server: 8080\n", "config.yaml:1:9: server: "),
        ("\x00", "config.yaml"),
    ],
)
def test_what_is_no_configuration_is_said_to_be_none(tmp_path: Path, text: str, fault: str) -> None:
    assert faults(tmp_path, text)[0].startswith(fault)


def test_times_and_codes_without_quotes_mean_what_they_look_like(tmp_path: Path) -> None:
    text = "callbacks:\n  quiet_hours: {start: 21:30, end: 07:30}\n"
    quiet = load(write(tmp_path, text), {}, tmp_path).callbacks.quiet_hours
    assert quiet is not None
    assert (quiet.start, quiet.end) == (time(21, 30), time(7, 30))


def test_what_a_file_leaves_out_is_as_packaged(tmp_path: Path) -> None:
    settings = load(write(tmp_path, "utility:\n  region: CA\n"), {}, tmp_path)
    packaged = load(environ={}, home=tmp_path)
    assert settings.utility.region == "CA"
    assert settings.utility.name == packaged.utility.name
    assert settings.speech == packaged.speech


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "server:\n  port: 9000\n  threads: 3\n")
    environ = {
        "HOTLINE_SERVER__PORT": "9001",
        "HOTLINE_SERVER__TRUSTED_PROXIES": "[10.0.0.0/8]",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "secret",
        "HOTLINE_SECRET_KEY": "k" * 40,
    }
    settings = load(path, environ, tmp_path)
    assert (settings.server.port, settings.server.threads) == (9001, 3)
    assert settings.server.trusted_proxies == ("10.0.0.0/8",)
    assert settings.twilio.enabled
    assert settings.secret_key.get_secret_value() == "k" * 40
    assert not (tmp_path / "secret_key").exists()


def test_a_fault_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    found = faults(tmp_path, "", {"HOTLINE_SERVER__PROT": "1", "HOTLINE_MEDIA__PORT": "many"})
    assert "environment: HOTLINE_SERVER__PROT: server.prot: no such setting. Did you mean port?" in found
    assert any(fault.startswith("environment: HOTLINE_MEDIA__PORT: media.port: ") for fault in found)


def test_settings_that_contradict_each_other_are_found(tmp_path: Path) -> None:
    text = """\
utility:
  default_language: fr
server: {port: 9000}
media: {port: 9000}
speech:
  recognizers: {en: {engine: vosk}}
callflows: {folder: nowhere}
"""
    found = faults(tmp_path, text, {"TWILIO_ACCOUNT_SID": "AC1"})
    assert "config.yaml:2:21: utility.default_language: fr has no voice; add it to speech.voices" in found
    assert "config.yaml:4:15: media.port: is the web's own port (server.port)" in found
    assert any(f.startswith("config.yaml:7:21: callflows.folder: ") for f in found)
    assert any("TWILIO_AUTH_TOKEN" in f for f in found)


def test_a_recogniser_must_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "speech:\n  recognizers:\n    en: {engine: whispering}\n"
    where = "config.yaml:3:18: speech.recognizers.en.engine: "
    assert faults(tmp_path, text) == [f"{where}'whispering' is not installed; there are pocketsphinx, vosk, none"]
    info = tmp_path / "site" / "whispering-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: whispering\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hotline.recognizers]\nwhispering = whispering:Ears\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    made = load(write(tmp_path, text), {}, tmp_path / "home")
    assert made.speech.recognizers["en"].engine == "whispering"


def test_a_voice_must_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "speech:\n  voices:\n    en: {engine: humming, voice: low}\n    zh-CN: {voice: sit/cmn}\n"
    where = "config.yaml:3:18: speech.voices.en.engine: "
    assert faults(tmp_path, text) == [f"{where}'humming' is not installed; there are pyttsx3"]
    info = tmp_path / "site" / "humming-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: humming\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hotline.voices]\nhumming = humming:Voice\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert load(write(tmp_path, text), {}, tmp_path / "home").speech.voices["en"].engine == "humming"


def test_the_recognisers_of_the_hotline_are_those_that_speech_has() -> None:
    assert {*installed(), "none"} == set(RECOGNIZERS)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.yaml", {}, tmp_path)


def test_the_secret_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = load(environ={}, home=tmp_path / "new").secret_key.get_secret_value()
    again = load(environ={}, home=tmp_path / "new").secret_key.get_secret_value()
    assert first == again
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret_key"]


def test_a_secret_key_that_is_too_short_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "", {"HOTLINE_SECRET_KEY": "guessable"})
    assert fault.startswith("environment: HOTLINE_SECRET_KEY: secret_key: ")
    assert "16" in fault
    assert "guessable" not in fault


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"HOTLINE_RECORDINGS_KEY": "guessable"}, "key: should be at least 16 characters long, and has 9"),
        ({"HOTLINE_RECORDINGS_KEY": "guessable" + " " * 16}, "key: should be at least 16 characters long, and has 9"),
        ({"HOTLINE_RECORDINGS__OLD_KEYS": "{guessable: 1}"}, "old_keys: input should be a valid tuple"),
        ({"HOTLINE_RECORDINGS__OLD_KEYS": "[{guessable: 1}]"}, "old_keys[0]: should be text; write it in quotes"),
    ],
)
def test_a_key_of_recordings_that_cannot_be_used_is_refused_and_not_repeated(
    tmp_path: Path, environ: dict[str, str], told: str
) -> None:
    (fault,) = faults(tmp_path, "", environ)
    assert told in fault
    assert "guessable" not in fault


def test_keys_of_recordings_are_the_same_with_and_without_the_end_of_a_line(tmp_path: Path) -> None:
    environ = {"HOTLINE_RECORDINGS_KEY": "the key of the recordings\n", "HOTLINE_RECORDINGS__OLD_KEYS": "an old one\n"}
    recordings = load(write(tmp_path, ""), environ, tmp_path / "home").recordings
    assert recordings.key is not None
    assert recordings.key.get_secret_value() == "the key of the recordings"
    assert [key.get_secret_value() for key in recordings.old_keys] == ["an old one"]


def test_a_damaged_secret_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short\n")
    with pytest.raises(ConfigError, match="5 characters"):
        load(environ={}, home=tmp_path)


def test_the_page_of_settings_is_in_step_with_them() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == reference(), "run `./run hotline config docs --write docs/settings.md`"
    assert "| `speech.voices.<language>.voice` | required |" in page
    assert "None |" not in page


def test_the_packaged_file_is_the_one_in_the_checkout() -> None:
    assert PACKAGED_CONFIG == ROOT / "config.yaml"
