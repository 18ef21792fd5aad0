"""Evaluates conditions of servers in DuckDB, as far as they mean the same there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

from tdmvc.databases.duckdb.conditions import DuckdbConditions
from tdmvc.model.conditions import Condition
from tdmvc.model.schema import Column
from tdmvc.sql.translated_conditions import translate_condition


class _TranslatedConditions:
    """The conditions of one kind of server."""

    dialect: ClassVar[str]

    def __init__(self) -> None:
        self._duckdb = DuckdbConditions()

    @contextmanager
    def open(self, expression: str, table: str, columns: Sequence[Column]) -> Iterator[Condition]:
        """Return a condition on rows of these columns; see `ConditionEngine.open`."""
        translated = translate_condition(expression, self.dialect, columns)
        # It is about values as they are in parts.
        kept = [replace(column, physical_type=None) for column in columns]
        with self._duckdb.open(translated, table, kept) as condition:
            yield condition

    def close(self) -> None:
        self._duckdb.close()


class PostgresConditions(_TranslatedConditions):
    """The conditions of PostgreSQL."""

    dialect = "postgresql"


class MysqlConditions(_TranslatedConditions):
    """The conditions of MySQL and MariaDB."""

    dialect = "mysql"
