"""What a seed has to undo or to finish, remembered in the database, because MySQL commits at each CREATE and ALTER.

A table holds the steps while a seed runs. Rows that a load must undo are committed before the step is taken,
and deleted in the transaction of the load: they are gone if, and only if, the rows have come. If the process is
killed, the next seed finds them and carries them out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import PENDING_TABLE, quoted, table_sql, text_literal

_NAME_LENGTH = 200


class StepKind(StrEnum):
    """What is to be done about an object."""

    DROP = "drop table"
    """The table was made by a load that was not committed."""
    DROP_VIEW = "drop view"
    NUMBER = "auto_increment"
    """The next number of a table is to be this one."""
    TRIGGER = "trigger"
    """A trigger is to be as it was, without the condition that suspends it."""


@dataclass(frozen=True, slots=True)
class PendingStep:
    """One thing to undo or to finish."""

    kind: StepKind
    schema: str
    name: str
    text: str = ""
    """The number, or what makes the trigger again, as JSON."""


class Pending:
    """The steps of one database."""

    def __init__(self, connection: MysqlConnection, schema: str) -> None:
        self._connection = connection
        self._table = table_sql(schema, PENDING_TABLE)
        self._schema = schema

    def exists(self) -> bool:
        """Whether the table is there: a seed is running, or was killed."""
        found = self._connection.query(
            f"SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {text_literal(self._schema)} "
            f"AND TABLE_NAME = {text_literal(PENDING_TABLE)}"
        )
        return bool(found)

    def make(self) -> None:
        """Make the table."""
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS {self._table} (kind varchar(20) NOT NULL, "
            f"schema_name varchar({_NAME_LENGTH}) NOT NULL, name varchar({_NAME_LENGTH}) NOT NULL, "
            "step longtext NOT NULL, PRIMARY KEY (kind, schema_name, name)) "
            "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC "
            "COMMENT='What a seed of tdmvc that is running, or was killed, has yet to undo or to finish'",
            "Preparing the database",
        )

    def add(self, step: PendingStep) -> None:
        """Remember a step, in place of an earlier one for the same object."""
        values = ", ".join(map(text_literal, (step.kind, step.schema, step.name, step.text)))
        self._connection.execute(f"REPLACE INTO {self._table} VALUES ({values})", "Preparing the database")

    def read(self) -> list[PendingStep]:
        """Return all steps."""
        rows = self._connection.query(
            f"SELECT kind, schema_name, name, step FROM {self._table} ORDER BY kind, schema_name, name"
        )
        return [PendingStep(StepKind(kind), schema, name, text) for kind, schema, name, text in rows]

    def forget(self, *kinds: StepKind) -> None:
        """Forget all steps of these kinds."""
        wanted = ", ".join(text_literal(kind) for kind in kinds)
        self._connection.execute(f"DELETE FROM {self._table} WHERE kind IN ({wanted})")

    def carry_out(self, restore_trigger: Callable[[PendingStep], None]) -> None:
        """Undo or finish everything, and remove the table; outside a transaction."""
        steps = self.read()
        self._connection.execute("SET SESSION foreign_key_checks = 0")
        for step in steps:
            name = table_sql(step.schema, step.name)
            match step.kind:
                case StepKind.DROP:
                    self._connection.execute(f"DROP TABLE IF EXISTS {name}", "Undoing an earlier load")
                case StepKind.DROP_VIEW:
                    self._connection.execute(f"DROP VIEW IF EXISTS {name}", "Undoing an earlier load")
                case StepKind.TRIGGER:
                    restore_trigger(step)
        dropped = {(step.schema, step.name) for step in steps if step.kind is StepKind.DROP}
        for step in steps:
            if step.kind is StepKind.NUMBER and (step.schema, step.name) not in dropped:
                set_next_number(self._connection, step)
        self._connection.execute(f"DROP TABLE {self._table}", "Cleaning up")


def set_next_number(connection: MysqlConnection, step: PendingStep) -> None:
    """Set the next number of a table, if the table is still there; the server never sets it below the greatest."""
    found = connection.query(
        f"SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = {text_literal(step.schema)} "
        f"AND TABLE_NAME = {text_literal(step.name)}"
    )
    if found and found[0][0] is not None and found[0][0] != step.text:
        connection.execute(
            f"ALTER TABLE {quoted(step.schema)}.{quoted(step.name)} AUTO_INCREMENT = {int(step.text)}",
            "Moving the next number",
        )
