"""The rows of a table before they are written: which types hold them, and which declarations they break."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import pyarrow as pa

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.clauses import Clause, check_clause, key_clause, required_clause, unique_clause
from tdmvc.databases.findings import type_finding
from tdmvc.databases.statements import bracketed
from tdmvc.model.finding import Finding
from tdmvc.model.schema import TableSchema
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error, evaluation_errors, statement_kinds
from tdmvc.sql.quoting import quote_name, quote_names
from tdmvc.sql.types import DuckDBType, duckdb_type, find_canonical_form

_TYPE_NAME = re.compile(
    r"(?:[A-Za-z_]\w*(?: [A-Za-z_]\w*)*(?:\(\d+(?:, ?\d+)?\))?|enum\('(?:[^']|'')*'(?:, ?'(?:[^']|'')*')*\))"
    r"(?:\[\d{0,6}\])*",
    re.ASCII | re.I,
)


@contextmanager
def registered(con: DuckDBConnection, table: TableToWrite) -> Iterator[str]:
    """Yield the name under which SQL reads the rows; once, from the first row."""
    name = "tdmvc_rows"
    con.register(name, table.read())
    try:
        yield name
    finally:
        # What failed may have ended the transaction, in which nothing more can be done.
        with suppress(duckdb_error()):
            con.unregister(name)


def casts(types: Mapping[str, str], names: Sequence[str]) -> str:
    """Return SQL for columns in the types that they have in the database."""
    return ", ".join(f"CAST({quote_name(name)} AS {types[name]}) AS {quote_name(name)}" for name in names)


def inexact_columns(con: DuckDBConnection, table: TableToWrite, types: Mapping[str, str]) -> dict[str, int]:
    """Return how many values do not come back from these types as they are, for each column that has some.

    Args:
        types: DuckDB types of the columns to look at.
    """
    doubtful = {}
    for column in table.schema.columns:
        if column.name not in types:
            continue
        form = find_canonical_form(con.sql(f"SELECT CAST(NULL AS {types[column.name]})").types[0])
        if form is None or form.type != column.type or form.physical_type is not None:
            doubtful[column.name] = types[column.name], duckdb_type(column.type)
    if not doubtful:
        return {}
    tests = ", ".join(
        f"count(*) FILTER (TRY_CAST(TRY_CAST({quote_name(name)} AS {own}) AS {canonical}) "
        f"IS DISTINCT FROM {quote_name(name)})"
        for name, (own, canonical) in doubtful.items()
    )
    with registered(con, table) as rows:
        row = con.execute(f"SELECT {tests} FROM {rows}").fetchall()[0]
    return {name: count for name, count in zip(doubtful, row, strict=True) if count}


_REFORMED = ("UUID", "BOOLEAN")
"""Types that read texts of several forms, and lose nothing of any."""


def reformed_columns(con: DuckDBConnection, table: TableToWrite, types: Mapping[str, str]) -> dict[str, int]:
    """Return how many texts read back in another form, for columns whose texts all keep their value.

    Args:
        types: DuckDB types of the columns to look at.
    """
    asked = {
        column.name: types[column.name]
        for column in table.schema.columns
        if pa.types.is_string(column.type) and types.get(column.name) in _REFORMED
    }
    if not asked:
        return {}
    tests = ", ".join(
        f"count(*) FILTER (TRY_CAST({quote_name(name)} AS {type_})::VARCHAR IS DISTINCT FROM {quote_name(name)}), "
        f"count(*) FILTER ({quote_name(name)} IS NOT NULL AND TRY_CAST({quote_name(name)} AS {type_}) IS NULL)"
        for name, type_ in asked.items()
    )
    with registered(con, table) as rows:
        row = con.execute(f"SELECT {tests} FROM {rows}").fetchall()[0]
    counts = zip(asked, row[::2], row[1::2], strict=True)
    return {name: reformed for name, reformed, refused in counts if not refused}


def column_types(con: DuckDBConnection, table: TableToWrite) -> tuple[dict[str, str], list[Finding]]:
    """Return the DuckDB type of each column: that of its source if every value can be read back from it.

    A finding names each column that gets another type.
    """
    findings: list[Finding] = []
    types = {column.name: duckdb_type(column.type) for column in table.schema.columns}
    declared = {}
    for column in table.schema.columns:
        name, type_ = column.name, column.physical_type
        # A width that just fits today's rows may be too narrow tomorrow.
        if not type_ or pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            continue
        own = _type_of(con, type_)
        if own is None or str(own) == str(_type_of(con, types[name])):
            continue  # DuckDB does not know it, or it is the canonical one under another name
        form = find_canonical_form(own)
        if form is not None and form.type == column.type and _TYPE_NAME.fullmatch(type_):
            declared[name] = type_
        else:
            is_read = form is not None and form.type != column.type
            why = f"{type_} would be read as another type" if is_read else f"tdmvc does not write {type_}"
            findings.append(type_finding(table.schema.name, name, type_, types[name], why))
    inexact = inexact_columns(con, table, declared)
    for name, type_ in declared.items():
        if name in inexact:
            findings.append(type_finding(table.schema.name, name, type_, types[name]))
        else:
            types[name] = type_
    order = table.schema.column_names
    return types, sorted(findings, key=lambda finding: order.index(finding.columns[0]))


def _type_of(con: DuckDBConnection, declared: str) -> DuckDBType | None:
    """Return the type that DuckDB knows by this name, if it knows one."""
    query = f"SELECT CAST(NULL AS {declared})"
    try:
        if statement_kinds(con, query) != ["SELECT"]:
            return None
        return con.sql(query).types[0]
    except duckdb_error():
        return None


def broken_clauses(
    con: DuckDBConnection, table: TableToWrite, schema: TableSchema, types: Mapping[str, str]
) -> list[Clause]:
    """Return the declarations that the rows break: all of them, not only the first that DuckDB names.

    A condition that DuckDB cannot evaluate on some row is one of them.
    """
    found: dict[str, Clause] = {}
    for clause, condition in _tests(schema):
        with registered(con, table) as rows:
            source = f"(SELECT {casts(types, schema.column_names)} FROM {rows})"
            try:
                is_broken = bool(con.execute(f"SELECT 1 FROM {source} {condition} LIMIT 1").fetchall())
            except evaluation_errors():
                is_broken = True
            if is_broken:
                found[clause.noun] = clause
    return list(found.values())


def _tests(schema: TableSchema) -> list[tuple[Clause, str]]:
    """Return each declaration that rows can break, with the end of a query that finds such rows; without references."""
    tests: list[tuple[Clause, str]] = [
        (required_clause(column), f"WHERE {quote_name(column.name)} IS NULL")
        for column in schema.columns
        if column.required and column.name not in schema.key
    ]
    unique: list[tuple[str, ...]] = [
        (column.name,) for column in schema.columns if column.unique and schema.key != (column.name,)
    ]
    unique += [one.columns for one in schema.unique_keys]
    tests += [(unique_clause(columns), _repeated(columns)) for columns in unique]
    if schema.key:
        nulls = " OR ".join(f"{quote_name(name)} IS NULL" for name in schema.key)
        tests.append((key_clause(schema), _repeated(schema.key)))
        tests.append((key_clause(schema), f"WHERE {nulls}"))
    tests += [
        (check_clause(schema, check), f"WHERE NOT CAST({bracketed(check.expression)} AS BOOLEAN)")
        for check in schema.checks
    ]
    return tests


def _repeated(columns: tuple[str, ...]) -> str:
    """Return the end of a query for values that more than one row has."""
    present = " AND ".join(f"{quote_name(name)} IS NOT NULL" for name in columns)
    return f"WHERE {present} GROUP BY {quote_names(columns)} HAVING count(*) > 1"
