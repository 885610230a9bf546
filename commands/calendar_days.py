"""`hotline calendar NAME [DATE]`: what a calendar of the flows says of the coming days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import click

from ivr.calendars import CALENDARS, Calendar, CalendarDay, calendar_day, read_calendars, unknown_years
from ivr.flow_store import read_files
from ivr.loader import FlowError
from ivr.reading import suggestion
from ivr.yaml_source import Faults, read
from settings import Place, Settings


@click.command()
@click.argument("name", required=False)
@click.argument("day", required=False, metavar="[DATE]")
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 400))
@click.pass_obj
def calendar(place: Place, name: str | None, day: str | None, days: int) -> None:
    """Show when the calendar NAME is open, from DATE (2027-01-04; today) on. Without NAME: which there are."""
    settings = place.settings()
    found = _calendars(settings)
    if name is None:
        for one in found.values():
            click.echo(f"{one.name}  {one.region or 'no public holidays'}")
        return
    if name not in found:
        raise click.ClickException(f"there is no calendar '{name}'. {suggestion(name, found)}".strip())
    try:
        first = date.fromisoformat(day) if day else datetime.now(ZoneInfo(settings.utility.time_zone)).date()
    except ValueError:
        raise click.ClickException(f"'{day}' is no date; write 2027-01-04") from None
    last = first + timedelta(days=days - 1)
    for number in range(days):
        click.echo(_line(calendar_day(found[name], first + timedelta(days=number), settings.utility.default_language)))
    for year in unknown_years(found[name], first, last):
        click.echo(
            f"The days off and make-up workdays of {year} in {found[name].region} are not all known to this version of "
            "`holidays`. Update it, or write them under 'exceptions'.", err=True,
        )  # fmt: skip


def _calendars(settings: Settings) -> dict[str, Calendar]:
    """Of the folder, whatever else is in it. Raises FlowError with the faults of that file."""
    folder = settings.flows_folder
    try:
        text = read_files(folder).get(CALENDARS)
    except FileNotFoundError as problem:
        raise click.ClickException(str(problem)) from problem
    if text is None:
        raise click.ClickException(f"there is no {CALENDARS} in {folder}")
    faults = Faults()
    found = read_calendars(read(CALENDARS, text, faults), faults)
    if faults.found:
        raise FlowError(faults.found)
    return found


def _line(shown: CalendarDay) -> str:
    hours = ", ".join(map(str, shown.spans)) or "closed"
    notes = [shown.why, "make-up workday" if shown.makeup else "", "exception" if shown.exception else ""]
    said = ", ".join(note for note in notes if note)
    return f"{shown.day:%a %Y-%m-%d}  {hours:26} {said}".rstrip()
