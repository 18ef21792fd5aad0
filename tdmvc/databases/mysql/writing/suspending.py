"""Suspends triggers for the session that loads rows, and for no other.

MySQL cannot switch triggers off. A trigger gets a condition in front of its statement, which is false only where
a variable of the loading session is set; so it fires for everybody else, even after a kill (docs/decisions/0065).
"""

import json
from collections.abc import Collection

from tdmvc.databases.mysql.connection import WRITING_MODE, MysqlConnection, text_of
from tdmvc.databases.mysql.names import quoted, table_sql, text_literal
from tdmvc.databases.mysql.pending import Pending, PendingStep, StepKind

_VARIABLE = "@tdmvc_loading"
_GUARD = f"IF {_VARIABLE} IS NULL THEN"


class Triggers:
    """The triggers of tables."""

    def __init__(self, connection: MysqlConnection, pending: Pending) -> None:
        self._connection = connection
        self._pending = pending
        self.suspended: list[PendingStep] = []

    def read_names(self, schema: str, tables: Collection[str]) -> list[str]:
        """Return the names of the triggers of tables."""
        return [row[1] for row in self._read(schema, tables)]

    def are_visible(self, schema: str) -> bool:
        """Whether the server shows the user triggers at all, which needs the right TRIGGER."""
        name = text_literal(schema)
        return bool(
            self._connection.query(
                "SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER' UNION ALL "
                "SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER' "
                # A grant may name several databases by a pattern.
                f"AND {name} LIKE TABLE_SCHEMA ESCAPE '\\' UNION ALL "
                "SELECT 1 FROM information_schema.TABLE_PRIVILEGES WHERE PRIVILEGE_TYPE = 'TRIGGER' "
                f"AND TABLE_SCHEMA = {name} LIMIT 1"
            )
        )

    def _read(self, schema: str, tables: Collection[str]) -> list[tuple[str, ...]]:
        rows = self._connection.query(
            "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT, DEFINER, "
            "SQL_MODE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION "
            f"FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {text_literal(schema)} "
            # Those of one event run in this order, and are made again in it.
            "ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER",
            "Reading the catalog",
        )
        texts = [tuple(text_of(value) for value in row) for row in rows]
        return [row for row in texts if row[0] in tables]

    def remember(self, schema: str, tables: Collection[str]) -> None:
        """Remember the triggers of tables as they are, so that a kill at any time cannot lose one; commits."""
        for table, name, *rest in self._read(schema, tables):
            step = PendingStep(StepKind.TRIGGER, schema, name, json.dumps([table, *rest], ensure_ascii=False))
            if _GUARD not in rest[2]:
                self._pending.add(step)
                self.suspended.append(step)

    def suspend(self) -> None:
        """Make the remembered triggers pass over this session, whose tables are locked for writing."""
        for step in self.suspended:
            table, timing, event, statement, *context = json.loads(step.text)
            guarded = f"{_GUARD}\n{statement}\n;\nEND IF"
            self._make(step, [table, timing, event, guarded, *context])
        if self.suspended:
            self._connection.execute(f"SET {_VARIABLE} = 1")

    def restore(self, step: PendingStep) -> None:
        """Make a trigger as it was, if its table is still there."""
        values = json.loads(step.text)
        found = self._connection.query(
            f"SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {text_literal(step.schema)} "
            f"AND TABLE_NAME = {text_literal(values[0])}"
        )
        if found:
            self._make(step, values)

    def _make(self, step: PendingStep, values: list[str]) -> None:
        table, timing, event, statement, definer, mode, charset, collation = values
        connection = self._connection
        name = table_sql(step.schema, step.name)
        user, _, host = definer.rpartition("@")
        replacing = "OR REPLACE " if connection.is_mariadb else ""
        doing = f"Suspending the triggers of {table}"
        if not connection.is_mariadb:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}", doing)
        connection.execute(f"SET SESSION sql_mode = {text_literal(mode)}")
        try:
            connection.execute(
                f"SET character_set_client = {charset}, collation_connection = {collation}"
                if charset.startswith("utf8")
                else f"SET collation_connection = {collation}"
            )
            connection.execute(
                f"CREATE {replacing}DEFINER = {quoted(user)}@{quoted(host)} TRIGGER {name} {timing} {event} "
                f"ON {table_sql(step.schema, table)} FOR EACH ROW\n{statement}",
                doing,
            )
        finally:
            connection.execute("SET NAMES utf8mb4")
            connection.execute(f"SET SESSION sql_mode = '{WRITING_MODE}'")
