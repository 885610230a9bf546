"""`hotline flow replay`: real calls again, on their own flows or on changed ones."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from app import flow_store, signatures
from database import Database
from ivr.conversations.texts import marked
from ivr.flow import FlowSet
from ivr.flow_store import NoSuchRevision, read_files
from ivr.loader import FlowError
from ivr.moment import Moment
from ivr.replay.calls import Replay, Verdict, replay
from ivr.replay.stored import StoredCall, StoredTurn
from ivr.replay.summary import Group, Summary, summary
from ivr.runner import limits_of
from ivr.values import Signature
from models import Call, FlowRevision, StormChange
from settings import Place, Settings

EXIT = {Verdict.SAME: 0, Verdict.DIFFERENT: 1, Verdict.CANNOT: 2}
_AGO = re.compile(r"(\d+)([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_NAMED = 3  # calls named of a group


@click.command("replay")
@click.argument("call_id", required=False, metavar="[CALL]")
@click.option("--flows", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Play on the flows of this folder instead of the call's own.")  # fmt: skip
@click.option("--revision", help="Play on this revision (its beginning is enough).")
@click.option("--since", help="All calls since then: 7d, 12h, 30m, or a date.")
@click.option("--limit", default=500, show_default=True, type=click.IntRange(1), help="At most so many, newest first.")
@click.option("--ignore-text", is_flag=True, help="Compare where calls go and what services are asked, not the words.")
@click.pass_context
def command(
    context: click.Context,
    call_id: str | None,
    folder: Path | None,
    revision: str | None,
    since: str | None,
    limit: int,
    ignore_text: bool,
) -> None:
    """Play a stored call again (CALL may be the beginning of its id), or all of the last days with --since.

    What callers did is fed in, and services answer what they answered then; nothing is written. Exit status: 0 the
    same, 1 different, 2 it cannot be said.
    """
    if (call_id is None) == (since is None):
        raise click.UsageError("Name a call, or many with --since.")
    if folder is not None and revision is not None:
        raise click.UsageError("Either --flows or --revision.")
    place: Place = context.obj
    player = _Player(place.settings(), folder, revision, words=not ignore_text)
    if call_id is not None:
        sys.exit(EXIT[_one(player, call_id)])
    assert since is not None
    sys.exit(_many(player, since_when(since, datetime.now(UTC), player.zone), limit))


def _one(player: _Player, call_id: str) -> Verdict:
    with player.database.reading() as session:
        found = session.scalars(
            sa.select(Call)
            .where(Call.id.startswith(call_id, autoescape=True))
            .options(selectinload(Call.turns))
            .limit(2)
        ).all()
        if len(found) != 1:
            raise click.ClickException(f"{'no call' if not found else 'more than one call'} begins with '{call_id}'")
        done = player.play(session, found[0])
    for line in described(done):
        click.echo(line)
    return done.verdict


def _many(player: _Player, since: datetime, limit: int) -> int:
    with player.database.reading() as session:
        ids = session.scalars(
            sa.select(Call.id)
            .where(Call.started_at >= since, Call.turn >= 0, Call.ended_at.is_not(None))
            .order_by(Call.started_at.desc(), Call.id.desc())
            .limit(limit)
        ).all()
        found = summary(_each(player, session, ids))
    for line in table(found):
        click.echo(line)
    if found.different:
        return EXIT[Verdict.DIFFERENT]
    return EXIT[Verdict.CANNOT] if found.cannot and not found.same else EXIT[Verdict.SAME]


def _each(player: _Player, session: Session, ids: Sequence[str]) -> Iterator[Replay]:
    for id_ in ids:
        call = session.get_one(Call, id_)
        yield player.play(session, call)
        session.expunge_all()  # a week of calls is not kept in memory


def since_when(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """UTC. Raises click.BadParameter."""
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise click.BadParameter(
            f"'{text}' is no time; write 7d, 12h, 30m or 2026-11-23.", param_hint="--since"
        ) from None


class _Player:
    """Plays calls out of the database on the flows that were asked for."""

    def __init__(self, settings: Settings, folder: Path | None, revision: str | None, *, words: bool) -> None:
        self.database = Database(settings.database_url)
        self.zone = ZoneInfo(settings.utility.time_zone)
        self._settings = settings
        self._words = words
        self._services: dict[str, Signature] = signatures(settings)
        self._store = flow_store(settings, self.database)
        self._flows: FlowSet | None = None
        self._storms: Sequence[tuple[datetime, bool]] | None = None
        if folder is not None:
            try:
                self._flows = self._store.check(read_files(folder))
            except FileNotFoundError as error:
                raise click.ClickException(str(error)) from error
        elif revision is not None:
            self._flows = self._store.revision(self._whole(revision))

    def play(self, session: Session, call: Call) -> Replay:
        stored = self._stored(session, call)
        flows = self._flows
        if flows is None:
            try:
                flows = self._store.revision(call.flow_revision_id)
            except (NoSuchRevision, FlowError) as error:
                reason = f"its own flows cannot be used any more: {str(error).splitlines()[0]}"
                return Replay(stored, Verdict.CANNOT, 0, reason=reason)
        return replay(stored, flows, self._services, limits_of(self._settings), words=self._words)

    def _whole(self, revision: str) -> str:
        with self.database.reading() as session:
            wanted = sa.select(FlowRevision.id).where(FlowRevision.id.startswith(revision, autoescape=True))
            found = session.scalars(wanted.limit(2)).all()
        if len(found) != 1:
            how_many = "no revision" if not found else "more than one revision"
            raise click.ClickException(f"{how_many} begins with '{revision}'")
        return found[0]

    def _stored(self, session: Session, call: Call) -> StoredCall:
        turns = tuple(
            StoredTurn(turn.number, turn.event, turn.outputs, self._moment(session, call, turn.at))
            for turn in call.turns
        )
        return StoredCall(call.id, call.flow, call.flow_revision_id, turns)

    def _moment(self, session: Session, call: Call, at: datetime) -> Moment:
        longest = timedelta(minutes=self._settings.callflows.max_call_minutes)
        began = call.answered_at or call.started_at
        return Moment(at.astimezone(self.zone), self._storm_at(session, at), at >= began + longest)

    def _storm_at(self, session: Session, at: datetime) -> bool:
        if self._storms is None:
            rows = session.execute(sa.select(StormChange.at, StormChange.storm).order_by(StormChange.id)).all()
            self._storms = [(changed, on) for changed, on in rows]
        return next((on for changed, on in reversed(self._storms) if changed <= at), False)


# --- shown


def described(done: Replay) -> Iterator[str]:
    """One call: same or different, where, and what was there then and is there now."""
    call = done.call
    yield f"call {call.id}, flow {call.flow}, begun on revision {call.revision[:12]}"
    if done.verdict is Verdict.SAME:
        yield f"same: {_turns(done.turns)}"
    elif done.verdict is Verdict.DIFFERENT and done.parting is not None:
        yield f"different after {_turns(done.turns)} that went the same way"
        yield from _parting(done)
    else:
        yield f"cannot be said after {_turns(done.turns)} that went the same way: {done.reason}"
        yield from _parting(done)
    yield from (f"note: {note}" for note in done.notes)


def _parting(done: Replay) -> Iterator[str]:
    where = done.parting
    if where is None:
        return
    then, now = marked(where.then, where.now) if where.then and where.now else (where.then, where.now)
    yield f"  turn {where.turn}, {where.node}: {where.message}"
    yield f"  - then  {then or '(nothing)'}"
    yield f"  + now   {now or '(nothing)'}"


def table(found: Summary) -> Iterator[str]:
    """`n same, m different`, and a paragraph for each place where calls part."""
    different = sum(len(group.calls) for group in found.different)
    cannot = sum(len(group.calls) for group in found.cannot)
    yield f"{found.same} same, {different} different, {cannot} cannot be said"
    yield from _groups("different", found.different)
    yield from _groups("cannot be said", found.cannot)


def _groups(what: str, groups: Iterable[Group]) -> Iterator[str]:
    for group in groups:
        yield ""
        calls = f"{len(group.calls)} call{'s' if len(group.calls) > 1 else ''}"
        yield f"{calls} {what}" + (f" at {group.node}" if group.node else "") + f": {group.message}"
        yield from _parting(group.example)
        more = f" and {len(group.calls) - _NAMED} more" if len(group.calls) > _NAMED else ""
        yield f"  {', '.join(group.calls[:_NAMED])}{more}"


def _turns(count: int) -> str:
    return f"{count} turn{'s' if count != 1 else ''}"
