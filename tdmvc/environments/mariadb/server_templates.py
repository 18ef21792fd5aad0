"""Templates that are databases on a server; a table in each tells what it was made from, and which runs use it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import quoted, text_literal, text_literals
from tdmvc.environments.base import StoredTemplate, TemplateKey
from tdmvc.environments.mariadb.definitions import stamp_schema
from tdmvc.environments.mariadb.server_names import is_template, name_template, release_lock, take_lock
from tdmvc.environments.mariadb.tables import read_tables
from tdmvc.errors import DatabaseError

RECORD = "_tdmvc_template"
"""The table in a template that no copy has; it is made last, so that a database without it is not complete."""
_COLUMNS = "`schema`, `rows`, label, engine, used_at, stamp"
_RUNS = "_tdmvc_runs"


@dataclass(frozen=True, slots=True)
class _Record:
    stored: StoredTemplate
    stamp: str
    """What `stamp_template` returned when the template was complete."""


class MariadbTemplates:
    """The templates on a server, for databases whose names have the same beginning."""

    def __init__(self, connection: MysqlConnection, base: str, version: str) -> None:
        self._connection = connection
        self._base = base
        self._version = version

    def find(self, key: TemplateKey) -> str:
        """Return the stamp of the template with the key; empty if there is none that is complete and unchanged."""
        name = name_template(self._base, key)
        record = self._read(name)
        if record is None or record.stored.key != key or not self._is_unchanged(name, record):
            return ""
        return record.stamp

    def complete(self, key: TemplateKey) -> str:
        """Note that a template is complete, and return its stamp."""
        name = name_template(self._base, key)
        self._connection.execute(f"CREATE TABLE {quoted(name)}.{_RUNS} (run VARCHAR(32) PRIMARY KEY)")
        self._connection.execute(
            f"CREATE TABLE {quoted(name)}.{RECORD} (`schema` TEXT, `rows` TEXT, label TEXT, engine TEXT, "
            "used_at DATETIME, stamp TEXT)"
        )
        stamp = stamp_template(self._connection, name)
        values = text_literals([key.schema, key.rows, key.label, self._version])
        self._connection.execute(
            f"INSERT INTO {quoted(name)}.{RECORD} ({_COLUMNS}) "
            f"VALUES ({values}, UTC_TIMESTAMP(), {text_literal(stamp)})"
        )
        return stamp

    def use(self, key: TemplateKey, run: str) -> None:
        """Note that a run uses a template."""
        name = quoted(name_template(self._base, key))
        self._connection.execute(f"UPDATE {name}.{RECORD} SET used_at = UTC_TIMESTAMP()")
        self._connection.execute(f"INSERT INTO {name}.{_RUNS} VALUES ({text_literal(run)})")

    def nearest(self, key: TemplateKey) -> str | None:
        """Return the template with the same schema that was used last, and that nobody has changed."""
        found = [(name, one) for name, one in self._records() if one.stored.key.schema == key.schema]
        found.sort(key=lambda one: one[1].stored.used_at, reverse=True)
        return next((name for name, record in found if self._is_unchanged(name, record)), None)

    def stored(self) -> Sequence[StoredTemplate]:
        """Return all templates, the most recently used first."""
        found = (record.stored for _, record in self._records())
        return sorted(found, key=lambda one: one.used_at, reverse=True)

    def shrink(self, newest: TemplateKey, limit_bytes: int) -> None:
        """Remove the templates that were used longest ago, until all others fit.

        Args:
            newest: stays in any case.
            limit_bytes: how large templates may be together.
        """
        stored = self.stored()
        size = sum(one.size_bytes for one in stored)
        for one in reversed(stored):
            if size > limit_bytes and one.key != newest and self.remove(one.key):
                size -= one.size_bytes

    def remove(self, key: TemplateKey) -> bool:
        """Remove a template; False if there is none, or a run uses it."""
        name = name_template(self._base, key)
        if not take_lock(self._connection, name, wait=False):
            return False
        try:
            if self._read(name) is None or self._is_used(name):
                return False
            self._connection.execute(f"DROP DATABASE {quoted(name)}")
            return True
        finally:
            release_lock(self._connection, name)

    def _is_used(self, name: str) -> bool:
        for (run,) in self._connection.query(f"SELECT run FROM {quoted(name)}.{_RUNS}"):
            if not take_lock(self._connection, text_of(run), wait=False):
                return True
            release_lock(self._connection, text_of(run))
        return False

    def _is_unchanged(self, name: str, record: _Record) -> bool:
        return stamp_template(self._connection, name) == record.stamp

    def _records(self) -> Iterator[tuple[str, _Record]]:
        for (name,) in self._connection.query("SHOW DATABASES"):
            if is_template(text_of(name)) and (record := self._read(text_of(name))) is not None:
                yield text_of(name), record

    def _read(self, name: str) -> _Record | None:
        try:
            rows = self._connection.query(f"SELECT {_COLUMNS} FROM {quoted(name)}.{RECORD}")
        except DatabaseError:
            return None
        if len(rows) != 1:
            return None
        schema, digest, label, engine, used, stamp = map(text_of, rows[0])
        ((size,),) = self._connection.query(
            "SELECT coalesce(sum(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES "
            f"WHERE TABLE_SCHEMA = {text_literal(name)}"
        )
        used_at = datetime.fromisoformat(used).replace(tzinfo=UTC)
        stored = StoredTemplate(TemplateKey(schema, digest, label), engine, int(text_of(size)), used_at)
        return _Record(stored, stamp)


def stamp_template(connection: MysqlConnection, name: str) -> str:
    """Return a text that changes with whatever somebody writes to a template, or changes in it.

    Raises:
        DatabaseError: the server refuses, or somebody locks a table.
    """
    tables = [table for table in read_tables(connection, name).values() if not is_own_table(table.name)]
    return stamp_schema(connection, name, tables)


def is_own_table(name: str) -> bool:
    """Whether a table of a template tells about it, and belongs to no copy."""
    return name in (RECORD, _RUNS)
