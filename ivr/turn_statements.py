"""The statements of a turn: made once by SQLAlchemy, compiled once for the database, run on its driver."""

from __future__ import annotations

import sqlalchemy as sa

from database import Database
from driver_statement import DriverStatement
from ivr.standing import STORM
from models import Call, CallTurn, Customer, CustomerPhone

_calls: sa.Table = Call.__table__  # type: ignore[assignment]
_turns: sa.Table = CallTurn.__table__  # type: ignore[assignment]

_CALL = sa.select(
    *(_calls.c[name] for name in (
        "id", "channel", "direction", "from_number", "to_number", "language", "status", "flow", "flow_revision_id",
        "outbound_call_id", "turn", "state", "variables", "answered_at",
    )),
    STORM,
).where(_calls.c.id == sa.bindparam("call_id"))  # fmt: skip
_CALL_LOCKED = _CALL.with_for_update()
_CALL_OF = sa.select(_calls.c.id).where(
    _calls.c.channel == sa.bindparam("channel", type_=_calls.c.channel.type),
    _calls.c.provider_id == sa.bindparam("provider_id"),
)
_NEW_CALL = _calls.insert()
_NEW_CALL_COLUMNS = (
    "id", "channel", "provider_id", "direction", "from_number", "to_number", "language", "status", "flow",
    "flow_revision_id", "turn", "variables", "started_at", "answered_at", "expires_at", "gateway",
)  # fmt: skip
_NEW_TURN = _turns.insert()
_LANGUAGES = (
    sa.select(Customer.language)
    .join(CustomerPhone)
    .where(CustomerPhone.number == sa.bindparam("number"))
    .distinct()
    .limit(2)
)

TURN_OF = sa.select(_calls.c.turn).where(_calls.c.id == sa.bindparam("call_id"))
STORED = (
    sa.select(_turns.c.outputs, _calls.c.language)
    .join(_calls, _calls.c.id == _turns.c.call_id)
    .where(_turns.c.call_id == sa.bindparam("call_id"), _turns.c.number == sa.bindparam("number"))
)
THIS_CALL = _calls.update().where(_calls.c.id == sa.bindparam("call_id"))
_GOES_ON = THIS_CALL.values(
    {name: sa.bindparam(f"new_{name}", type_=_calls.c[name].type) for name in ("turn", "state", "language")}
)
RINGS_OUT_AT = THIS_CALL.values(expires_at=sa.bindparam("at", type_=_calls.c.expires_at.type))


class TurnStatements:
    """For one kind of database. On SQLite BEGIN IMMEDIATE has locked the call already."""

    def __init__(self, database: Database) -> None:
        dialect = database.engine.dialect
        self.call = DriverStatement(_CALL if database.is_sqlite else _CALL_LOCKED, dialect)
        self.call_of = DriverStatement(_CALL_OF, dialect)
        self.languages = DriverStatement(_LANGUAGES, dialect)
        self.new_call = DriverStatement(_NEW_CALL, dialect, columns=_NEW_CALL_COLUMNS)
        self.new_turn = DriverStatement(_NEW_TURN, dialect, columns=_turns.columns.keys())
        self.goes_on = DriverStatement(_GOES_ON, dialect)
