"""`hotline start`, and each process alone: `hotline web|media|sip|worker|scheduler`."""

from __future__ import annotations

import os
from pathlib import Path

import click

import logs
from settings import Place


@click.command()
@click.option("--port", type=click.IntRange(1, 65534), help="Port of the web; the media gateway takes the next one.")
@click.option("--host", help="Address to listen on; 0.0.0.0 to be reached from other machines.")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Folder of everything that is written.")
@click.option("--no-demo", is_flag=True, help="Do not load the demo utility on the first start.")
@click.option("--sip", is_flag=True, help="Take and make calls by SIP as well (the same as sip.enabled).")
@click.pass_obj
def start(place: Place, port: int | None, host: str | None, home: Path | None, no_demo: bool, sip: bool) -> None:
    """Run everything on this machine: database, Valkey, web, media gateway, worker and scheduler."""
    from processes.lifetime import HomeInUse
    from processes.obstacles import CannotStart
    from processes.start import start as start_all

    logs.configure("hotline")
    given: dict[str, str] = {}
    if port is not None:
        given["HOTLINE_SERVER__PORT"] = str(port)
    if host is not None:
        given["HOTLINE_SERVER__HOST"] = host
    if sip:
        given["HOTLINE_SIP__ENABLED"] = "true"
    place = Place(place.config, home or place.home)
    try:
        start_all(place.settings(**given), config_path=place.config, demo=not no_demo)
    except (CannotStart, HomeInUse) as problem:
        raise click.ClickException(str(problem)) from None


@click.command()
@click.pass_obj
def web(place: Place) -> None:
    """Run the web alone: pages, webhooks, /livez, /readyz and /metrics."""
    _begin("web")
    from processes.obstacles import CannotStart
    from processes.web import run

    try:
        run(place.settings())
    except CannotStart as problem:
        raise click.ClickException(str(problem)) from None


@click.command()
@click.pass_obj
def media(place: Place) -> None:
    """Run a media gateway alone: browser phones, media streams, live updates of pages."""
    _begin("media")
    from processes.gateway import run

    run(place.settings())


@click.command()
@click.pass_obj
def sip(place: Place) -> None:
    """Run a SIP process alone: telephones call in and are called, directly or through a trunk or PBX."""
    _begin("sip")
    from processes.obstacles import CannotStart
    from processes.sip import run

    try:
        run(place.settings())
    except CannotStart as problem:
        raise click.ClickException(str(problem)) from None


@click.command()
@click.pass_obj
def worker(place: Place) -> None:
    """Run a worker alone: it does the jobs that Redis names."""
    _begin("worker")
    from processes.worker import run

    run(place.settings())


@click.command()
@click.pass_obj
def scheduler(place: Place) -> None:
    """Run the scheduler alone: it finds what is due. One is enough; several do no harm."""
    _begin("scheduler")
    from processes.scheduler import run

    run(place.settings())


def _begin(name: str) -> None:
    logs.configure(os.environ.get("HOTLINE_PROCESS") or name)
