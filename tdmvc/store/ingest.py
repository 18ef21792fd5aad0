"""Converting a source's columns to a table's columns: the contract's types if no value is lost."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from tdmvc.arrow.types import SIMPLE, format_type, is_widening, unify
from tdmvc.errors import UsageError
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.source import ArrowScan, SourceTable, SqlScan
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, scan_parquet
from tdmvc.sql.types import duckdb_type
from tdmvc.store.conversion import misfit_sql

_views = count()
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

    A column keeps its present type if every new value has an equal value in that type; otherwise it
    takes the source's type, with a note. Columns keep the table's order; new ones come last.

    Args:
        con: a connection with TimeZone UTC; the query works only inside the `with` block.
        sources: the sources, whose rows are concatenated.
        current: the table in the contract.
        key: the key from the command line; by default the source's, or else the contract's.
        existing: part files whose rows are kept (for appending).

    Raises:
        UsageError: a key column does not exist.
    """
    opened = [_OpenSource(con, source, has_contract=current is not None) for source in sources]
    try:
        yield _reconcile(con, table, opened, current, key, existing)
    finally:
        for source in opened:
            source.close()


class _OpenSource:
    """A source that SQL can read repeatedly."""

    def __init__(self, con: DuckDBConnection, source: SourceTable, *, has_contract: bool) -> None:
        self.source = source
        self._con = con
        self._views: list[str] = []
        # If a contract decides the types, inferred types are ignored and the text is read again.
        self.is_text = has_contract and not source.is_typed and source.text_query is not None
        if isinstance(source.scan, SqlScan) and source.scan.attach:
            con.execute(source.scan.attach)

    def relation(self) -> str:
        """Return SQL to put after FROM; each call starts a new pass over the rows."""
        scan = self.source.scan
        if isinstance(scan, ArrowScan):
            name = f"tdmvc_source_{next(_views)}"
            self._con.register(name, scan.open())
            self._views.append(name)
            return quote_name(name)
        query = self.source.text_query if self.is_text and self.source.text_query else scan.query
        return f"({query})"

    def typed(self, column: Column) -> str:
        """Return SQL that gives a column in the source's own type."""
        name = quote_name(column.name)
        if self.is_text and column.type != _STRING:
            return f"CAST({name} AS {duckdb_type(column.type)})"
        return name

    def close(self) -> None:
        for name in self._views:
            self._con.unregister(name)


def _reconcile(
    con: DuckDBConnection,
    table: str,
    sources: Sequence[_OpenSource],
    current: TableSchema | None,
    key: tuple[str, ...] | None,
    existing: Sequence[Path],
) -> Ingest:
    notes = [note for opened in sources for note in opened.source.notes]
    fits = [_fitting_columns(con, opened, current) for opened in sources]
    columns = _merge_columns(sources, fits, current, keep_old=bool(existing), notes=notes)
    schema = _schema(table, columns, sources, current, key)
    selects = [_select(opened, schema) for opened in sources]
    if existing and current is not None:
        names = ", ".join(
            f"CAST({quote_name(c.name)} AS {duckdb_type(c.type)}) AS {quote_name(c.name)}"
            if current.column(c.name)
            else f"CAST(NULL AS {duckdb_type(c.type)}) AS {quote_name(c.name)}"
            for c in schema.columns
        )
        selects.insert(0, f"SELECT {names} FROM {scan_parquet(existing)}")
    return Ingest(schema, " UNION ALL ".join(selects), tuple(dict.fromkeys(notes)))


def _fitting_columns(con: DuckDBConnection, opened: _OpenSource, current: TableSchema | None) -> set[str]:
    """Return the columns whose values all have an equal value in the contract's type. Cost: one pass at most."""
    fitting: set[str] = set()
    checks: dict[str, str] = {}
    for column in opened.source.schema.columns:
        wanted = current.column(column.name) if current else None
        if (
            wanted is None
            or wanted.is_untyped
            or column.is_untyped
            or wanted.type == column.type
            or is_widening(column.type, wanted.type)
        ):
            fitting.add(column.name)
        elif wanted.type == _STRING:
            # Text loses nothing, but a column of a typed source that is not text has changed its type.
            fitting.update([column.name] if opened.is_text else [])
        elif check := misfit_sql(opened.typed(column), column.type, wanted.type):
            checks[column.name] = check
    if checks:
        counts = con.sql(
            f"SELECT {', '.join(f'count(*) FILTER (WHERE {check})' for check in checks.values())} "
            f"FROM {opened.relation()}"
        ).fetchall()[0]
        fitting.update(name for name, misfits in zip(checks, counts, strict=True) if misfits == 0)
    return fitting


def _merge_columns(
    sources: Sequence[_OpenSource],
    fits: Sequence[set[str]],
    current: TableSchema | None,
    *,
    keep_old: bool,
    notes: list[str],
) -> tuple[Column, ...]:
    offered: dict[str, list[tuple[Column, bool]]] = {}
    for opened, fitting in zip(sources, fits, strict=True):
        for column in opened.source.schema.columns:
            offered.setdefault(column.name, []).append(
                (_as_declared(opened, column, current), column.name in fitting)
            )
    old = [column for column in (current.columns if current else ()) if keep_old or column.name in offered]
    merged = [_merge_column(column, offered.get(column.name, []), notes, keep_old=keep_old) for column in old]
    known = {column.name for column in old}
    for name, columns in offered.items():
        if name not in known:
            merged.append(_widest([column for column, _ in columns]))
    return tuple(merged)


def _as_declared(opened: _OpenSource, column: Column, current: TableSchema | None) -> Column:
    """A database's column types count as declared; a file's types are only those of the tool that wrote it."""
    known = current.column(column.name) if current else None
    if opened.source.is_keyed or known is None or known.physical_type is None or column.is_untyped:
        return column
    return replace(column, physical_type=None)


def _merge_column(
    old: Column, offered: Sequence[tuple[Column, bool]], notes: list[str], *, keep_old: bool
) -> Column:
    if not offered:
        return old
    new = _widest([column for column, _ in offered])
    attributes = replace(
        old,
        physical_type=_physical_type(old, new),
        required=new.required or old.required,
        unique=new.unique or old.unique,
    )
    if old.is_untyped:
        return replace(attributes, type=new.type)
    if all(fits for _, fits in offered):
        return attributes
    type_ = unify(old.type, new.type) if keep_old else new.type
    notes.append(
        f"column {old.name}: {old.type_text} became {format_type(type_)}, because values do not fit {old.type_text}"
    )
    return replace(attributes, type=type_, physical_type=new.physical_type)


def _physical_type(old: Column, new: Column) -> str | None:
    if old.is_untyped:
        return new.physical_type
    return old.physical_type if new.is_untyped else new.physical_type or old.physical_type


def _widest(columns: Sequence[Column]) -> Column:
    # A column of nulls has no type of its own.
    first, *others = sorted(columns, key=lambda column: column.is_untyped)
    type_ = first.type
    for other in others:
        type_ = type_ if other.is_untyped else unify(type_, other.type)
    return replace(first, type=type_)


def _schema(
    table: str,
    columns: tuple[Column, ...],
    sources: Sequence[_OpenSource],
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
    references = tuple(reference for opened in sources for reference in opened.source.schema.references)
    if not references and current:
        references = tuple(r for r in current.references if set(r.columns) <= names)
    columns = tuple(replace(c, required=True) if c.name in chosen else c for c in columns)
    return TableSchema(table, columns, tuple(chosen), tuple(dict.fromkeys(references)))


def _select(opened: _OpenSource, schema: TableSchema) -> str:
    expressions: list[str] = []
    for column in schema.columns:
        own = opened.source.schema.column(column.name)
        target = duckdb_type(column.type)
        if own is None:
            value = f"CAST(NULL AS {target})"
        elif opened.is_text and column.type == _STRING:
            value = quote_name(column.name)
        else:
            typed = opened.typed(own)
            value = typed if own.type == column.type else f"CAST({typed} AS {target})"
        expressions.append(f"{value} AS {quote_name(column.name)}")
    return f"SELECT {', '.join(expressions)} FROM {opened.relation()}"
