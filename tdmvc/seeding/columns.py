"""Compares the columns of a dataset's table with those of a database's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.parquet import count_nulls
from tdmvc.databases.base import DatabaseTarget
from tdmvc.errors import format_names
from tdmvc.model.database_names import further_columns, missing_columns
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import TableSchema
from tdmvc.model.text import plural
from tdmvc.seeding.rows import rename_columns, table_to_write
from tdmvc.sql.quoting import quote_name
from tdmvc.store.parquet import reading
from tdmvc.workspace.tables import side_relation
from tdmvc.workspace.workspace import Workspace

MIGRATE = (
    "run the migrations that the rows were made for on the database, or seed a version that fits its schema; "
    "`tdmvc drift` shows which of the two is behind."
)


@dataclass(frozen=True, slots=True)
class ColumnCheck:
    """What was found out about the columns of a table."""

    parts: tuple[str, ...]
    """Those whose values were looked at."""
    schema: TableSchema
    """The database's table."""
    findings: tuple[Finding, ...]

    def holds_for(self, side: TableSide, schema: TableSchema) -> bool:
        """Whether another look at these parts would find the same."""
        return self.schema == schema and self.parts == side.parts


def check_columns(
    workspace: Workspace,
    target: DatabaseTarget,
    side: TableSide,
    schema: TableSchema,
    names: Mapping[str, str],
) -> list[Finding]:
    """Return which columns the database lacks, needs or cannot fill with the values of the dataset.

    Args:
        schema: the database's table.
        names: its columns by the dataset's.
    """
    findings = list(_missing_columns(side.schema, schema, names))
    findings += _columns_without_value(side.schema, schema, names)
    if findings or not side.parts:
        return findings
    findings += _nulls(workspace, side, schema, names)
    table = rename_columns(table_to_write(workspace, side), names)
    return findings + list(target.check_columns(table, schema))


def _missing_columns(own: TableSchema, schema: TableSchema, names: Mapping[str, str]) -> Iterator[Finding]:
    missing = [column.name for column in missing_columns(own, names)]
    if missing:
        yield Finding(
            "missing-column",
            Severity.ERROR,
            f"The database's table {schema.name} has no {_columns(missing)}.",
            table=own.name,
            columns=tuple(missing),
            remedy=MIGRATE,
        )


def _columns_without_value(
    own: TableSchema, schema: TableSchema, names: Mapping[str, str]
) -> Iterator[Finding]:
    lacking = [column.name for column in further_columns(schema, names)[0]]
    if lacking:
        yield Finding(
            "column-without-value",
            Severity.ERROR,
            f"The dataset has no {_columns(lacking)}, which the database's table {schema.name} requires, and "
            "which has no default there.",
            table=own.name,
            columns=tuple(lacking),
            remedy=MIGRATE,
        )


def _nulls(
    workspace: Workspace, side: TableSide, schema: TableSchema, names: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield the columns with nulls that the database does not allow."""
    asked = {
        column.name: column.type
        for column in side.schema.columns
        if (other := schema.column(names[column.name])) is not None
        and other.required
        and other.generated is None
    }
    for name, nulls in _count_nulls(workspace, side, asked).items():
        if nulls:
            yield Finding(
                "null-not-allowed",
                Severity.ERROR,
                f"{plural(int(nulls), 'row')} of {side.schema.name} {'has' if nulls == 1 else 'have'} a null in "
                f"{name}, which the database does not allow.",
                table=side.schema.name,
                columns=(name,),
                remedy=f"give these rows a value, or {MIGRATE}",
            )


def _count_nulls(workspace: Workspace, side: TableSide, types: Mapping[str, pa.DataType]) -> dict[str, int]:
    """Return the nulls of columns by the footers of the parts; rows are read where these do not count them."""
    counts = dict.fromkeys(types, 0)
    unknown: set[str] = set()
    for path in side.locate(side.parts) if types else ():
        with reading(str(path)):
            found = count_nulls(path, types)
        unknown.update(name for name, nulls in found.items() if nulls is None)
        counts = {name: count + (found[name] or 0) for name, count in counts.items()}
    if unknown:
        names = sorted(unknown)
        queries = ", ".join(f"count(*) - count({quote_name(name)})" for name in names)
        con = workspace.engine.cursor()
        [row] = con.execute(f"SELECT {queries} FROM {side_relation(side)}").fetchall()
        counts.update(zip(names, row, strict=True))
    return counts


def _columns(names: Sequence[str]) -> str:
    return f"{'column' if len(names) == 1 else 'columns'} {format_names(names)}"
