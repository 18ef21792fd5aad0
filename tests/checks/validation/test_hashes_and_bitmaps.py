"""Repeated values by hashes and missing parents by bitmaps: as many as by grouping and joining."""

from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tdmvc.checks.validation import hashes
from tdmvc.checks.validation.bitmap import count_orphans
from tdmvc.checks.validation.options import ValidationOptions
from tdmvc.checks.validation.repeats import RepeatTest
from tdmvc.checks.validation.rows import TableRows
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.rules import Rule, Unique
from tdmvc.model.schema import Column, TableSchema
from tests.laws.strategies_tables import write_parts

TEXTS: list[list[str | None]] = [["a", "b", None, "c"], ["a", "d", None], ["b", "a", ""]]


@pytest.mark.parametrize("most_rows", [0, 1 << 20])
@pytest.mark.parametrize("most_repeated", [0, 1, 100])
@pytest.mark.parametrize("nulls_distinct", [True, False])
def test_hashes_lead_to_the_values_that_repeat(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    most_rows: int,
    most_repeated: int,
    nulls_distinct: bool,
) -> None:
    monkeypatch.setattr(hashes, "MOST_ROWS", most_rows)
    monkeypatch.setattr(hashes, "_MOST_REPEATED", most_repeated)
    column = Column("code", pa.string())
    schema = TableSchema("t", (column,))
    rows = TableRows(write_parts(tmp_path, schema, [[{"code": text} for text in part] for part in TEXTS]))
    unique = Unique(nulls_distinct=nulls_distinct)
    test = RepeatTest(Rule("t.u", "t", ("code",), unique), unique, (column,), rows)
    found = test.count(con, ValidationOptions(), has_nulls=True)
    counts = Counter(text for part in TEXTS for text in part if text is not None or not nulls_distinct)
    repeated = [count for count in counts.values() if count > 1]
    assert (found.groups, found.rows) == (len(repeated), sum(repeated))
    assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == []


def tables(
    folder: Path, types: tuple[pa.DataType, pa.DataType], *numbers: list[int | None]
) -> list[TableRows]:
    found = []
    for name, type_, values in zip(("child", "parent"), types, numbers, strict=True):
        schema = TableSchema(name, (Column("n", type_),))
        found.append(TableRows(write_parts(folder, schema, [[{"n": value}] for value in values])))
    return found


INT8, INT32, INT64, UINT32 = pa.int8(), pa.int32(), pa.int64(), pa.uint32()


@pytest.mark.parametrize(
    ("types", "children", "parents", "orphans"),
    [
        ((INT64, INT64), [1, 2, None, 3, 9], [3, 1], 2),
        ((INT64, INT8), [-128, 127, 128, -129], [-128, 127], 2),
        ((INT8, INT64), [-5, 5], [5, 300], 1),
        ((UINT32, INT32), [0, 2**32 - 1, 7], [-7, 7, 0], 1),
        ((INT64, INT64), [2**63 - 1, -(2**63)], [2**63 - 1], 1),
        ((INT64, INT64), [None], [1], 0),
        ((INT64, INT64), [1], [-(2**62), 2**62], None),
        ((INT64, INT64), [1], [], None),
        ((INT64, INT64), [1], [None], None),
        ((INT64, pa.uint64()), [1], [1], None),
        ((INT64, pa.string()), [], [], None),
    ],
)
def test_a_bitmap_finds_numbers_without_a_parent(
    tmp_path: Path,
    types: tuple[pa.DataType, pa.DataType],
    children: list[int | None],
    parents: list[int | None],
    orphans: int | None,
) -> None:
    child, parent = tables(tmp_path, types, children, parents)
    found = count_orphans(ForeignKey(("n",), "parent", ("n",)), child, parent, sorted(child.times))
    assert found == orphans
