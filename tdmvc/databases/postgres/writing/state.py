"""The table in which a database remembers what was seeded."""

from dataclasses import replace

from tdmvc.databases.postgres.catalog.relations import STATE_SCHEMA
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.writing.moments import note_moment
from tdmvc.databases.state_table import parse_states
from tdmvc.errors import DatabaseError
from tdmvc.model.seeding import SeededDataset

TABLE = "tdmvc_state"
_NAME = f"{STATE_SCHEMA}.{TABLE}"


def _has_table(connection: PostgresConnection) -> bool:
    ((found,),) = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [_NAME]).fetchall()
    return bool(found)


def read_state(connection: PostgresConnection) -> dict[str, SeededDataset]:
    """Return what was seeded before, by dataset."""
    if not _has_table(connection):
        return {}
    rows = connection.execute(f"SELECT dataset, state FROM {_NAME} ORDER BY dataset").fetchall()
    return parse_states(rows)


def check_may_write_state(connection: PostgresConnection, where: str) -> None:
    """Make sure that the user may keep the state, before anything is loaded.

    Raises:
        DatabaseError: the user may not.
    """
    if _has_table(connection):
        allowed = f"has_table_privilege('{_NAME}', 'INSERT') AND has_table_privilege('{_NAME}', 'UPDATE')"
        remedy = f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_NAME} TO"
    else:
        allowed = (
            f"CASE WHEN to_regnamespace('{STATE_SCHEMA}') IS NULL "
            "THEN has_database_privilege(current_database(), 'CREATE') "
            f"ELSE has_schema_privilege('{STATE_SCHEMA}', 'USAGE') "
            f"AND has_schema_privilege('{STATE_SCHEMA}', 'CREATE') END"
        )
        remedy = f"CREATE SCHEMA {STATE_SCHEMA} AUTHORIZATION"
    ((is_allowed,),) = connection.execute(f"SELECT {allowed}").fetchall()
    if not is_allowed:
        user = connection.info.user
        raise DatabaseError(
            f"The user {user} may not keep what was seeded in the table {_NAME}. Nothing was changed.",
            where=where,
            remedy=f"ask an administrator of the database to run `{remedy} {user}` once.",
        )


def write_state(connection: PostgresConnection, state: SeededDataset) -> None:
    """Remember what was seeded; makes the table if it is missing."""
    if not _has_table(connection):
        ((has_schema,),) = connection.execute(
            "SELECT to_regnamespace(%s) IS NOT NULL", [STATE_SCHEMA]
        ).fetchall()
        if not has_schema:
            connection.execute(f"CREATE SCHEMA {STATE_SCHEMA}")
        connection.execute(f"CREATE TABLE {_NAME} (dataset text PRIMARY KEY, state text NOT NULL)")
        connection.execute(
            f"COMMENT ON TABLE {_NAME} IS 'What tdmvc seeded into this database; "
            "without it, the next seed loads everything again.'"
        )
    with connection.transaction(force_rollback=True):
        # Once this has ended, so have all numbers below its own but this transaction's.
        _put(connection, state)
    _put(connection, replace(state, moment=note_moment(connection)))


def _put(connection: PostgresConnection, state: SeededDataset) -> None:
    connection.execute(
        f"INSERT INTO {_NAME} VALUES (%s, %s) ON CONFLICT (dataset) DO UPDATE SET state = excluded.state",
        [state.dataset, state.to_json()],
    )
