"""How alembic reaches the database: by the connection `migrations.upgrade` passes in, else by the settings."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

import settings
from models import Base, UtcDateTime


def plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Our own types as the plain ones they are stored in, so that a migration does not change when a class does."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime()"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


def migrate(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,  # SQLite rolls tables back as well, since we emit BEGIN ourselves
        compare_type=True,
        render_item=plain_type,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with sa.create_engine(settings.load().database_url).connect() as opened:
        migrate(opened)
        opened.commit()
