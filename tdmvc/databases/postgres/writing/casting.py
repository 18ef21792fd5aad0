"""Lets the server cast rows to the types of a table, to compare them with what the table gives back."""

from collections.abc import Mapping
from dataclasses import replace

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.encoding.ahead import CopyPlan, RowEncoder
from tdmvc.databases.postgres.encoding.target_columns import TargetColumn
from tdmvc.databases.postgres.writing.copying import copy_rows, plan_copy

CAST = ("pg_temp", "tdmvc_cast")
"""The schema and the name of the table with the cast rows."""
_SQL = ".".join(CAST)


def copy_as_texts(
    connection: PostgresConnection,
    relation: Relation,
    table: TableToWrite,
    columns: Mapping[str, TargetColumn],
) -> None:
    """Copy rows to a temporary table with the same types, as texts that the server itself reads.

    Raises:
        LoadingError: a value has no exact form.
        psycopg.Error: the server refuses a row.
    """
    connection.execute(f"DROP TABLE IF EXISTS {_SQL}")
    connection.execute(
        f"CREATE TEMPORARY TABLE {CAST[1]} ON COMMIT DROP AS SELECT * FROM {relation.full_name} WITH NO DATA"
    )
    # The table has no expressions, so that the rows fill its generated columns, too.
    plain = {name: replace(column, is_generated=False) for name, column in columns.items()}
    plan = plan_copy(table.schema.arrow_schema(), plain, table=relation.name, where=_SQL)
    forms = tuple(replace(form, encoder=None) for form in plan.forms)
    with RowEncoder([(table.read, CopyPlan(plan.names, forms))]) as encoder:
        copy_rows(connection, _SQL, encoder.next_table())
