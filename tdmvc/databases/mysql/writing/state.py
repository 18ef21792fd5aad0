"""The table in which a database remembers what was seeded."""

from collections.abc import Callable

from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import table_sql, text_literal
from tdmvc.databases.mysql.pending import PendingStep, StepKind
from tdmvc.databases.state_table import STATE_TABLE, parse_states
from tdmvc.model.seeding import SeededDataset


def has_state_table(connection: MysqlConnection, schema: str) -> bool:
    """Whether something was seeded before."""
    return bool(
        connection.query(
            f"SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {text_literal(schema)} "
            f"AND TABLE_NAME = {text_literal(STATE_TABLE)}"
        )
    )


def make_state_table(
    connection: MysqlConnection, schema: str, remember: Callable[[PendingStep], None]
) -> None:
    """Make the table, which is dropped again if nothing is committed."""
    remember(PendingStep(StepKind.DROP, schema, STATE_TABLE))
    connection.execute(
        f"CREATE TABLE {table_sql(schema, STATE_TABLE)} (dataset varchar(200) NOT NULL PRIMARY KEY, "
        "state longtext NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC "
        "COMMENT='What tdmvc seeded into this database'",
        "Preparing the database",
    )


def read_state(connection: MysqlConnection, schema: str) -> dict[str, SeededDataset]:
    """Return what was seeded, by dataset; what a later tdmvc wrote is left out."""
    if not has_state_table(connection, schema):
        return {}
    rows = connection.query(f"SELECT dataset, state FROM {table_sql(schema, STATE_TABLE)}")
    return parse_states((row[0], row[1]) for row in rows)


def write_state(connection: MysqlConnection, schema: str, state: SeededDataset) -> None:
    """Remember what was seeded, in the transaction of the rows."""
    values = f"{text_literal(state.dataset)}, {text_literal(state.to_json())}"
    connection.execute(
        f"REPLACE INTO {table_sql(schema, STATE_TABLE)} VALUES ({values})", "Remembering the seed"
    )
