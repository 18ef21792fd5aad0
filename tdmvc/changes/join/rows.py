"""Writes the full list of touched rows into a file (see `comparison.RowsTarget`)."""

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.changes.join.forms import utc_text
from tdmvc.changes.join.pairing import Pairing
from tdmvc.changes.join.parts import RowScan
from tdmvc.changes.join.touched import TOUCHED, Touch
from tdmvc.changes.pairs import ColumnPair
from tdmvc.errors import StoreError
from tdmvc.model.masking import MASK
from tdmvc.model.options import RowsFormat, RowsTarget
from tdmvc.model.text import FORMULA_STARTS
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_text


@dataclass(frozen=True, slots=True)
class RowsWriter:
    """Writes the touched rows of a table into a folder."""

    target: RowsTarget

    def write_touched(
        self, con: DuckDBConnection, table: str, pairing: Pairing, personal: frozenset[str]
    ) -> Path:
        """Write the rows that the table of touched rows points at."""
        kinds = " ".join(f"WHEN {kind.value} THEN {quote_text(kind.name.lower())}" for kind in Touch)
        columns = [
            f"CASE t.kind {kinds} END AS change",
            *(self._key_of_both(pairing, pair, personal) for pair in pairing.key),
            *self._cells(pairing.old, "old", "o", personal),
            *self._cells(pairing.new, "new", "n", personal),
        ]
        order = ", ".join(f"t.{column} NULLS FIRST" for column in pairing.sort_columns)
        return self._copy(
            con,
            table,
            f"SELECT {', '.join(columns)} FROM {TOUCHED} t"
            f" LEFT JOIN ({pairing.old.select()}) o ON t.old_f = o.f AND t.old_r = o.r"
            f" LEFT JOIN ({pairing.new.select()}) n ON t.new_f = n.f AND t.new_r = n.r"
            f" WHERE t.kind <> {Touch.IGNORED.value}"
            f" ORDER BY {order}, t.kind, t.old_f, t.old_r, t.new_f, t.new_r",
        )

    def write_side(
        self, con: DuckDBConnection, table: str, scan: RowScan, kind: Touch, personal: frozenset[str]
    ) -> Path:
        """Write all rows of a table that only one side has."""
        side = "new" if kind is Touch.ADDED else "old"
        key = scan.schema.key
        columns = [
            f"{quote_text(kind.name.lower())} AS change",
            *(f"{self._cell(scan, name, 's', personal)} AS {quote_name('key_' + name)}" for name in key),
            *self._cells(scan, side, "s", personal),
        ]
        order = ", ".join(f"s.{scan.alias(name)} NULLS FIRST" for name in key or scan.schema.column_names)
        query = f"SELECT {', '.join(columns)} FROM ({scan.select()}) s ORDER BY {order}, s.f, s.r"
        return self._copy(con, table, query)

    def _key_of_both(self, pairing: Pairing, pair: ColumnPair, personal: frozenset[str]) -> str:
        """Return the SQL of a key column for both sides; one whose type changed is text."""
        sides = [
            self._cell(pairing.new, pair.name, "n", personal),
            self._cell(pairing.old, pair.old.name, "o", personal),
        ]
        if pair.old.type != pair.new.type:
            sides = [f"CAST({side} AS VARCHAR)" for side in sides]
        return f"coalesce({', '.join(sides)}) AS {quote_name('key_' + pair.name)}"

    def _cells(self, scan: RowScan, prefix: str, alias: str, personal: frozenset[str]) -> list[str]:
        return [
            f"{self._cell(scan, name, alias, personal)} AS {quote_name(f'{prefix}_{name}')}"
            for name in scan.schema.column_names
        ]

    def _cell(self, scan: RowScan, name: str, alias: str, personal: frozenset[str]) -> str:
        column = scan.schema.columns[scan.schema.column_names.index(name)]
        sql = f"{alias}.{scan.alias(name)}"
        if name in personal:
            return _mask(column.type, sql)
        if self.target.format is RowsFormat.PARQUET:
            return sql
        if column.type == SIMPLE["timestamptz"]:
            return utc_text(sql)
        if self.target.format is RowsFormat.CSV_SAFE and pa.types.is_string(column.type):
            is_formula = f"{sql} <> '' AND contains({quote_text(FORMULA_STARTS)}, left({sql}, 1))"
            return f"CASE WHEN {is_formula} THEN '''' || {sql} ELSE {sql} END"
        return sql

    def _copy(self, con: DuckDBConnection, table: str, query: str) -> Path:
        """Write the file atomically."""
        path = self.target.path_of(table)
        draft = path.with_name(f".{path.name}.{os.getpid()}.part")
        options = (
            "FORMAT parquet, COMPRESSION zstd"
            if self.target.format is RowsFormat.PARQUET
            else "FORMAT csv, HEADER"
        )
        try:
            self.target.folder.mkdir(parents=True, exist_ok=True)
            con.execute(f"COPY ({query}) TO {quote_text(str(draft))} ({options})")
            os.replace(draft, path)
        except OSError as error:
            raise StoreError.disk(path, error) from error
        finally:
            draft.unlink(missing_ok=True)
        return path


def _mask(type_: pa.DataType, sql: str) -> str:
    """Return the SQL of a masked value: only lengths of texts and bytes stay visible."""
    if pa.types.is_string(type_):
        shown = f"'{MASK}(' || length({sql}) || ')'"
    elif pa.types.is_binary(type_):
        shown = f"'{MASK}(' || octet_length({sql}) || ' bytes)'"
    else:
        shown = f"'{MASK}'"
    return f"CASE WHEN {sql} IS NULL THEN NULL ELSE {shown} END"
