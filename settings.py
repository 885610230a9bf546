"""config.yaml and the environment -> frozen, validated settings. An error names the key and the line."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from config_source import KeyPath, Source, dotted, read
from secret_key import keep_secret_key
from setting_sections import (
    SHIPPED_FLOWS,
    BrowserPhoneSection,
    Callbacks,
    Callflows,
    Console,
    DatabaseSection,
    Media,
    QuietHours,
    RecognizerSection,
    Recordings,
    Redis,
    Section,
    Server,
    Settings,
    Sip,
    SipAccount,
    SipTrunk,
    Speech,
    Tickets,
    Twilio,
    Utility,
    VoiceSection,
)

__all__ = [
    "PACKAGED_CONFIG",
    "ROOT",
    "SHIPPED_FLOWS",
    "BrowserPhoneSection",
    "Callbacks",
    "Callflows",
    "ConfigError",
    "Console",
    "DatabaseSection",
    "Media",
    "Place",
    "QuietHours",
    "RecognizerSection",
    "Recordings",
    "Redis",
    "Section",
    "Server",
    "Settings",
    "Sip",
    "SipAccount",
    "SipTrunk",
    "Speech",
    "Tickets",
    "Twilio",
    "Utility",
    "VoiceSection",
    "load",
]

ROOT = Path(__file__).resolve().parent
PACKAGED_CONFIG = ROOT / "config.yaml"
_TO_BE_MADE = "\0" * 32  # stands for the secret key until everything else is known to be right


class ConfigError(Exception):
    """The configuration cannot be used. `faults` are all of them, each naming where and what."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load(
    config_path: Path | None = None, environ: Mapping[str, str] = os.environ, home: Path | None = None
) -> Settings:
    """Reads `config_path`, else $HOTLINE_CONFIG, else the config.yaml that comes with the hotline.

    A file need only say what differs: a key it leaves out is as in the packaged file. The environment wins over
    the file, `home` over both. Makes the home's secret key when there is none. Raises ConfigError.
    """
    path = config_path or (Path(environ["HOTLINE_CONFIG"]) if environ.get("HOTLINE_CONFIG") else PACKAGED_CONFIG)
    source = read(path)
    if source.faults:
        raise ConfigError(source.faults)
    data = _with_packaged_defaults(source.data) if path.resolve() != PACKAGED_CONFIG else dict(source.data)
    variables: dict[KeyPath, str] = {}
    faults = _apply_environment(data, environ, variables)
    data["home"] = _home(home, environ, data.get("home"))
    given_key = data.setdefault("secret_key", _TO_BE_MADE)
    try:
        settings = Settings.model_validate(data)
    except ValidationError as problem:
        faults += [_fault(error, source, variables) for error in problem.errors()]
        raise ConfigError(faults) from None
    settings, contradictions = _complete(settings, path.resolve().parent)
    faults += [f"{_where(key, source, variables)}: {dotted(key)}: {text}" for key, text in contradictions]
    if faults:
        raise ConfigError(faults)
    if given_key == _TO_BE_MADE:
        try:
            settings = settings.model_copy(update={"secret_key": SecretStr(keep_secret_key(settings.home))})
        except (OSError, ValueError) as problem:
            raise ConfigError([f"home: {settings.home}: {problem}"]) from None
    return settings


def _with_packaged_defaults(data: dict[str, Any]) -> dict[str, Any]:
    merged = dict(data)
    for section, keys in read(PACKAGED_CONFIG).data.items():
        mine = merged.get(section)
        if mine is None:
            merged[section] = keys
        elif isinstance(mine, dict):
            merged[section] = {**keys, **mine}
    return merged


def _apply_environment(data: dict[str, Any], environ: Mapping[str, str], variables: dict[KeyPath, str]) -> list[str]:
    faults: list[str] = []
    overrides: list[tuple[str, KeyPath]] = [
        ("TWILIO_ACCOUNT_SID", ("twilio", "account_sid")),
        ("TWILIO_AUTH_TOKEN", ("twilio", "auth_token")),
        ("HOTLINE_SECRET_KEY", ("secret_key",)),
        ("HOTLINE_RECORDINGS_KEY", ("recordings", "key")),
    ]
    overrides += [
        (name, tuple(name.removeprefix("HOTLINE_").lower().split("__")))
        for name in sorted(environ)
        if name.startswith("HOTLINE_") and "__" in name
    ]
    for name, path in overrides:
        text = environ.get(name, "")
        if not text:
            continue
        value: Any = text
        if text[0] in "[{":
            try:
                value = yaml.safe_load(text)
            except yaml.YAMLError:
                faults.append(f"environment: {name}: is neither text nor a list or mapping in YAML or JSON")
                continue
        inner = data
        for part in path[:-1]:
            nested = inner.get(str(part))
            inner[str(part)] = nested = dict(nested) if isinstance(nested, dict) else {}
            inner = nested
        inner[str(path[-1])] = value
        variables[path] = name
    return faults


def _home(given: Path | None, environ: Mapping[str, str], configured: object) -> object:
    home = given or environ.get("HOTLINE_HOME") or configured
    if home is None:
        checkout = (ROOT / "pyproject.toml").exists()
        home = ROOT / "var" if checkout else Path.home() / ".local" / "share" / "hotline"
    return Path(home).expanduser().absolute() if isinstance(home, str | Path) else home


def _fault(error: ErrorDetails, source: Source, variables: Mapping[KeyPath, str]) -> str:
    path: KeyPath = tuple(error["loc"])
    secret = not _SECRETS.isdisjoint(path)
    match error["type"]:
        case "extra_forbidden":
            where, text = _where(path, source, variables, key=True), f"no such setting.{_suggestion(path)}"
        case "missing":
            where, text = _where(path, source, variables), "is missing"
        case "string_type":
            quoted = "" if secret else f': "{error["input"]}"'
            where, text = _where(path, source, variables), f"should be text; write it in quotes{quoted}"
        case "too_short" if secret:
            there, wanted = error["ctx"]["actual_length"], error["ctx"]["min_length"]
            where = _where(path, source, variables)
            text = f"should be at least {wanted} characters long, and has {there}"
        case "string_pattern_mismatch":
            where, text = _where(path, source, variables), f"{error['input']!r} does not look like {_LOOKS[path[-1]]}"
        case _:
            message = error["msg"].removeprefix("Value error, ")
            given = "" if secret else f" (it is {error['input']!r})"
            text = f"{message[0].lower()}{message[1:]}{given}"
            where = _where(path, source, variables)
    return f"{where}: {dotted(path)}: {text}"


_SECRETS: frozenset[str | int] = frozenset({"secret_key", "auth_token", "password", "key", "old_keys"})
"""What stands under these names is not repeated in what is told: it would end up in a log."""
_LOOKS: Mapping[str | int, str] = {
    "region": "a country code such as CN",
    "hotline_number": "a phone number: +8657188800000, or a short code",
    "transfer_number": "a phone number: +8657188800000, or a short code",
    "number": "a phone number: +8657188800000",
    "public_url": "an address such as https://ivr.example.org (wss:// for the gateway)",
    "api_url": "an address such as https://api.example.org",
}


def _where(path: KeyPath, source: Source, variables: Mapping[KeyPath, str], *, key: bool = False) -> str:
    for variable_path, name in variables.items():
        if path[: len(variable_path)] == variable_path:
            return f"environment: {name}"
    return source.at(path, key=key)


def _suggestion(path: KeyPath) -> str:
    section: Any = Settings
    for part in path[:-1]:
        found = section.model_fields.get(part) if hasattr(section, "model_fields") else None
        section = found.annotation if found is not None else None
    if not hasattr(section, "model_fields"):
        return ""
    close = difflib.get_close_matches(str(path[-1]), section.model_fields, n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


def _complete(settings: Settings, folder: Path) -> tuple[Settings, list[tuple[KeyPath, str]]]:
    """Relative paths are taken from the file's folder; then what no single setting can be blamed for is checked."""
    faults: list[tuple[KeyPath, str]] = []
    flows, speech = settings.callflows, settings.speech
    if flows.folder is not None:
        flow_folder = folder / flows.folder.expanduser()
        flows = flows.model_copy(update={"folder": flow_folder})
        if not flow_folder.is_dir():
            faults.append((("callflows", "folder"), f"{flow_folder} is no folder"))
    recognizers = {}
    for language, recognizer in speech.recognizers.items():
        where = ("speech", "recognizers", language)
        if recognizer.model is not None:
            recognizer = recognizer.model_copy(update={"model": folder / recognizer.model.expanduser()})
        if language not in speech.voices:
            faults.append((where, "has no voice; add it to speech.voices"))
        if unknown := _unknown_plug_in(recognizer.engine, RECOGNIZERS, "hotline.recognizers"):
            faults.append(((*where, "engine"), unknown))
        recognizers[language] = recognizer
    for language, voice in speech.voices.items():
        if unknown := _unknown_plug_in(voice.engine, VOICES, "hotline.voices"):
            faults.append((("speech", "voices", language, "engine"), unknown))
    language = settings.utility.default_language
    if language not in speech.voices:
        faults.append((("utility", "default_language"), f"{language} has no voice; add it to speech.voices"))
    faults += [
        (("utility", "name"), f"the name is missing in {spoken}, which has a voice")
        for spoken in speech.voices
        if spoken not in settings.utility.name
    ]
    if speech.reject_below > speech.confirm_below:
        faults.append((("speech", "reject_below"), f"is more than speech.confirm_below, {speech.confirm_below:g}"))
    if settings.media.port == settings.server.port:
        faults.append((("media", "port"), "is the web's own port (server.port)"))
    if settings.sip_control_port in (settings.server.port, settings.media_port):
        faults.append((("sip", "control_port"), "is the port of the web or of the media gateway"))
    first_port, last_port = settings.sip.rtp_ports
    if last_port - first_port < 2:
        faults.append((("sip", "rtp_ports"), "needs at least two ports, the lower one first"))
    if bool(settings.twilio.account_sid) != bool(settings.twilio.auth_token):
        faults.append((("twilio",), "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN come together or not at all"))
    if settings.twilio.streams and not settings.media.public_url:
        faults.append((("twilio", "streams"), "streams need media.public_url: where Twilio reaches the media gateway"))
    completed = settings.model_copy(
        update={"callflows": flows, "speech": speech.model_copy(update={"recognizers": recognizers})}
    )
    return completed, faults


RECOGNIZERS = ("pocketsphinx", "vosk", "none")
VOICES = ("pyttsx3",)
"""Those that come with the hotline; others are entry points of installed packages."""


def _unknown_plug_in(name: str, own: tuple[str, ...], group: str) -> str | None:
    """What is wrong with `name` as one of `own` or of the entry points of `group`. Imports none of them."""
    if name in own:
        return None
    others = sorted({entry.name for entry in entry_points(group=group)})
    if name in others:
        return None
    return f"{name!r} is not installed; there are {', '.join([*own, *others])}"


@dataclass(frozen=True, slots=True)
class Place:
    """Which installation a command of the command line is about: the object that click passes on."""

    config: Path | None
    home: Path | None

    def settings(self, **environment: str) -> Settings:
        """`environment` wins over that of the process. Raises ConfigError."""
        return load(self.config, {**os.environ, **environment}, self.home)
