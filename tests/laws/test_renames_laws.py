"""The laws of renames: found by content, never by chance, and the same from either side."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.changes.dataset import DatasetSide, diff_dataset
from tdmvc.changes.diff import diff_table
from tdmvc.changes.renames import name_likeness
from tdmvc.model.dataset import DatasetConfig
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import SchemaChangeKind, TableDiff, TableSide
from tdmvc.model.schema import Column, TableSchema
from tests.duckdb_sessions import open_session_and_folder
from tests.laws.strategies_tables import write_parts
from tests.series import trials

INT, T, B = pa.int64(), pa.string(), pa.bool_()
Columns = dict[str, Sequence[object]]


def side(
    folder: Path,
    columns: Columns,
    key: tuple[str, ...] = ("id",),
    name: str = "t",
    references: tuple[ForeignKey, ...] = (),
) -> TableSide:
    typed = tuple(Column(column, _type(values)) for column, values in columns.items())
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return write_parts(folder, TableSchema(name, typed, key, references), [rows])


def _type(values: Sequence[object]) -> pa.DataType:
    first = next((value for value in values if value is not None), "")
    return B if isinstance(first, bool) else INT if isinstance(first, int) else T


def renames(table: TableDiff) -> dict[str, str]:
    found = [change for change in table.schema if change.kind is SchemaChangeKind.COLUMN_RENAMED]
    return {str(change.old): str(change.new) for change in found}


def both(con: duckdb.DuckDBPyConnection, old: TableSide, new: TableSide) -> TableDiff:
    """Return the diff; the swapped sides must give its inverse."""
    there, back = diff_table(lambda: con, old, new), diff_table(lambda: con, new, old)
    assert {v: k for k, v in renames(back).items()} == renames(there)
    assert (back.rows.added, back.rows.removed, back.rows.changed) == (
        there.rows.removed, there.rows.added, there.rows.changed,
    )  # fmt: skip
    assert sorted(back.columns.values()) == sorted(there.columns.values())
    return there


IDS = list(range(1, 21))
WORDS = [f"w{i}" for i in IDS]
OTHERS = [f"o{i}" for i in IDS]
ODD = [i % 2 == 1 for i in IDS]
NONE: list[object] = [None] * 20


def edited(values: Sequence[object], count: int) -> list[object]:
    return [f"edited {i}" if i < count else value for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": WORDS}, {"b": WORDS}, {"a": "b"}),
        ({"a": WORDS}, {"b": edited(WORDS, 4)}, {"a": "b"}),
        ({"a": WORDS}, {"b": edited(WORDS, 5)}, {}),
        ({"a": ODD}, {"b": ODD}, {}),
        ({"is_open": ODD}, {"is_opened": ODD}, {"is_open": "is_opened"}),
        ({"note": NONE}, {"notes": NONE}, {}),
        ({"a": ["x"] * 20}, {"b": ["x"] * 20}, {}),
        ({"a": WORDS, "b": OTHERS}, {"a": OTHERS, "b": WORDS}, {}),
        ({"a": WORDS, "b": OTHERS}, {"c": OTHERS, "d": WORDS}, {"a": "d", "b": "c"}),
        ({"first_name": WORDS, "last_name": WORDS}, {"last_names": WORDS, "first_names": WORDS},
         {"first_name": "first_names", "last_name": "last_names"}),
        ({"a": WORDS}, {"b": WORDS, "c": WORDS}, {"a": "b"}),
        ({"a": WORDS}, {"b": list(IDS)}, {}),
        ({"a": WORDS}, {"b": WORDS[1:] + WORDS[:1]}, {}),
    ],
)  # fmt: skip
def test_a_column_is_renamed_if_its_values_match(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, old: Columns, new: Columns, expected: dict[str, str]
) -> None:
    table = both(con, side(tmp_path, {"id": IDS, **old}), side(tmp_path, {"id": IDS, **new}))
    assert renames(table) == expected


def test_edits_of_a_renamed_column_are_changed_cells(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    table = both(
        con, side(tmp_path, {"id": IDS, "a": WORDS}), side(tmp_path, {"id": IDS, "b": edited(WORDS, 3)})
    )
    assert table.columns == {"b": 3}
    assert [change.evidence for change in table.schema] == ["17 of 20 rows are equal"]


@pytest.mark.parametrize("more", [0, 2])
def test_a_renamed_key_still_joins(con: duckdb.DuckDBPyConnection, tmp_path: Path, more: int) -> None:
    old = side(tmp_path, {"id": IDS, "a": WORDS})
    new = side(tmp_path, {"ident": IDS, "a": edited(WORDS, more)}, key=("ident",))
    table = both(con, old, new)
    assert renames(table) == {"id": "ident"}
    assert (table.rows.added, table.rows.removed, table.rows.changed, table.columns) == (
        0,
        0,
        more,
        {"a": more} if more else {},
    )
    assert [change.kind for change in table.schema] == [SchemaChangeKind.COLUMN_RENAMED]


def test_a_renamed_column_of_a_composite_key_still_joins(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    left, right = [i // 4 for i in IDS], [i % 4 for i in IDS]
    old = side(tmp_path, {"x": left, "y": right, "v": WORDS}, key=("x", "y"))
    new = side(tmp_path, {"x": left, "z": right, "v": edited(WORDS, 1)}, key=("x", "z"))
    table = both(con, old, new)
    assert renames(table) == {"y": "z"}
    assert (table.rows.changed, table.columns) == (1, {"v": 1})
    assert table.samples.changed[0].key == {"x": 0, "z": 1}


NAMES = ("name", "names", "title", "tide", "edit", "label", "lable", "babel")


@given(
    old=st.lists(st.sampled_from(NAMES[:5]), max_size=3, unique=True),
    new=st.lists(st.sampled_from(NAMES[3:]), max_size=3, unique=True),
    matches=st.lists(st.integers(0, 1), min_size=6, max_size=6),
    has_flags=st.booleans(),
)
@settings(max_examples=trials(40, 15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_renames_are_the_same_from_either_side(
    old: list[str], new: list[str], matches: list[int], has_flags: bool
) -> None:
    contents: list[Sequence[object]] = [ODD, [not v for v in ODD]] if has_flags else [WORDS, edited(WORDS, 2)]
    before: Columns = {"id": IDS, **{name: contents[matches[i]] for i, name in enumerate(old)}}
    after: Columns = {"id": IDS, **{name: contents[matches[3 + i]] for i, name in enumerate(new)}}
    with open_session_and_folder() as (con, folder):
        table = both(con, side(folder, before), side(folder, after))
    assert not set(renames(table)) & set(new)


@given(a=st.text(max_size=8), b=st.text(max_size=8))
@settings(max_examples=trials(100, 30))
def test_the_similarity_of_names_is_symmetric(a: str, b: str) -> None:
    assert name_likeness(a, b) == name_likeness(b, a)


def tables(
    con: duckdb.DuckDBPyConnection, old: dict[str, TableSide], new: dict[str, TableSide]
) -> dict[str, TableDiff]:
    found = diff_dataset(lambda: con, DatasetConfig("golden"), DatasetSide("a", old), DatasetSide("b", new))
    back = diff_dataset(lambda: con, DatasetConfig("golden"), DatasetSide("b", new), DatasetSide("a", old))
    pairs = {(t.old_name, t.name) for t in found.tables if t.old_name}
    assert {(t.name, t.old_name) for t in back.tables if t.old_name} == pairs
    return {table.name: table for table in found.tables}


def test_of_tables_with_the_same_rows_the_most_similar_name_is_the_renamed_one(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows: Columns = {"id": IDS, "v": WORDS}
    old = {name: side(tmp_path, rows, name=name) for name in ("color", "shape")}
    new = {name: side(tmp_path, rows, name=name) for name in ("a_shape", "b_color")}
    found = tables(con, old, new)
    assert {table.old_name: name for name, table in found.items()} == {"shape": "a_shape", "color": "b_color"}


@pytest.mark.parametrize(("edits", "is_renamed"), [(0, True), (10, True), (11, False)])
def test_a_table_is_renamed_if_half_of_its_rows_are_equal(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, edits: int, is_renamed: bool
) -> None:
    old = {"car": side(tmp_path, {"id": IDS, "v": WORDS}, name="car")}
    new = {"auto": side(tmp_path, {"id": IDS, "v": edited(WORDS, edits)}, name="auto")}
    assert (tables(con, old, new)["auto"].old_name == "car") is is_renamed


def test_empty_tables_are_never_renamed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    old, new = side(tmp_path, {"id": [], "v": []}, name="a"), side(tmp_path, {"id": [], "v": []}, name="b")
    assert {table.old_name for table in tables(con, {"a": old}, {"b": new}).values()} == {None}


def test_references_follow_renames(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    def child(column: str, table: str) -> TableSide:
        return side(
            tmp_path,
            {"id": IDS, column: [i * 3 % 20 for i in IDS]},
            name="wheel",
            references=(ForeignKey((column,), table, ("id",)),),
        )

    old = {"car": side(tmp_path, {"id": IDS, "v": WORDS}, name="car"), "wheel": child("car_id", "car")}
    new = {"auto": side(tmp_path, {"id": IDS, "v": WORDS}, name="auto"), "wheel": child("auto_id", "auto")}
    found = tables(con, old, new)
    assert found["auto"].old_name == "car"
    assert [change.kind for change in found["wheel"].schema] == [SchemaChangeKind.COLUMN_RENAMED]
    assert found["wheel"].rows.changed == 0
