"""`hotline doctor`: what works, what is missing, and the command that mends it. Changes nothing."""

from __future__ import annotations

import enum
import json
import platform
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from settings import ConfigError, Place, Settings

if TYPE_CHECKING:
    from ivr.calendars import Calendar
    from speech.recognizers import RecognizerChoice

DISK_LOW_BYTES = 1024 * 1024 * 1024
DISK_FLOOR_BYTES = 100 * 1024 * 1024
_LOOK_AHEAD_DAYS = 45  # of calendars


class State(enum.StrEnum):
    OK = "ok"
    POOR = "poor"  # calls are answered, with less than there could be
    BROKEN = "broken"  # needed, and not there
    OFF = "off"  # not configured, and nothing is missing for that


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` is a command or a setting, empty when there is nothing to mend."""

    what: str
    state: State
    detail: str = ""
    mend: str = ""


Examination = Callable[[Settings], Iterator[Finding]]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--online", is_flag=True, help="Also ask Twilio and the public address.")
@click.pass_obj
def command(place: Place, as_json: bool, online: bool) -> None:
    """Say what works, what is missing, and what mends it. Exit status 1 when something needed is broken."""
    findings = list(examine(place, online=online))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        _print(findings)
    if any(finding.state is State.BROKEN for finding in findings):
        raise SystemExit(1)


def examine(place: Place, *, online: bool) -> Iterator[Finding]:
    yield _python()
    try:
        settings = place.settings()
    except ConfigError as problem:
        for fault in problem.faults:
            yield Finding("configuration", State.BROKEN, fault, "mend that line; `hotline config check`")
        return
    yield Finding("configuration", State.OK, "every setting is valid")
    examinations: list[Examination] = [_home, _database, _redis, _flows, _voices, _recognizers, _ports, _sip, _public]
    for examination in [*examinations, *([_twilio_online] if online else [])]:
        try:
            yield from examination(settings)
        except Exception as problem:  # noqa: BLE001 - the next examination must still be made
            name = examination.__name__.strip("_").replace("_", " ")
            yield Finding(name, State.BROKEN, f"{type(problem).__name__}: {problem}", "please report this")


def _python() -> Finding:
    return Finding("python", State.OK, f"{platform.python_version()} in {sys.prefix}")  # an older one got not so far


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    try:
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as problem:
        yield Finding("home", State.BROKEN, f"{home}: {problem.strerror}", f"make it writable: chown -R $USER {home}")
        return
    free = shutil.disk_usage(home).free
    detail = f"{home}, {free / 2**30:.1f} GB free"
    if free < DISK_LOW_BYTES:
        state = State.BROKEN if free < DISK_FLOOR_BYTES else State.POOR
        yield Finding("home", state, detail, "make room, or move it with --home")
    else:
        yield Finding("home", State.OK, detail)


def _database(settings: Settings) -> Iterator[Finding]:
    import sqlalchemy as sa
    from sqlalchemy.exc import SQLAlchemyError

    import migrations
    from database import Database

    database = Database(settings.database_url)
    kind = f"{database.url.get_backend_name()}"
    if database.is_sqlite and not (settings.home / "hotline.db").exists() and settings.database.url is None:
        yield Finding("database", State.BROKEN, "is not made yet", "./run start, or `hotline db migrate`")
        return
    try:
        revision = migrations.revision(database)
        if database.is_sqlite:
            with database.reading() as session:
                kind += f", journal mode {session.scalar(sa.text('PRAGMA journal_mode'))}"
    except SQLAlchemyError as problem:
        yield Finding("database", State.BROKEN, f"{kind}: {type(problem).__name__}", "is it running? see database.url")
        return
    finally:
        database.dispose()
    yield Finding("database", State.OK, kind)
    if revision == migrations.head():
        yield Finding("migrations", State.OK, f"at {revision}")
    else:
        detail = f"at {revision or 'nothing'}, this program needs {migrations.head()}"
        yield Finding("migrations", State.BROKEN, detail, "hotline db migrate")


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis.url is None:
        yield Finding("redis", State.OFF, "`hotline start` brings its own Valkey")
        return
    import redis

    client = redis.Redis.from_url(settings.redis.url, socket_timeout=2, socket_connect_timeout=2, retry=None)
    try:
        version = client.info("server").get("redis_version", "")
        yield Finding("redis", State.OK, f"version {version}")
    except (redis.RedisError, OSError) as problem:
        detail = f"{type(problem).__name__}; calls are answered, jobs wait"
        yield Finding("redis", State.POOR, detail, "start it, or see redis.url")
    finally:
        client.close()


def _flows(settings: Settings) -> Iterator[Finding]:
    """The folder on disk, and what is published. Faults in the folder stop no call once something is published."""
    from app import load_flows
    from ivr.flow_store import read_files
    from ivr.loader import FlowError

    folder = settings.flows_folder
    published, changed = _published(settings)
    faulty = State.BROKEN if published is None else State.POOR
    try:
        files = read_files(folder)
        flows = load_flows(settings, files)
    except (FlowError, OSError, UnicodeDecodeError) as problem:
        faults = str(problem).splitlines()
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        yield Finding("flows", faulty, f"{faults[0]}{more}", "hotline flow check")
    else:
        detail = f"revision {flows.revision[:12]} of {folder}"
        if changed(flows.revision):
            detail += ", not published yet: the next start or `hotline flow publish` does that"
        yield Finding("flows", State.OK, detail)
        yield from _calendars(settings, flows.calendars)
    if published is not None:
        yield Finding("flows published", State.OK, published)


def _published(settings: Settings) -> tuple[str | None, Callable[[str], bool]]:
    """What is published, in words, and whether a revision of the folder is news. None where there is nothing."""
    from sqlalchemy.exc import SQLAlchemyError

    from database import Database
    from ivr import publishing

    nothing = None, lambda _revision: False
    database = Database(settings.database_url)
    if database.is_sqlite and settings.database.url is None and not (settings.home / "hotline.db").exists():
        return nothing

    def changed(revision: str) -> bool:
        try:
            with database.reading() as session:
                return publishing.folder_changed(session, revision)
        finally:
            database.dispose()

    try:
        with database.reading() as session:
            current = publishing.current_publication(session)
    except SQLAlchemyError:  # the examination of the database says what is wrong with it
        return nothing
    finally:
        database.dispose()
    if current is None:
        return nothing
    words = f"number {current.id}, revision {current.revision_id[:12]}, by {current.author} on {current.at:%Y-%m-%d}"
    return words, changed


def _calendars(settings: Settings, calendars: Mapping[str, Calendar]) -> Iterator[Finding]:
    """A country may announce its make-up workdays a few weeks before the year they are in."""
    from ivr.calendars import unknown_years

    today = datetime.now(ZoneInfo(settings.utility.time_zone)).date()
    soon = today + timedelta(days=_LOOK_AHEAD_DAYS)
    for calendar in calendars.values():
        years = ", ".join(map(str, unknown_years(calendar, today, soon)))
        if years:
            detail = f"the days off of {calendar.region} in {years} are not all known"
            mend = "pip install --upgrade holidays, or 'exceptions' in calendars.yaml"
            yield Finding(f"calendar {calendar.name}", State.POOR, detail, mend)


_SILENCE_BYTES = 8000  # half a second
_WORDS = {"zh": "您好", "en": "Hello"}


def _voices(settings: Settings) -> Iterator[Finding]:
    from speech.voice_engines import Configured, Voices
    from speech.voices import VoiceChoice, VoiceUnavailable

    voice = Voices(
        {
            language: Configured(chosen.engine, VoiceChoice(chosen.voice, chosen.words_per_minute))
            for language, chosen in settings.speech.voices.items()
        }
    )
    try:
        for language, chosen in settings.speech.voices.items():
            try:
                seconds = len(voice.render(_WORDS.get(language[:2], "1 2 3"), language)) / 16_000
            except VoiceUnavailable as problem:
                yield Finding(f"voice {language}", State.BROKEN, str(problem), f"speech.voices.{language}.voice")
            else:
                yield Finding(f"voice {language}", State.OK, f"{chosen.voice} spoke for {seconds:.1f} s")
    finally:
        voice.close()


def _recognizers(settings: Settings) -> Iterator[Finding]:
    from speech.engines import check, chosen
    from speech.recognizers import NO_ENGINE, RecognizerBroken, RecognizerUnavailable

    for language in settings.speech.voices:
        what = f"recognizer {language}"
        ears = settings.speech.recognizers.get(language)
        key = f"speech.recognizers.{language}"
        if ears is None or ears.engine == NO_ENGINE:
            mend = f"{key}.engine: vosk, and `hotline speech models pull {language}`; see docs/operating.md"
            yield Finding(what, State.POOR, "none: callers use the keypad", mend)
            continue
        try:
            choice = chosen(language, ears.engine, model=ears.model, models=settings.models_folder, size=1)
            detail = check(language, choice)
            seconds = _heard_silence(language, choice)
        except (RecognizerUnavailable, RecognizerBroken) as problem:
            yield Finding(what, State.POOR, f"callers use the keypad: {problem}", f"{key} in config.yaml")
        else:
            yield Finding(what, State.OK, f"{detail}: loaded and listening in {seconds:.1f} s")


def _heard_silence(language: str, choice: RecognizerChoice) -> float:
    """Seconds until a recogniser, loaded as calls have it, has heard a moment of nothing.

    Raises RecognizerUnavailable, RecognizerBroken.
    """
    from speech.recognizer_process import RecognizerProcesses

    began = time.monotonic()
    with closing(RecognizerProcesses(language, choice)) as processes, closing(processes.recognizer()) as recognizer:
        recognizer.start((), free=True)
        recognizer.feed(bytes(_SILENCE_BYTES))
        recognizer.finish()
    return time.monotonic() - began


def _ports(settings: Settings) -> Iterator[Finding]:
    for port, whose in ((settings.server.port, "web"), (settings.media_port, "media gateway")):
        host = settings.server.host
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
            except OSError as problem:
                detail = f"{host}:{port}: {problem.strerror} (right while the hotline runs)"
                yield Finding(f"port of the {whose}", State.OK, detail, "if it is somebody else's: --port N")
            else:
                yield Finding(f"port of the {whose}", State.OK, f"{host}:{port} is free")


def _sip(settings: Settings) -> Iterator[Finding]:
    from processes.sip_examination import examine as examine_sip

    yield from examine_sip(settings)


def _public(settings: Settings) -> Iterator[Finding]:
    url = settings.server.public_url
    if not settings.twilio.enabled:
        yield Finding("twilio", State.OFF, "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to switch it on")
        return
    if settings.twilio.number is None:
        yield Finding("twilio", State.POOR, "nobody can be called back", "twilio.number: your number at Twilio")
    else:
        yield Finding("twilio", State.OK, "configured; --online asks Twilio")
    if url is None:
        detail = "Twilio cannot reach us, or its signatures do not fit behind a proxy"
        yield Finding("public address", State.POOR, detail, "server.public_url: https://...")
    elif not url.startswith("https://"):
        yield Finding("public address", State.POOR, f"{url} is not encrypted", "put a TLS proxy in front")
    else:
        yield Finding("public address", State.OK, url)


def _twilio_online(settings: Settings) -> Iterator[Finding]:
    import requests

    if settings.twilio.enabled and settings.twilio.auth_token is not None:
        sid = str(settings.twilio.account_sid)
        base = (settings.twilio.api_url or "https://api.twilio.com").rstrip("/")
        address = f"{base}/2010-04-01/Accounts/{sid}.json"
        try:
            answer = requests.get(address, auth=(sid, settings.twilio.auth_token.get_secret_value()), timeout=10)
        except requests.RequestException as problem:
            yield Finding("twilio account", State.POOR, type(problem).__name__, "is the network there?")
        else:
            if answer.status_code == 200:
                yield Finding("twilio account", State.OK, "Twilio knows these credentials")
            else:
                mend = "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN"
                yield Finding("twilio account", State.BROKEN, f"Twilio answers {answer.status_code}", mend)
    if settings.server.public_url is not None:
        address = f"{settings.server.public_url.rstrip('/')}/livez"
        try:
            status = requests.get(address, timeout=10).status_code
        except requests.RequestException as problem:
            yield Finding(
                "public address answers", State.POOR, type(problem).__name__, "the proxy, DNS, or the firewall"
            )
        else:
            state = State.OK if status == 200 else State.POOR
            yield Finding("public address answers", state, f"{address}: {status}")


_COLOURS = {State.OK: "green", State.POOR: "yellow", State.BROKEN: "red", State.OFF: "dim"}


def _print(findings: list[Finding]) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for finding in findings:
        colour = _COLOURS[finding.state]
        mend = f"\n[bold]{escape(finding.mend)}[/]" if finding.mend else ""
        table.add_row(finding.what, f"[{colour}]{finding.state}[/]", f"{escape(finding.detail)}{mend}")
    Console(highlight=False).print(table)
