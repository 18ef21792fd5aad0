"""The laws of rules: what is ignored is counted, and a natural key says which row is which."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.changes.dataset import DatasetSide, diff_dataset
from tdmvc.changes.diff import diff_table
from tdmvc.changes.pairs import TableRules, table_rules
from tdmvc.model.dataset import DatasetConfig, DiffRules
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import RowCounts, TableDiff, TableSide
from tdmvc.model.options import DiffOptions
from tdmvc.model.schema import Column, TableSchema
from tests.duckdb_sessions import open_session_and_folder
from tests.laws.strategies_tables import write_parts
from tests.series import trials

INT, T = pa.int64(), pa.string()


def schema(
    name: str, *columns: str, key: tuple[str, ...] = ("id",), refs: Mapping[str, str] | None = None
) -> TableSchema:
    """A table of integers `id` and `*_id`, and of texts."""
    typed = tuple(Column(c, INT if c == "id" or c.endswith("_id") else T) for c in columns)
    references = tuple(ForeignKey((column,), table, ("id",)) for column, table in (refs or {}).items())
    return TableSchema(name, typed, key, references)


def side(folder: Path, of: TableSchema, *rows: tuple[object, ...]) -> TableSide:
    return write_parts(folder, of, [[dict(zip(of.column_names, row, strict=True)) for row in rows]])


def config(*ignore: str, **keys: str) -> DatasetConfig:
    return DatasetConfig(
        "golden", ignore=ignore, diff={t: DiffRules(tuple(k.split(","))) for t, k in keys.items()}
    )


def diffs(
    con: duckdb.DuckDBPyConnection, rules: DatasetConfig, old: dict[str, TableSide], new: dict[str, TableSide]
) -> dict[str, TableDiff]:
    found = diff_dataset(
        lambda: con, rules, DatasetSide("a", old), DatasetSide("b", new), options=DiffOptions(sample_rows=100)
    )
    assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    return {table.name: table for table in found.tables}


def counts(table: TableDiff) -> tuple[int, int, int, int]:
    return table.rows.added, table.rows.removed, table.rows.changed, table.rows.ignored


KIND = schema("kind", "id", "name")
ITEM = schema("item", "id", "kind_id", "v", refs={"kind_id": "kind"})


def test_renumbered_parents_change_nothing(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old = {
        "kind": side(tmp_path, KIND, (1, "a"), (2, "b")),
        "item": side(tmp_path, ITEM, (1, 1, "x"), (2, 2, "y")),
    }
    new = {
        "kind": side(tmp_path, KIND, (7, "a"), (1, "b")),
        "item": side(tmp_path, ITEM, (1, 7, "x"), (2, 1, "y")),
    }
    found = diffs(con, config(kind="name"), old, new)
    assert counts(found["kind"]) == (0, 0, 0, 2)
    assert found["kind"].ignored == {"id": 2}
    assert counts(found["item"]) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("kinds", "item", "changed"),
    [
        (((2, "a"), (1, "b")), (1, 1, "x"), 1),
        (((1, "b"),), (1, 1, "x"), 1),
        (((1, "b"), (2, "a")), (1, 2, "x"), 0),
        (((1, "a"), (5, "c")), (1, 1, "x"), 0),
        (((1, "a"), (5, "c")), (1, 5, "x"), 1),
    ],
)
def test_bytes_that_mean_another_row_are_a_change(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    kinds: tuple[tuple[object, ...], ...],
    item: tuple[object, ...],
    changed: int,
) -> None:
    old = {"kind": side(tmp_path, KIND, (1, "a")), "item": side(tmp_path, ITEM, (1, 1, "x"))}
    new = {"kind": side(tmp_path, KIND, *kinds), "item": side(tmp_path, ITEM, item)}
    found = diffs(con, config(kind="name"), old, new)
    assert found["item"].rows.changed == changed
    assert found["item"].columns == ({"kind_id": 1} if changed else {})
    back = diffs(con, config(kind="name"), new, old)
    assert back["item"].rows.changed == changed


def test_keys_that_name_no_row_or_several_compare_by_value(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    kinds = [(1, "a"), (2, "match"), (3, "match"), (4, None)]
    items = [(1, 99, "dangling"), (2, 2, "match"), (3, 4, "null"), (4, None, "none")]
    old = {"kind": side(tmp_path, KIND, *kinds), "item": side(tmp_path, ITEM, *items)}
    new = {"kind": side(tmp_path, KIND, (8, "a"), *kinds[1:]), "item": side(tmp_path, ITEM, *items)}
    assert counts(diffs(con, config(kind="name"), old, new)["item"]) == (0, 0, 0, 0)
    moved = {**new, "item": side(tmp_path, ITEM, items[0], (2, 3, "match"), *items[2:])}
    assert diffs(con, config(kind="name"), old, moved)["item"].columns == {"kind_id": 1}
    other = {**old, "kind": side(tmp_path, KIND, (8, "a"), (2, "pair"), (3, "pair"), (4, None))}
    assert diffs(con, config(kind="name"), old, other)["item"].columns == {"kind_id": 1}


def test_numbers_are_followed_through_two_tables(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    middle = schema("middle", "id", "kind_id", "code", refs={"kind_id": "kind"})
    leaf = schema("leaf", "id", "middle_id", refs={"middle_id": "middle"})
    old = {
        "kind": side(tmp_path, KIND, (1, "a"), (2, "b")),
        "middle": side(tmp_path, middle, (10, 1, "x"), (11, 2, "x")),
        "leaf": side(tmp_path, leaf, (1, 10), (2, 11)),
    }
    new = {
        "kind": side(tmp_path, KIND, (2, "a"), (1, "b")),
        "middle": side(tmp_path, middle, (11, 2, "x"), (10, 1, "x")),
        "leaf": side(tmp_path, leaf, (1, 11), (2, 10)),
    }
    rules = config(kind="name", middle="kind_id,code")
    assert [counts(table)[:3] for table in diffs(con, rules, old, new).values()] == [(0, 0, 0)] * 3
    new["leaf"] = old["leaf"]
    found = diffs(con, rules, old, new)
    assert (found["leaf"].rows.changed, found["leaf"].columns) == (2, {"middle_id": 2})


def test_a_tree_that_refers_to_itself_may_be_renumbered(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    tree = schema("tree", "id", "name", "up_id", refs={"up_id": "tree"})
    old = {"tree": side(tmp_path, tree, (1, "root", None), (2, "a", 1), (3, "b", 2))}
    new = {"tree": side(tmp_path, tree, (5, "root", None), (1, "a", 5), (2, "b", 1))}
    table = diffs(con, config(tree="name"), old, new)["tree"]
    assert counts(table) == (0, 0, 0, 3)
    new = {"tree": side(tmp_path, tree, (5, "root", None), (1, "a", 5), (2, "b", 5))}
    assert diffs(con, config(tree="name"), old, new)["tree"].columns == {"up_id": 1}


def test_a_faulty_natural_key_is_reported_with_the_original_numbers(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    old = {"kind": side(tmp_path, KIND, (1, "a")), "item": side(tmp_path, ITEM, (1, 1, "x"))}
    new = {"kind": side(tmp_path, KIND, (42, "a")), "item": side(tmp_path, ITEM, (1, 42, "x"), (2, 42, "y"))}
    (finding,) = diffs(con, config(kind="name", item="kind_id"), old, new)["item"].findings
    assert finding.details["keys"] == ["42"]


@pytest.mark.parametrize(
    ("patterns", "ignored", "is_ignored"),
    [
        (("*.updated_at",), {"updated_at"}, False),
        (("t.*",), {"id", "v", "updated_at"}, True),
        (("T.*", "t2.*", "t.V"), set(), False),
        (("t.v", "u.updated_at"), {"v"}, False),
        (("*.*",), {"id", "v", "updated_at"}, True),
        (("t.up*_at",), {"updated_at"}, False),
        (("?.v",), {"v"}, False),
    ],
)
def test_patterns_name_columns_or_whole_tables(
    patterns: tuple[str, ...], ignored: set[str], is_ignored: bool
) -> None:
    rules = table_rules(config(*patterns), schema("t", "id", "v", "updated_at"))
    assert rules.ignored == frozenset(ignored)
    assert rules.is_ignored is is_ignored


def test_an_ignored_table_counts_every_touched_row(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    of = schema("t", "id", "v")
    old, new = (
        side(tmp_path, of, (1, "a"), (2, "b"), (3, "c")),
        side(tmp_path, of, (1, "x"), (3, "c"), (4, "d")),
    )
    table = diffs(con, config("t.*"), {"t": old}, {"t": new})["t"]
    assert table.rows == RowCounts(3, 3, ignored=3)
    assert not table.is_changed
    assert table.patterns == ()


ROW = st.tuples(st.sampled_from([1, 2, None]), st.sampled_from(["a", "b"]), st.sampled_from(["x", "y", None]))


@given(old=st.lists(ROW, max_size=8), new=st.lists(ROW, max_size=8), has_key=st.booleans())
@settings(max_examples=trials(50, 10), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rows_that_differ_only_in_ignored_columns_are_counted_as_ignored(
    old: list[tuple[object, ...]], new: list[tuple[object, ...]], has_key: bool
) -> None:
    """Without a key, or of a faulty one, rows pair by what counts: as many as can, alike ones first."""
    of = schema("t", "id", "v", "seen", key=("id",) if has_key else ())
    with open_session_and_folder() as (con, folder):
        (folder / "n").mkdir()
        table = diff_table(
            lambda: con,
            side(folder, of, *old),
            side(folder / "n", of, *new),
            rules=TableRules(ignored=frozenset({"seen"})),
        )
    if Counter(old) == Counter(new):
        assert counts(table) == (0, 0, 0, 0)
        return
    changed = ignored = 0
    if has_key:
        sides = [Counter(row[0] for row in rows) for rows in (old, new)]
        for key in (1, 2):
            if sides[0][key] == sides[1][key] == 1:
                (one,), (other,) = ([row for row in rows if row[0] == key] for rows in (old, new))
                changed += one[1] != other[1]
                ignored += one[1] == other[1] and one[2] != other[2]
                old, new = [r for r in old if r[0] != key], [r for r in new if r[0] != key]
    before, after = Counter(row[:2] for row in old), Counter(row[:2] for row in new)
    pairs = (before & after).total()
    ignored += pairs - (Counter(old) & Counter(new)).total()
    assert counts(table) == (after.total() - pairs, before.total() - pairs, changed, ignored)


CELL = st.sampled_from(["p", "q", None])


@given(rows=st.dictionaries(st.integers(0, 9), st.tuples(CELL, CELL, CELL, CELL), max_size=8))
@settings(max_examples=trials(40, 8), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_ignored_cells_are_all_counted(rows: dict[int, tuple[object, ...]]) -> None:
    of = schema("t", "id", "v", "seen")
    with open_session_and_folder() as (con, folder):
        old = side(folder, of, *[(i, cells[0], cells[1]) for i, cells in sorted(rows.items())])
        new = side(folder, of, *[(i, cells[2], cells[3]) for i, cells in sorted(rows.items())])
        table = diffs(con, config("*.seen"), {"t": old}, {"t": new})["t"]
    values = list(rows.values())
    assert table.columns.get("v", 0) == table.rows.changed == sum(v[0] != v[2] for v in values)
    assert table.ignored.get("seen", 0) == sum(v[1] != v[3] for v in values)
    assert table.rows.ignored == sum(v[0] == v[2] and v[1] != v[3] for v in values)


def test_a_completely_ignored_table_still_has_rows(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    of = schema("t", "v", key=())
    old, new = side(tmp_path, of, ("a",), ("b",)), side(tmp_path, of, ("c",))
    assert counts(diffs(con, config("t.v"), {"t": old}, {"t": new})["t"]) == (0, 1, 0, 1)
