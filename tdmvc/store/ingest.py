"""Converting the rows of sources to the rows of a table, without losing a value."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.errors import StoreError, UsageError
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import SourceTable
from tdmvc.sql.defaults import default_sql, no_default_reason
from tdmvc.sql.duckdb import DuckDBConnection, duckdb_error, memory_errors
from tdmvc.sql.quoting import quote_name, scan_parquet
from tdmvc.store.column_types import merge_columns
from tdmvc.store.declared import merge_table, repeated_references
from tdmvc.store.open_source import OpenSource, convert

_STRING = SIMPLE["string"]


@dataclass(frozen=True, slots=True)
class Ingest:
    """A query for rows to be built into a table, and notes on how they were converted."""

    schema: TableSchema
    query: str
    notes: tuple[str, ...]


@contextmanager
def prepare_ingest(
    con: DuckDBConnection,
    table: str,
    sources: Sequence[SourceTable],
    current: TableSchema | None,
    *,
    key: tuple[str, ...] | None = None,
    existing: Sequence[Path] = (),
) -> Iterator[Ingest]:
    """Reconcile sources with the present table, and return the query for its new rows.

    A column keeps its present type if every new value comes back from it as it was; otherwise it
    gets a type that gives it back, with a note. Columns keep the table's order; new ones come last.

    Args:
        con: a connection with TimeZone UTC; the query works only inside the `with` block.
        sources: the sources, whose rows are concatenated.
        current: the table in the contract.
        key: the key from the command line; by default the source's, or else the contract's.
        existing: part files whose rows are kept (for appending).

    Raises:
        SourceError: a source turns out to be unreadable, here or while the query runs.
        StoreError: its rows are too large for the memory.
        UsageError: a key column does not exist.
    """
    opened = [OpenSource(con, source) for source in sources]
    try:
        yield _reconcile(con, table, opened, current, key, existing)
    except memory_errors() as error:
        raise StoreError.rows_too_large(table) from error
    except (duckdb_error(), pa.ArrowException) as error:
        if "overflow while concatenating" in str(error):  # more than 2 GB of texts in one part
            raise StoreError.rows_too_large(table) from error
        faults = (source.find_fault() for source in sources if source.find_fault is not None)
        fault = next((found for found in faults if found is not None), None)
        if fault is None:
            raise
        raise fault from error
    finally:
        for source in opened:
            source.close()


def _reconcile(
    con: DuckDBConnection,
    table: str,
    sources: Sequence[OpenSource],
    current: TableSchema | None,
    key: tuple[str, ...] | None,
    existing: Sequence[Path],
) -> Ingest:
    notes = [note for opened in sources for note in opened.source.notes]
    notes += [note for opened in sources for note in repeated_references(opened.source.schema)]
    columns = merge_columns(con, sources, current, keep_old=bool(existing), notes=notes)
    schema = _schema(table, columns, sources, current, key)
    notes += _default_notes(con, schema, sources, current if existing else None)
    selects = [_select(opened, schema) for opened in sources]
    if existing and current is not None:
        names = ", ".join(
            f"{convert(quote_name(c.name), old.type, c.type)} AS {quote_name(c.name)}"
            if (old := current.column(c.name))
            else f"{default_sql(c)} AS {quote_name(c.name)}"
            for c in schema.columns
        )
        selects.insert(0, f"SELECT {names} FROM {scan_parquet(existing)}")
        notes += [
            f"column {c.name}: the texts of the rows that were there are written again, and not as {old.text_form}; "
            "to keep them as they were, add all rows again without --append"
            for c in schema.columns
            if (old := current.column(c.name)) is not None
            and old.text_form
            and c.type == pa.string() != old.type
        ]
    return Ingest(schema, " UNION ALL ".join(selects), tuple(dict.fromkeys(notes)))


def _schema(
    table: str,
    columns: tuple[Column, ...],
    sources: Sequence[OpenSource],
    current: TableSchema | None,
    key: tuple[str, ...] | None,
) -> TableSchema:
    names = {column.name for column in columns}
    # A database that declares no key leaves open what identifies a row, as a file does.
    declared = next((opened.source.schema.key for opened in sources if opened.source.schema.key), None)
    chosen = key if key is not None else declared or (current.key if current else ())
    missing = [name for name in chosen if name not in names]
    if missing:
        raise UsageError(
            f"The key of {table} names a column that does not exist: {', '.join(missing)}.",
            where=f"table {table}, columns: {', '.join(sorted(names)[:20])}",
            remedy=f"give the columns that identify a row: --key {table}=COLUMN[,COLUMN].",
        )
    if tuple(chosen) != declared or not all(opened.source.is_database for opened in sources):
        # Only a database can declare a key whose columns may be null, as SQLite does.
        columns = tuple(replace(c, required=True) if c.name in chosen else c for c in columns)
    return merge_table(
        TableSchema(table, columns, tuple(chosen)),
        [opened.source.schema for opened in sources],
        current,
        is_declared=any(opened.source.is_database for opened in sources),
    )


def _default_notes(
    con: DuckDBConnection, schema: TableSchema, sources: Sequence[OpenSource], kept: TableSchema | None
) -> Iterator[str]:
    """Yield what rows get in columns that they lack, if it is not simply null.

    Args:
        kept: the table whose rows stay.
    """
    given = [opened.source.schema for opened in sources]
    for column in schema.columns:
        new = any(one.column(column.name) is None for one in given)
        old = kept is not None and kept.column(column.name) is None
        reason = no_default_reason(column)
        if not (new or old) or (column.default is None and reason is None):
            continue
        if reason is None and con.execute(f"SELECT {default_sql(column)} IS NULL").fetchall()[0][0]:
            reason = f"{column.default} is no {column.type_text}"
        rows = "all rows that lack it" if new and old else "new rows" if new else "rows that were there"
        got = f"null, because {reason}" if reason is not None else f"its default {column.default}"
        yield f"column {column.name}: {rows} got {got}"


def _select(opened: OpenSource, schema: TableSchema) -> str:
    expressions: list[str] = []
    for column in schema.columns:
        own = opened.source.schema.column(column.name)
        value = default_sql(column) if own is None else opened.converted(own, column.type)
        expressions.append(f"{value} AS {quote_name(column.name)}")
    return f"SELECT {', '.join(expressions)} FROM {opened.relation()}"
