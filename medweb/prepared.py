"""Queries whose SQL is made once.

Django builds the SQL of a query each time anew, which takes ten times as long as SQLite needs to answer it:
of the 11 ms that one incoming file cost, 7 went into building the same five queries. What is asked for every
file or every request is built once for each thread here, and only its values change.
"""

import threading
from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, QuerySet


class Slot(Expression):
    """Where a value goes that each execution gives by name.

    Parameters
    ----------
    name : str
    field : Field
        Of the kind of the column it is compared with. The value is handed to the database as it is, so only
        numbers and texts will do: dates and truth values are written differently from database to database.
    """

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


class _Compiled:
    """SQL for one connection."""

    def __init__(self, rows: "QuerySet[Any, Any]", connection: Any) -> None:
        self.connection = connection
        self._compiler = rows.query.get_compiler(connection=connection)
        self._sql, self._parameters = self._compiler.as_sql()
        columns = [column for column, _sql, _alias in self._compiler.select]
        self._converters = self._compiler.get_converters(columns)

    def rows(self, values: dict[str, Any]) -> list[Any]:
        bound = [values[one.name] if isinstance(one, Slot) else one for one in self._parameters]
        with self.connection.cursor() as cursor:
            cursor.execute(self._sql, bound)
            found = cursor.fetchall()
        if self._converters:
            return [tuple(row) for row in self._compiler.apply_converters(found, self._converters)]
        return list(found)


class Prepared:
    """A query that is built at its first execution and only executed from then on.

    Parameters
    ----------
    build : callable
        Makes the query, ``values_list`` with :class:`Slot` where values go. Whatever else it holds, such as
        the present time, stays as it was when it was built.
    """

    def __init__(self, build: "Callable[[], QuerySet[Any, Any]]") -> None:
        self._build = build
        # Connections belong to threads, and so does what was compiled for them.
        self._mine = threading.local()

    def rows(self, **values: int | str) -> list[Any]:
        """Rows as tuples, each in the order of ``values_list``; none for numbers that no column holds."""
        if any(isinstance(value, int) and not -(2**63) <= value < 2**63 for value in values.values()):
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        compiled: _Compiled | None = getattr(self._mine, "compiled", None)
        if compiled is None or compiled.connection is not connection:
            compiled = self._mine.compiled = _Compiled(self._build(), connection)
        return compiled.rows(values)

    def first(self, **values: int | str) -> Any:
        """The first row, or ``None``."""
        found = self.rows(**values)
        return found[0] if found else None
