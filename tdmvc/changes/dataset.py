"""Knows what is different between two states of a dataset: every table, and the bump that follows."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from tdmvc.changes.bump import suggest_bump
from tdmvc.changes.diff import diff_table
from tdmvc.changes.rows import RowsFormat, RowsWriter
from tdmvc.errors import NotFoundError
from tdmvc.model.change import DatasetDiff, TableDiff, TableSide


def diff_dataset(
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    old_ref: str,
    new_ref: str,
    old: Mapping[str, TableSide],
    new: Mapping[str, TableSide],
    *,
    only: Collection[str] | None = None,
    sample_rows: int = 5,
    rows_dir: Path | None = None,
    rows_format: RowsFormat = RowsFormat.PARQUET,
) -> DatasetDiff:
    """Return what is different between two states, table by table in the order of their names.

    Args:
        only: compare these tables only; the bump then speaks of them only.
        rows_dir: write the full list of touched rows here, one file a changed table (see `changes.rows`).

    Raises:
        NotFoundError: `only` names a table that neither side has.
    """
    names = sorted(old.keys() | new.keys())
    for name in sorted(set(only or ()) - set(names)):
        raise NotFoundError.named("table", name, names, where=f"{dataset}, {old_ref} and {new_ref}")
    writer = RowsWriter(rows_dir, rows_format) if rows_dir is not None else None
    tables: list[TableDiff] = []
    for name in names:
        if only is None or name in only:
            table = diff_table(con, old.get(name), new.get(name), sample_rows=sample_rows, rows_writer=writer)
            findings = tuple(replace(finding, dataset=dataset) for finding in table.findings)
            tables.append(replace(table, findings=findings))
    return DatasetDiff(dataset, old_ref, new_ref, tuple(tables), suggest_bump(tables))
