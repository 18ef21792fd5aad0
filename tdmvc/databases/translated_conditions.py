"""Evaluates conditions of servers in DuckDB, as far as they mean the same there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

from tdmvc.databases.duckdb.conditions import DuckdbConditions
from tdmvc.model.conditions import NotEvaluatedError, RowCondition
from tdmvc.model.schema import Column
from tdmvc.sql.translated_conditions import translate_condition


class _TranslatedConditions:
    """The conditions of one kind of server."""

    dialect: ClassVar[str]

    def __init__(self) -> None:
        self._duckdb = DuckdbConditions()

    @contextmanager
    def open(self, expression: str, table: str, columns: Sequence[Column]) -> Iterator[RowCondition]:
        """Return a condition on rows of these columns; see `ConditionEngine.open`."""
        translated = translate_condition(expression, self.dialect, columns)
        with self._duckdb.open(translated, table, _as_in_parts(columns)) as condition:
            yield condition

    def find_plain_sql(self, expression: str, table: str, columns: Sequence[Column]) -> str | None:
        """Return a condition as SQL if it is plain; see `ConditionEngine.find_plain_sql`."""
        try:
            translated = translate_condition(expression, self.dialect, columns)
        except NotEvaluatedError:
            return None
        return self._duckdb.find_plain_sql(translated, table, _as_in_parts(columns))

    def close(self) -> None:
        self._duckdb.close()


class PostgresConditions(_TranslatedConditions):
    """The conditions of PostgreSQL."""

    dialect = "postgresql"


class MysqlConditions(_TranslatedConditions):
    """The conditions of MySQL and MariaDB."""

    dialect = "mysql"


def _as_in_parts(columns: Sequence[Column]) -> list[Column]:
    """Return columns whose values are taken as parts hold them, whatever the server's type is."""
    return [replace(column, physical_type=None) for column in columns]
