"""Writes all rows that break a rule as Parquet, each with the rules that it breaks."""

import errno
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tdmvc.checks.table_rows import Tables
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.rows import TableRows, free_name
from tdmvc.checks.validation.table import TableValidator
from tdmvc.model.hidden_columns import hidden_columns
from tdmvc.model.masking import MASK
from tdmvc.model.names import folder_name
from tdmvc.model.schema import Contract, TableSchema
from tdmvc.model.validation import RuleVerdict, TableValidation
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error, store_errors
from tdmvc.sql.quoting import quote_name, quote_text

_PLACES = "tdmvc_failing_rows"
_ERROR_NUMBER = re.compile(r'"errno":"(\d{1,9})"')
_MARK = "tdmvc"
_MARKED_AS = "failing rows"
_METADATA = f"KV_METADATA {{{_MARK}: '{_MARKED_AS}'}}"
RULES = "_rules"
"""The column with the ids of the rules that a row breaks."""


def write_failing_rows(
    con: DuckDBConnection,
    tables: Tables,
    contract: Contract,
    validations: Sequence[TableValidation],
    folder: Path,
    options: ValidationOptions,
) -> tuple[Path, ...]:
    """Write the rows that break a rule that failed: one Parquet file for each table that has such rows.

    Values that must be hidden are masks, which makes their columns text. Rows are in key order.

    Raises:
        PartError: a part is damaged.
        StoreError: memory or the room for spilling ran out.
        OSError: the folder cannot be written.
    """
    written = []
    for validation in validations:
        if validation.table in tables and any(_has_rows(validation)):
            path = folder / f"{folder_name(validation.table)}.parquet"
            with (
                store_errors(validation.table, what="Writing failing rows", parts="its parts"),
                ExitStack() as stack,
            ):
                table = contract.tables[validation.table]
                validator = TableValidator(con, tables, table, options.rules_of(table), options)
                if _write(con, validator, validation, path, stack):
                    written.append(path)
    return tuple(written)


def is_marked(metadata: Mapping[bytes, bytes] | None) -> bool:
    """Return whether the metadata of a Parquet file says that it holds failing rows."""
    return metadata is not None and metadata.get(_MARK.encode()) == _MARKED_AS.encode()


def _has_rows(validation: TableValidation) -> list[bool]:
    return [result.verdict is RuleVerdict.FAILED and bool(result.failing) for result in validation.results]


def _write(
    con: DuckDBConnection,
    validator: TableValidator,
    validation: TableValidation,
    path: Path,
    stack: ExitStack,
) -> bool:
    """Write the rows of one table; return whether there are any."""
    ids, places = list[str](), list[str]()
    for result, has_rows in zip(validation.results, _has_rows(validation), strict=True):
        source = validator.failing(result.rule, stack, is_whole=True) if has_rows else None
        if source is not None:
            scan = source.scan
            places.append(
                f"SELECT {scan.file} AS f, {scan.row} AS r, {len(ids)} AS rule FROM {source.sql} AS broken"
            )
            ids.append(result.rule.id)
    if not places:
        return False
    stack.callback(con.execute, f"DROP TABLE IF EXISTS temp.{_PLACES}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_PLACES} AS {' UNION ALL '.join(places)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)  # it may be a link to another file
    try:
        _copy(con, _failing_sql(validator.rows, validator.declared, ids), new)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
    return True


def _copy(con: DuckDBConnection, query: str, path: Path) -> None:
    try:
        con.execute(
            f"COPY ({query}) TO {quote_text(str(path))} (FORMAT parquet, COMPRESSION zstd, {_METADATA})"
        )
    except duckdb_error() as error:
        if str(path) not in str(error) and path.name not in str(error):
            raise
        found = _ERROR_NUMBER.search(str(error))
        number = int(found[1]) if found else errno.EIO
        raise OSError(number, os.strerror(number)) from error


def _failing_sql(rows: TableRows, declared: TableSchema, ids: Sequence[str]) -> str:
    scan, names = rows.scan(), rows.schema.column_names
    hidden = hidden_columns((rows.schema, declared))
    cells = [
        f"CASE WHEN s.{quote_name(name)} IS NULL THEN NULL ELSE {quote_text(MASK)} END AS {quote_name(name)}"
        if name in hidden
        else f"s.{quote_name(name)}"
        for name in names
    ]
    listed = ", ".join(map(quote_text, ids))
    rules = f"list_transform(b.rules, lambda place: [{listed}][place + 1]) AS {quote_name(free_name(RULES, names))}"
    grouped = f"(SELECT f, r, list_sort(list(DISTINCT rule)) AS rules FROM {_PLACES} GROUP BY f, r)"
    order = ", ".join(f"s.{quote_name(name)} NULLS FIRST" for name in rows.schema.key)
    return (
        f"SELECT {', '.join([*cells, rules])} FROM {scan.sql} s"
        f" JOIN {grouped} b ON s.{scan.file} = b.f AND s.{scan.row} = b.r"
        f" ORDER BY {order or f's.{scan.file}, s.{scan.row}'}"
    )
