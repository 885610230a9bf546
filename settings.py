"""config.yaml and the environment -> frozen, validated settings. An error names the key and the line.

The sections come first, each setting with its default and description (docs/settings.md is made from them);
`load` at the end reads and checks them.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from config_source import KeyPath, Source, dotted, read
from secret_key import keep_secret_key

ROOT = Path(__file__).resolve().parent
PACKAGED_CONFIG = ROOT / "config.yaml"


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone") from None
    return name


Port = Annotated[int, Field(ge=1, le=65535)]
PhoneNumber = Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{5,14}|[0-9]{3,8})$")]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^/\s]+[^\s]*$")]
WsUrl = Annotated[str, Field(pattern=r"^wss?://[^/\s]+[^\s]*$")]
TimeZone = Annotated[str, AfterValidator(_time_zone)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Utility(Section):
    """Whose hotline this is."""

    name: dict[str, str] = Field(description="The utility's name per language, as it is spoken.")
    time_zone: TimeZone = Field(
        "Asia/Shanghai", description="IANA zone of opening hours, quiet hours and spoken dates."
    )
    region: str = Field(
        "CN", pattern="^[A-Z]{2}$", description="ISO country whose numbers may be written without a country code."
    )
    default_language: str = Field("zh-CN", description="Spoken until the caller has chosen or is known.")
    hotline_number: PhoneNumber = Field("95598", description="The number callers dial; shown and used as caller id.")
    transfer_number: PhoneNumber | None = Field(
        None, description="Where callers are put through when the hotline cannot work."
    )


class Server(Section):
    """The web server."""

    host: str = Field("127.0.0.1", description="Address the web and the media gateway listen on.")
    port: Port = Field(8080, description="Port of the web. The media gateway takes the next one.")
    public_url: HttpUrl | None = Field(
        None, description="How the world reaches the web, e.g. https://ivr.example.org. Signatures use it."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses or networks whose X-Forwarded headers are believed."
    )
    threads: int = Field(8, ge=1, description="Threads of each web process.")
    processes: int = Field(2, ge=1, description="Web processes.")
    max_body_bytes: int = Field(256 * 1024, ge=1024, description="Larger requests are refused with 413.")


class DatabaseSection(Section):
    """Where everything is kept."""

    url: str | None = Field(
        None, description="SQLAlchemy URL, e.g. postgresql://hotline@db/hotline. SQLite in the home when empty."
    )


class Redis(Section):
    """Says "now" to the workers and to open pages; nothing is lost without it."""

    url: str | None = Field(None, description="redis:// or unix:// URL. An embedded Valkey is run when empty.")


class Media(Section):
    """The media gateway: browser phone, media streams, live updates of pages."""

    port: Port | None = Field(None, description="Port of the gateway; the web's port plus one when empty.")
    public_url: WsUrl | None = Field(
        None, description="How browsers reach the gateway, e.g. wss://ivr.example.org/media."
    )
    max_calls: int = Field(
        60, ge=1, description="Calls one gateway carries; further ones are refused with a clear message."
    )
    max_message_bytes: int = Field(64 * 1024, ge=1024, description="Larger messages on a media socket end it.")
    reconnect_s: float = Field(30.0, ge=0, description="How long a call waits for a phone that lost its connection.")


class Callflows(Section):
    """What callers hear."""

    folder: Path | None = Field(None, description="Folder of the flows; those that come with the hotline when empty.")
    entry: str = Field("main", description="Flow of an inbound call.")
    closure: str = Field("closure_notice", description="Flow of the call that tells a ticket's result.")
    restoration: str = Field("restoration_notice", description="Flow of the call that says power is back.")
    max_steps: int = Field(200, ge=1, description="Nodes passed in one turn before a flow is taken for a loop.")
    max_call_minutes: int = Field(30, ge=1, description="A call longer than this is ended.")


class RecognizerSection(Section):
    """The ears of one language."""

    engine: Literal["pocketsphinx", "vosk", "none"] = Field(description="none: callers of the language use the keypad.")
    model: Path | None = Field(None, description="Folder of a Vosk model.")
    decoders: int = Field(2, ge=1, description="Decoders kept ready (30 MB each for PocketSphinx).")


class VoiceSection(Section):
    """The voice of one language."""

    voice: str = Field(description="espeak-ng voice id.")
    words_per_minute: int = Field(160, ge=60, le=400, description="How fast it speaks.")


class Speech(Section):
    """Ears and voice."""

    recognizers: dict[str, RecognizerSection] = Field(description="Ears per language.")
    voices: dict[str, VoiceSection] = Field(description="Voice per language.")
    cache_megabytes: int = Field(500, ge=10, description="Size of the store of rendered speech.")
    confirm_below: float = Field(
        0.45, ge=0, le=1, description="Speech recognised with less confidence is not understood."
    )


class Twilio(Section):
    """A Twilio account. TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in the environment switch it on."""

    account_sid: str | None = Field(None, description="Account SID (environment: TWILIO_ACCOUNT_SID).")
    auth_token: SecretStr | None = Field(None, description="Auth token (environment: TWILIO_AUTH_TOKEN).")
    number: PhoneNumber | None = Field(None, description="Our number at Twilio in E.164: caller id of outbound calls.")
    calls_per_second: float = Field(1.0, gt=0, description="Outbound calls begun per second at most.")
    api_url: HttpUrl | None = Field(None, description="Another address of Twilio's API, for trials.")

    @property
    def enabled(self) -> bool:
        return bool(self.account_sid and self.auth_token)


class QuietHours(Section):
    """Local time in which nobody is called back."""

    start: time = Field(description="From then on, local time.")
    end: time = Field(description="Until then; may be the next morning.")


class Callbacks(Section):
    """How customers are called back."""

    attempts: int = Field(3, ge=1, description="Tries before a call-back is given up.")
    retry_after_s: tuple[int, ...] = Field(
        (60, 900, 3600), description="Wait after the first, second, ... try that reached nobody; the last repeats."
    )
    ring_timeout_s: int = Field(30, ge=1, description="How long it rings.")
    quiet_hours: QuietHours | None = Field(None, description="Local time in which nobody is called back.")


class Tickets(Section):
    """The queue."""

    reopen_priority: int = Field(10, description="Added to the priority of a ticket whose caller says it is not fixed.")


class Console(Section):
    """The pages of agents and supervisors."""

    session_hours: int = Field(12, ge=1, description="A sign-in lasts this long.")
    languages: tuple[str, ...] = Field(("en", "zh-CN"), description="Languages of the pages.")


class BrowserPhoneSection(Section):
    """The phone on a web page."""

    access: Literal["auto", "anyone", "staff", "off"] = Field(
        "auto", description="Who may use /phone: auto is anyone while demo data is loaded, else signed-in staff."
    )


class Recordings(Section):
    """Messages that callers leave."""

    keep_days: int = Field(180, ge=1, description="Recordings are deleted after this many days.")
    max_s: int = Field(120, ge=1, description="Longest message a caller may leave.")


class Settings(Section):
    home: Path = Field(description="Folder of everything this installation writes.")
    secret_key: SecretStr = Field(description="Signs sessions and tokens; made and kept in the home when not given.")
    utility: Utility
    server: Server = Server()
    database: DatabaseSection = DatabaseSection()
    redis: Redis = Redis()
    media: Media = Media()
    callflows: Callflows = Callflows()
    speech: Speech
    twilio: Twilio = Twilio()
    callbacks: Callbacks = Callbacks()
    tickets: Tickets = Tickets()
    console: Console = Console()
    browser_phone: BrowserPhoneSection = BrowserPhoneSection()
    recordings: Recordings = Recordings()

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.home / 'hotline.sqlite3'}"

    @property
    def media_port(self) -> int:
        return self.media.port or self.server.port + 1


# ------------------------------------------------------------------------------------------ loading


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
    given_key = data.setdefault("secret_key", "\0 to be made")
    try:
        settings = Settings.model_validate(data)
    except ValidationError as problem:
        faults += [_fault(error, source, variables) for error in problem.errors()]
        raise ConfigError(faults) from None
    settings, contradictions = _complete(settings, path.resolve().parent)
    faults += [f"{_where(key, source, variables)}: {dotted(key)}: {text}" for key, text in contradictions]
    if faults:
        raise ConfigError(faults)
    if given_key == "\0 to be made":
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
    match error["type"]:
        case "extra_forbidden":
            where, text = _where(path, source, variables, key=True), f"no such setting.{_suggestion(path)}"
        case "missing":
            where, text = _where(path, source, variables), "is missing"
        case "string_type":
            where, text = _where(path, source, variables), f'should be text; write it in quotes: "{error["input"]}"'
        case "string_pattern_mismatch":
            where, text = _where(path, source, variables), f"{error['input']!r} does not look like {_LOOKS[path[-1]]}"
        case _:
            message = error["msg"].removeprefix("Value error, ")
            text = f"{message[0].lower()}{message[1:]} (it is {error['input']!r})"
            where = _where(path, source, variables)
    return f"{where}: {dotted(path)}: {text}"


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
        elif recognizer.engine == "vosk":
            faults.append((where, "engine vosk needs a model: the folder of an unpacked Vosk model"))
        if language not in speech.voices:
            faults.append((where, "has no voice; add it to speech.voices"))
        recognizers[language] = recognizer
    language = settings.utility.default_language
    if language not in speech.voices:
        faults.append((("utility", "default_language"), f"{language} has no voice; add it to speech.voices"))
    faults += [
        (("utility", "name"), f"the name is missing in {spoken}, which has a voice")
        for spoken in speech.voices
        if spoken not in settings.utility.name
    ]
    if settings.media.port == settings.server.port:
        faults.append((("media", "port"), "is the web's own port (server.port)"))
    if bool(settings.twilio.account_sid) != bool(settings.twilio.auth_token):
        faults.append((("twilio",), "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN come together or not at all"))
    completed = settings.model_copy(
        update={"callflows": flows, "speech": speech.model_copy(update={"recognizers": recognizers})}
    )
    return completed, faults
