"""Copies of databases, for laws: what is read of one is written into another."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa

from tdmvc.databases import TableToWrite, find_file_engine
from tdmvc.model.declarations import View
from tdmvc.model.location import PathLocation
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.tokens import TokenKind, tokens
from tdmvc.store.ingest import prepare_ingest
from tests.snapshots import read_database, read_others


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database declares."""

    tables: dict[str, TableSchema]
    views: tuple[View, ...]


def contents(path: Path, con: DuckDBConnection) -> Contents:
    """Return what a dataset takes of the declarations of a database."""
    schemas = {table.schema.name: table.schema for table in read_database(PathLocation(path), con)}
    return Contents(schemas, read_others(PathLocation(path), con).views)


def copy_of(source: Path, copy: Path, con: DuckDBConnection) -> list[str]:
    """Write what is read of a database into another, and return what is not kept."""
    tables = read_database(PathLocation(source), con)
    notes = [note for table in tables for note in table.notes]
    written = []
    for table in tables:
        with prepare_ingest(con, table.schema.name, [table], None) as ingest:
            rows = con.sql(ingest.query).to_arrow_table()
        written.append(TableToWrite(ingest.schema, rows.to_reader))
    others = read_others(PathLocation(source), con)
    engine = find_file_engine(PathLocation(copy))
    assert engine is not None
    findings = engine.write_tables(PathLocation(copy), written, others.views)
    return [*notes, *others.left_out, *(f.message for f in findings if f.rule != "broken-reference")]


def rows_of(path: Path, schema: TableSchema, without: Sequence[str], con: DuckDBConnection) -> list[str]:
    """Return the rows that a dataset with a table takes of it, without some columns, sorted."""
    (table,) = read_database(PathLocation(path), con, tables=(schema.name,))
    with prepare_ingest(con, schema.name, [table], schema) as ingest:
        rows = con.sql(ingest.query).to_arrow_table().drop_columns(list(without))
    return sorted(
        repr({name: _plain_value(value) for name, value in row.items()}) for row in rows.to_pylist()
    )


def _plain_value(value: object) -> object:
    """Return a whole number as such, of whatever type it is, and lists and structs as the JSON that SQLite keeps."""
    if isinstance(value, list | dict):
        return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))
    is_whole = (
        isinstance(value, Decimal | float) and value == value and abs(value) < 10**15 and value == int(value)
    )
    return int(value) if is_whole and isinstance(value, Decimal | float) else value


_WORDS = {
    "type": ["was made as", "kept as", "expression of", "identity of"],
    "required": ["NOT NULL", "key"],
    "unique": ["unique"],
    "default": ["default"],
    "generated": ["expression", "is computed"],
    "identity": ["identity", "numbered"],
    "collation": ["collation"],
    "description": ["comments"],
    "key": ["the key", "identity"],
    "references": ["reference"],
    "unique_keys": ["unique key"],
    "checks": ["check"],
    "name": ["names of constraints"],
}
"""What a report says about each kind of declaration."""
_NAMES_OF_TYPES = frozenset({"physical_type", "text_form"})
"""How an engine writes a type or its texts, for another engine."""


def unreported(before: Contents, after: Contents, reports: list[str]) -> Iterator[str]:
    """Yield what differs although no report says so, between databases that no other engine need understand."""
    for name, old in before.tables.items():
        new = after.tables.get(name)
        if new is None:
            yield f"table {name}"
            continue
        for was, now in zip(old.columns, new.columns, strict=True):
            yield from _of_column(old, was, now, reports)
        for kind in ("key", "references", "unique_keys", "checks"):
            was, now = getattr(old, kind), getattr(new, kind)
            if kind in ("unique_keys", "checks"):
                lost = {one.name for one in was if one.name} - {one.name for one in now}
                if lost and not _says(reports, _WORDS["name"], name):
                    yield f"names of {kind} of {name}: {lost}"
                was, now = ({_plain(str(one)) for one in side} for side in (was, now))
            if was != now and not _says(reports, _WORDS[kind], name):
                yield f"{kind} of {name}: {was} became {now}"
        if old.description != new.description and not _says(reports, ["comments"], name):
            yield f"the description of {name}"
        if old.options != new.options and not _says(reports, [str(old.options)], name):
            yield f"{old.options} of {name}"
        for index in old.indexes:
            if index not in new.indexes and not _says(reports, [f"index {index.name}"]):
                yield f"index {index.name}: {new.indexes}"
    for view in before.views:
        if view.name not in {one.name for one in after.views} and not _says(reports, [f"view {view.name}"]):
            yield f"view {view.name}"


def _of_column(table: TableSchema, was: Column, now: Column, reports: list[str]) -> Iterator[str]:
    for field in fields(Column):
        old, new = getattr(was, field.name), getattr(now, field.name)
        if field.name == "type":
            old, new = _family(old), _family(new)
        elif field.name in ("default", "generated"):
            old, new = (_plain(str(one)).strip("'") for one in (old, new))
            is_expression = was.default is not None and was.default.literal is None
            if _family(was.type) == "number" or (field.name == "default" and is_expression):
                # DuckDB writes the default of a number as it would write the value.
                old, new = (_shortest(text) for text in (old, new))
        elif field.name == "required" and was.name in table.key:
            # A key identifies a row, so that it is never null in DuckDB.
            continue
        words = _WORDS.get(field.name, [field.name])
        if old != new and field.name not in _NAMES_OF_TYPES and not _says(reports, words, was.name):
            yield f"{field.name} of {table.name}.{was.name}: {old!r} became {new!r}"


def _shortest(text: str) -> str:
    try:
        return format(Decimal(text).normalize(), "f")
    except InvalidOperation:
        return text


def _family(type_: pa.DataType) -> str:
    """Return what SQLite tells of a type: it has one for all whole numbers, and one for all others."""
    is_number = pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    # SQLite keeps lists and structs as JSON; the dataset that has the table knows their types.
    return "number" if is_number else "string" if pa.types.is_nested(type_) else str(type_)


def _plain(sql: str) -> str:
    """Return SQL in one spelling: engines write brackets, signs and quotes of their own."""
    parts = [
        token.name.lower() if token.kind is TokenKind.NAME else token.text.lower() for token in tokens(sql)
    ]
    return "".join("<>" if part == "!=" else part for part in parts if part not in "()")


def _says(reports: list[str], words: list[str], name: str = "") -> bool:
    lower = [report.lower() for report in reports if name in report]
    return any(word.lower() in report for report in lower for word in words)
