"""Every setting with its type, default and description. docs/settings.md is made from them.

`settings` loads and re-exports them: import from there.
"""

from __future__ import annotations

from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone") from None
    return name


def _ip_network(text: str) -> str:
    ip_network(text, strict=False)  # its ValueError says what is wrong
    return text


SHIPPED_FLOWS = Path(__file__).resolve().parent / "callflows"

Port = Annotated[int, Field(ge=1, le=65535)]
PhoneNumber = Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{5,14}|[0-9]{3,8})$")]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^/\s]+[^\s]*$")]
WsUrl = Annotated[str, Field(pattern=r"^wss?://[^/\s]+[^\s]*$")]
IpNetwork = Annotated[str, AfterValidator(_ip_network)]
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
    tariff: str = Field("zhejiang", description="Tariff of accounts/tariffs.yaml that callers are told.")


class Server(Section):
    """The web server."""

    host: str = Field("127.0.0.1", description="Address the web and the media gateway listen on.")
    port: Port = Field(8080, description="Port of the web. The media gateway takes the next one.")
    public_url: HttpUrl | None = Field(
        None, description="How the world reaches the web, e.g. https://ivr.example.org. Signatures use it."
    )
    trusted_proxies: tuple[IpNetwork, ...] = Field(
        (), description="Addresses or networks whose X-Forwarded headers are believed."
    )
    threads: int = Field(8, ge=1, description="Threads of each web process.")
    processes: int = Field(2, ge=1, description="Web processes.")
    max_body_bytes: int = Field(256 * 1024, ge=1024, description="Larger requests are refused with 413.")
    metrics_from: tuple[IpNetwork, ...] = Field(
        ("127.0.0.0/8", "::1/128"), description="Networks that may read /metrics."
    )


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
    internal_url: WsUrl | None = Field(
        None, description="How the hotline's other media processes reach the gateway; its own address when empty."
    )
    hold_music: Path | None = Field(
        None, description="WAV file heard on hold and while waiting; a tone pattern when empty."
    )


class SipAccount(Section):
    """Somebody who may call in by SIP with a password: a PBX or a telephone."""

    password: SecretStr = Field(min_length=8, description="Digest password.")


class SipTrunk(Section):
    """The provider or PBX through which telephones are reached, and from which calls come."""

    server: str = Field(description="host or host:port of the trunk or PBX.")
    transport: Literal["udp", "tcp"] = Field("udp", description="How it is spoken to.")
    username: str | None = Field(None, description="User of the digest credentials; also whom we register as.")
    password: SecretStr | None = Field(None, description="Digest password (environment: HOTLINE_SIP__TRUNK__PASSWORD).")
    domain: str | None = Field(None, description="Domain of our address there; the server when empty.")
    register_s: int = Field(0, ge=0, description="Register anew this often, in seconds; 0: do not register.")
    ping_s: float = Field(
        30.0,
        ge=0,
        description="Ask it this often whether it is there (OPTIONS), in seconds, where it is not registered with;"
        " 0: never, for one that does not answer that.",
    )
    caller_id: PhoneNumber | None = Field(None, description="Our number there; utility.hotline_number when empty.")
    calls_per_second: float = Field(5.0, gt=0, description="Outbound calls begun per second at most.")


class Sip(Section):
    """Calls by SIP. A fresh installation answers this machine alone."""

    enabled: bool = Field(False, description="Run a SIP process with `hotline start` (the same as --sip).")
    host: str = Field("127.0.0.1", description="Address that is listened on, for SIP and for sound.")
    port: Port = Field(5060, description="Port of SIP, UDP and TCP.")
    control_port: Port | None = Field(
        None,
        description="Port on which the hotline's other processes reach this one; the gateway's plus one when empty.",
    )
    control_url: WsUrl | None = Field(None, description="How they reach it; its own address when empty.")
    public_host: str | None = Field(
        None, description="Address told to others, where it is not the one listened on (NAT)."
    )
    rtp_ports: tuple[Port, Port] = Field((20000, 23998), description="First and last UDP port of calls' sound.")
    allow: tuple[IpNetwork, ...] = Field(
        ("127.0.0.0/8", "::1/128"), description="Networks that may call in without a password."
    )
    accounts: dict[str, SipAccount] = Field(default={}, description="Who may call in from elsewhere, by user name.")
    trunk: SipTrunk | None = Field(None, description="The provider or PBX; without one nobody is called by SIP.")
    codecs: tuple[Literal["PCMU", "PCMA"], ...] = Field(
        ("PCMU", "PCMA"), min_length=1, description="G.711 laws, the better liked first."
    )
    max_calls: int = Field(100, ge=1, description="Calls carried at once; further ones are answered 503.")
    session_expires_s: int = Field(1800, ge=90, description="Session timer: a call whose far end is gone ends by then.")
    transfer_by: Literal["refer", "bridge"] = Field(
        "bridge", description="refer: the far end dials the new number itself; bridge: both calls run through us."
    )


class Callflows(Section):
    """What callers hear."""

    folder: Path | None = Field(None, description="Folder of the flows; those that come with the hotline when empty.")
    publish_at_start: bool = Field(
        True, description="Publish the folder at a start if it has changed; false: `hotline flow publish` alone does."
    )
    entry: str = Field("main", description="Flow of an inbound call.")
    closure: str = Field("closure_notice", description="Flow of the call that tells a ticket's result.")
    restoration: str = Field("restoration_notice", description="Flow of the call that says power is back.")
    planned: str = Field("planned_notice", description="Flow of the call that tells of planned work.")
    max_steps: int = Field(200, ge=1, description="Nodes passed in one turn before a flow is taken for a loop.")
    max_call_minutes: int = Field(30, ge=1, description="A call longer than this is told so, and ended.")
    overtime_s: int = Field(120, ge=0, description="How much longer it may take until it is cut off whatever it does.")
    turn_services_s: float = Field(
        1.8, ge=0.1, le=10, description="Seconds the services of one step may take together; what is later is left out."
    )

    @property
    def cut_off_after_s(self) -> int:
        """Seconds from the answer after which a call is ended, whatever it does."""
        return self.max_call_minutes * 60 + self.overtime_s


class RecognizerSection(Section):
    """The ears of one language."""

    engine: str = Field(
        description="pocketsphinx, vosk, the name of an installed recogniser, or none: callers use the keypad."
    )
    model: Path | None = Field(None, description="Folder of a Vosk model; the one that was pulled when empty.")
    decoders: int = Field(2, ge=1, description="Decoders kept ready: 5 to 20 MB each, and the model once for all.")
    waiting: int = Field(
        4, ge=0, description="Utterances that may wait for a decoder; further callers are asked for keys at once."
    )


class VoiceSection(Section):
    """The voice of one language."""

    engine: str = Field("pyttsx3", description="pyttsx3 (espeak-ng), or the name of an installed voice.")
    voice: str = Field(description="Voice of the engine: for pyttsx3 an espeak-ng voice id.")
    words_per_minute: int = Field(160, ge=60, le=400, description="How fast it speaks.")


class Speech(Section):
    """Ears and voice."""

    recognizers: dict[str, RecognizerSection] = Field(description="Ears per language.")
    voices: dict[str, VoiceSection] = Field(description="Voice per language.")
    models: Path | None = Field(None, description="Folder of pulled models; models/ in the home when empty.")
    models_url: HttpUrl = Field(
        "https://alphacephei.com/vosk/models", description="Where `hotline speech models pull` gets models; a mirror's."
    )
    one_moment_s: float = Field(
        1.5, ge=0.5, le=10, description="A caller who hears nothing so long is told that it takes a moment."
    )
    cache_megabytes: int = Field(500, ge=10, description="Size of the store of rendered speech.")
    reject_below: float = Field(
        0.45, ge=0, le=1, description="Speech recognised with less confidence is not understood."
    )
    confirm_below: float = Field(
        0.6, ge=0, le=1, description="Speech recognised with less confidence, down to reject_below, is asked back."
    )


class Twilio(Section):
    """A Twilio account. TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in the environment switch it on."""

    account_sid: str | None = Field(None, description="Account SID (environment: TWILIO_ACCOUNT_SID).")
    auth_token: SecretStr | None = Field(None, description="Auth token (environment: TWILIO_AUTH_TOKEN).")
    number: PhoneNumber | None = Field(None, description="Our number at Twilio in E.164: caller id of outbound calls.")
    calls_per_second: float = Field(1.0, gt=0, description="Outbound calls begun per second at most.")
    streams: tuple[PhoneNumber, ...] = Field(
        (), description="Numbers of ours whose calls run over Media Streams, with our own ears and voice."
    )
    api_url: HttpUrl | None = Field(None, description="Another address of Twilio's API, for trials.")

    @property
    def enabled(self) -> bool:
        return bool(self.account_sid and self.auth_token)


class QuietHours(Section):
    """Local time in which no telephone is rung; a browser phone that is open is."""

    start: time = Field(description="From then on, local time.")
    end: time = Field(description="Until then; may be the next morning.")


class Callbacks(Section):
    """How customers are called back."""

    attempts: int = Field(3, ge=1, description="Tries before a call-back is given up.")
    retry_after_s: tuple[int, ...] = Field(
        (60, 900, 3600), description="Wait after the first, second, ... try that reached nobody; the last repeats."
    )
    ring_timeout_s: int = Field(30, ge=1, description="How long it rings.")
    quiet_hours: QuietHours | None = Field(
        None, description="Local time in which no telephone is rung; a browser phone that is open is."
    )


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
    """Messages that callers leave, and whole calls."""

    keep_days: int = Field(
        180,
        ge=1,
        description="Recordings, transcripts and what callers said and keyed are deleted after this many days.",
    )
    calls: bool = Field(
        True,
        description="Record calls, from the moment the prompt `recorded_notice` is said; a flow without it is not.",
    )
    key: SecretStr | None = Field(
        None, min_length=16, description="Encrypts recordings at rest (environment: HOTLINE_RECORDINGS_KEY)."
    )
    old_keys: tuple[SecretStr, ...] = Field(
        (),
        description="Earlier keys: what was recorded with them is read still "
        '(environment: HOTLINE_RECORDINGS__OLD_KEYS=["..."]).',
    )
    max_s: int = Field(120, ge=1, description="Longest message a caller may leave.")

    @field_validator("key", mode="before")
    @classmethod
    def _without_line_end(cls, key: object) -> object:
        """A key that is read from a file brings the end of its line along, in one process and not in another."""
        return key.strip() if isinstance(key, str) else key

    @field_validator("old_keys", mode="before")
    @classmethod
    def _one_is_a_list(cls, keys: object) -> object:
        keys = [keys] if isinstance(keys, str) else keys
        return [key.strip() if isinstance(key, str) else key for key in keys] if isinstance(keys, list) else keys


class Settings(Section):
    home: Path = Field(description="Folder of everything this installation writes.")
    secret_key: SecretStr = Field(
        min_length=16, description="Signs sessions and tokens; made and kept in the home when not given."
    )
    utility: Utility
    server: Server = Server()
    database: DatabaseSection = DatabaseSection()
    redis: Redis = Redis()
    media: Media = Media()
    sip: Sip = Sip()
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
        return self.database.url or f"sqlite:///{self.home / 'hotline.db'}"

    @property
    def media_port(self) -> int:
        return self.media.port or self.server.port + 1

    @property
    def sip_control_port(self) -> int:
        return self.sip.control_port or self.media_port + 1

    @property
    def flows_folder(self) -> Path:
        """The configured flows, else those that come with the hotline."""
        return self.callflows.folder or SHIPPED_FLOWS

    @property
    def models_folder(self) -> Path:
        return self.speech.models or self.home / "models"
