"""`hotline flow services`: what flows may ask of the house, as docs/flow-services.md lists it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from ivr.services import Service
from settings import Place

_HEAD = """# Services

What a flow can ask with `do:`. A service may always end as `error` or `late` too; what stands in brackets may be left
out. One that **changes** something cannot be gone back over with the star key.

This page is made by `hotline flow services`.
"""


def reference(services: Iterable[Service]) -> str:
    lines = [_HEAD]
    area = ""
    for service in sorted(services, key=lambda service: service.name):
        if service.name.partition(".")[0] != area:
            area = service.name.partition(".")[0]
            lines += [f"\n## {area}\n\n| service | with | outcomes | gives |", "\n|---|---|---|---|"]
        given = [f"[{n}: {t.value}]" if n in service.optional else f"{n}: {t.value}" for n, t in service.inputs.items()]
        gives = [f"{name}: {type_.value}" for name, type_ in service.outputs.items()]
        about = (f"**changes.** {service.about}" if service.changes else service.about).replace("|", "\\|")
        cells = (f"`{service.name}`<br>{about}", *map(", ".join, (given, sorted(service.outcomes), gives)))
        lines.append(f"\n| {' | '.join(cells)} |")
    return "".join(lines) + "\n"


@click.command("services")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.", metavar="FILE")
@click.pass_obj
def command(place: Place, write: Path | None) -> None:
    """Print docs/flow-services.md: services, what they take, how they end and what they give."""
    import app

    page = reference(app.registry(place.settings()))
    if write is None:
        click.echo(page, nl=False)
    else:
        write.write_text(page, encoding="utf-8")
