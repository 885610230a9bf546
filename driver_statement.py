"""A Core statement for a hot path: compiled once, run on the driver's own cursor.

SQLAlchemy's execution of one small statement costs ten times the statement itself, and a turn of a call has three
of them. The SQL, the parameter style and the conversion of every value are still SQLAlchemy's, so SQLite and PostgreSQL
are served alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

Converter = Callable[[Any], Any]


class DriverStatement:
    """`run` raises what SQLAlchemy would (IntegrityError, OperationalError, ...), without the values."""

    def __init__(
        self, statement: sa.Select[Any] | sa.UpdateBase, dialect: sa.Dialect, *, columns: Sequence[str] = ()
    ) -> None:
        """`columns`: of an INSERT, those that are given."""
        compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        self._dialect = dialect
        self.sql = str(compiled)
        names = compiled.positiontup if compiled.positional else None
        binds: Mapping[str, sa.BindParameter[Any]] = compiled.binds
        self._positions = names
        self._fixed = {name: bind.value for name, bind in binds.items() if not bind.required}  # a LIMIT, for one
        self._converters: list[tuple[str, Converter | None]] = [
            (name, binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in (names or binds)
        ]
        self._results: list[tuple[str, Converter | None]] = []
        if isinstance(statement, sa.Select):
            self._results = [
                (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None))
                for column in statement.selected_columns
            ]

    def run(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows of a SELECT as dictionaries; nothing for the rest."""
        values = {**self._fixed, **values} if self._fixed else values
        converted = [(name, c(values[name]) if c else values[name]) for name, c in self._converters]
        parameters = [value for _, value in converted] if self._positions is not None else dict(converted)
        driver = connection.connection.driver_connection
        assert driver is not None
        cursor = driver.cursor()
        try:
            cursor.execute(self.sql, parameters)
            rows = cursor.fetchall() if self._results else ()
        except self._dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                self.sql, None, error, self._dialect.loaded_dbapi.Error, dialect=self._dialect, hide_parameters=True
            ) from error
        finally:
            cursor.close()
        return [
            {name: c(value) if c else value for (name, c), value in zip(self._results, row, strict=True)}
            for row in rows
        ]
