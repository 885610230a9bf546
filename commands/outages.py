"""`hotline outages ...`: outages as callers are told of them, written down by hand until a network model knows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from callqueue import outage_news
from commands.parts import installation
from models import Account, Outage, OutageKind, OutagePremise
from settings import Place, Settings

_TIME = "%Y-%m-%d %H:%M"


@click.group()
def outages() -> None:
    """Outages that callers are told of, and the calls about them."""


@outages.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that are over as well.")
@click.pass_obj
def list_(place: Place, everything: bool) -> None:
    """Those that are under way or planned, the newest first."""
    settings = place.settings()
    premises = (
        sa.select(sa.func.count()).where(OutagePremise.outage_id == Outage.id).correlate(Outage).scalar_subquery()
    )
    statement = sa.select(Outage, premises).order_by(Outage.starts_at.desc(), Outage.id.desc())
    with installation(settings) as database, database.reading() as session:
        rows = session.execute(statement if everything else statement.where(Outage.ended_at.is_(None))).all()
    for outage, count in rows:
        click.echo(_line(outage, count or 0, settings))


@outages.command()
@click.option("--kind", type=click.Choice([kind.value for kind in OutageKind]), default="fault", show_default=True)
@click.option(
    "--area", multiple=True, required=True, metavar="LANG=TEXT", help="The place as it is read out, per language."
)
@click.option(
    "--cause", multiple=True, metavar="LANG=TEXT", help="The cause, per language; leave it out while it is not known."
)
@click.option("--from", "begins", metavar="TIME", help="Local, as in '2026-12-01 08:00'; now when not given.")
@click.option("--until", metavar="TIME", help="When it is expected to be over; leave it out while that is not known.")
@click.option(
    "--account", "accounts", multiple=True, required=True, metavar="NUMBER", help="Without power; one or more."
)
@click.pass_obj
def add(
    place: Place, kind: str, area: tuple[str, ...], cause: tuple[str, ...], begins: str | None, until: str | None,
    accounts: tuple[str, ...],
) -> None:  # fmt: skip
    """Write one down; its callers hear of it from now on."""
    settings = place.settings()
    starts_at = _utc(begins, settings) if begins else datetime.now(UTC)
    expected_end_at = _utc(until, settings) if until else None
    if expected_end_at is not None and expected_end_at <= starts_at:
        raise click.ClickException("--until is not after --from")
    languages = tuple(settings.utility.name)
    named, caused = _texts(area, "--area", languages), _texts(cause, "--cause", languages)
    if missing := [language for language in languages if language not in named]:
        raise click.ClickException(f"--area is read out to callers: say it in {', '.join(missing)} as well")
    with installation(settings) as database, database.transaction() as session:
        outage = Outage(
            kind=OutageKind(kind), area=named, cause=caused, starts_at=starts_at, expected_end_at=expected_end_at
        )
        outage.premises = [account.premise for account in _accounts(session, accounts)]
        session.add(outage)
        session.flush()
        click.echo(_line(outage, len(outage.premises), settings))


@outages.command()
@click.argument("outage_id", type=int)
@click.pass_obj
def restored(place: Place, outage_id: int) -> None:
    """The power is back: everybody who asked for it is called."""
    with installation(place.settings()) as database, database.transaction() as session:
        ordered = outage_news.restored(session, _outage(session, outage_id), datetime.now(UTC))
    click.echo(f"outage {outage_id} is over; calls ordered: {ordered}")


@outages.command()
@click.argument("outage_id", type=int)
@click.pass_obj
def announce(place: Place, outage_id: int) -> None:
    """Call the customers whom planned work will leave without power, each once."""
    now = datetime.now(UTC)
    with installation(place.settings()) as database, database.transaction() as session:
        outage = _outage(session, outage_id)
        if outage.kind is not OutageKind.PLANNED or outage.ended_at is not None or outage.starts_at <= now:
            raise click.ClickException(f"outage {outage_id} is no planned work that is still to come")
        ordered = outage_news.announce(session, outage, now)
    click.echo(f"calls ordered: {ordered}")


def _outage(session: Session, outage_id: int) -> Outage:
    outage = session.get(Outage, outage_id)
    if outage is None:
        raise click.ClickException(f"there is no outage {outage_id}; `hotline outages list` shows them")
    return outage


def _accounts(session: Session, numbers: tuple[str, ...]) -> list[Account]:
    found = {
        account.number: account for account in session.scalars(sa.select(Account).where(Account.number.in_(numbers)))
    }
    if unknown := [number for number in numbers if number not in found]:
        raise click.ClickException(f"there is no account {', '.join(unknown)}")
    by_premise = {account.premise_id: account for account in found.values()}
    return list(by_premise.values())


def _texts(given: tuple[str, ...], option: str, languages: tuple[str, ...]) -> dict[str, str]:
    texts = {}
    for one in given:
        language, equals, text = one.partition("=")
        if not equals or not text.strip() or language not in languages:
            raise click.ClickException(f"{option} '{one}': write it as {languages[0]}=TEXT ({', '.join(languages)})")
        texts[language] = text.strip()
    return texts


def _utc(text: str, settings: Settings) -> datetime:
    try:
        local = datetime.strptime(text, _TIME).replace(tzinfo=ZoneInfo(settings.utility.time_zone))
    except ValueError:
        raise click.ClickException(f"'{text}' is no time: write it as 2026-12-01 08:00") from None
    return local.astimezone(UTC)


def _line(outage: Outage, premises: int, settings: Settings) -> str:
    zone = ZoneInfo(settings.utility.time_zone)
    ends = outage.ended_at or outage.expected_end_at
    until = "?" if ends is None else f"{ends.astimezone(zone):{_TIME}}"
    over = ", over" if outage.ended_at else ""
    return (
        f"{outage.id}  {outage.kind.value}{over}  {outage.starts_at.astimezone(zone):{_TIME}} - {until}  "
        f"{premises} premises  {_said(outage.area)}  {_said(outage.cause) or '(cause not known)'}"
    )


def _said(texts: Mapping[str, str]) -> str:
    return " / ".join(texts.values())
