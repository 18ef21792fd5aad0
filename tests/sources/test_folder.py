"""Folders: each file a table, and nothing overlooked."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tdmvc.errors import SourceError
from tdmvc.model.selection import Selection
from tdmvc.model.source import SourceTable
from tdmvc.sources import files_left_out, open_source
from tdmvc.sources.base import SourceOptions

Read = Callable[[SourceTable], pa.Table]
Con = duckdb.DuckDBPyConnection


def test_each_file_is_a_table_named_by_its_stem(tmp_path: Path, con: Con) -> None:
    (tmp_path / "orders.csv").write_text("id\n1\n")
    (tmp_path / "users.jsonl").write_text('{"id": 1}\n')
    (tmp_path / "fixture.json").write_text(json.dumps([{"model": "shop.tag", "pk": 1, "fields": {"a": 1}}]))
    pq.write_table(pa.table({"id": [1]}), tmp_path / "items.parquet")
    (tmp_path / "logs").mkdir()
    pq.write_table(pa.table({"id": [1]}), tmp_path / "logs" / "anything.parquet")
    for name in ("README.md", "LICENSE", ".hidden", "notes.md"):
        (tmp_path / name).write_text("x")
    names = sorted(table.schema.name for table in open_source(tmp_path, con))
    assert names == ["items", "logs", "orders", "shop_tag", "users"]


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def names_in(
    folder: Path, con: Con, *, tables: tuple[str, ...] = (), exclude: tuple[str, ...] = ()
) -> list[str]:
    options = SourceOptions(selection=Selection(tables, exclude))
    return sorted(table.schema.name for table in open_source(folder, con, options))


def fixture(model: str, *keys: int) -> str:
    return json.dumps([{"model": model, "pk": key, "fields": {"a": key}} for key in keys])


def test_what_holds_rows_is_read_also_in_subfolders_and_the_rest_is_listed(tmp_path: Path, con: Con) -> None:
    write(tmp_path, {"a.csv": "id\n1\n", "sub/b.csv": "id\n2\n", "sub/deep/c.jsonl": '{"id": 3}\n'})
    write(tmp_path, {"schema.yml": "x", "sub/load.py": "x", "b.xlsx": "PK", "README.md": "x", ".gitkeep": ""})
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("CREATE TABLE t (a)")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert names_in(tmp_path, con) == ["a", "b", "c"]
    left_out = ["b.xlsx", "loop (a link)", "schema.yml", "sub/load.py", "x.db (a database: add it by itself)"]
    assert files_left_out(tmp_path, SourceOptions()) == left_out
    excluding = SourceOptions(selection=Selection(exclude=("*.xlsx", "loop", "sub")))
    assert files_left_out(tmp_path, excluding) == ["schema.yml", "x.db (a database: add it by itself)"]


def test_a_folder_without_rows_is_refused_by_what_it_has(tmp_path: Path, con: Con) -> None:
    write(tmp_path, {"schema.yml": "x", "sub/load.py": "x"})
    with pytest.raises(SourceError, match=r"(?s)no data, only schema.yml, sub/load.py.*CSV"):
        open_source(tmp_path, con)


def test_two_files_for_one_table_are_refused(tmp_path: Path, con: Con) -> None:
    for other in ("a.tsv", "sub/a.csv"):
        write(tmp_path, {"a.csv": "id\n1\n", other: "id\n1\n"})
        with pytest.raises(SourceError, match=r"'a' comes from two files: .*a\.csv and .*a\.[tc]sv"):
            open_source(tmp_path, con)
        assert names_in(tmp_path, con, exclude=(other,)) == ["a"]
        (tmp_path / other).unlink()


def test_fixtures_of_one_model_in_several_files_are_one_table(tmp_path: Path, con: Con, read: Read) -> None:
    write(tmp_path, {"one.json": fixture("shop.tag", 1, 2), "two/more.json": fixture("shop.tag", 3)})
    tables = open_source(tmp_path, con)
    assert {table.schema.name for table in tables} == {"shop_tag"}
    assert sorted(key for table in tables for key in read(table)["id"].to_pylist()) == [1, 2, 3]
    write(tmp_path, {"shop_tag.csv": "id\n4\n"})
    with pytest.raises(SourceError, match="'shop_tag' comes from two files"):
        open_source(tmp_path, con)


def test_patterns_choose_tables_and_files(tmp_path: Path, con: Con) -> None:
    write(tmp_path, {"orders.csv": "id\n1\n", "order_log.csv": "id\n1\n", "users.csv": "id\n1\n"})
    write(
        tmp_path, {"old/users.csv": "id\n1\n", "broken.csv": "id\n1,2\n", "tags.json": fixture("shop.tag", 1)}
    )
    excluded = ("old", "broken.csv")
    assert names_in(tmp_path, con, exclude=excluded) == ["order_log", "orders", "shop_tag", "users"]
    assert names_in(tmp_path, con, tables=("order*", "shop_tag"), exclude=(*excluded, "*_log")) == [
        "orders",
        "shop_tag",
    ]
    assert names_in(tmp_path, con, tables=("users",), exclude=("old/*",)) == ["users"]
    with pytest.raises(SourceError, match=r"--exclude 'broken\.csv'"):
        open_source(tmp_path, con)


@pytest.mark.parametrize("is_root", [True, False])
def test_folders_with_values_in_their_names_are_one_table(
    tmp_path: Path, con: Con, read: Read, is_root: bool
) -> None:
    folder = tmp_path / "events"
    for year, month, value in ((2025, "01", 1), (2025, "12", 2), (2026, "%2F", 3)):
        part = folder / f"year={year}" / f"month={month}"
        part.mkdir(parents=True)
        pq.write_table(pa.table({"v": [value]}), part / "data_0.parquet")
    other = folder / "year=__HIVE_DEFAULT_PARTITION__" / "month=x'y"
    write(other, {"a.csv": "v\n4\n", "b.jsonl": '{"v": 5}\n', "script.py": "x"})
    path = folder if is_root else tmp_path
    tables = open_source(path, con)
    assert {table.schema.name for table in tables} == {"events"}
    rows = [tuple(row.values()) for table in tables for row in read(table).to_pylist()]
    assert sorted(rows) == [
        (1, 2025, "01"), (2, 2025, "12"), (3, 2026, "/"), (4, None, "x'y"), (5, None, "x'y"),
    ]  # fmt: skip
    assert {table.schema.column("year").type_text for table in tables} == {"int64"}  # type: ignore[union-attr]
    assert [name.rsplit("/", 1)[-1] for name in files_left_out(path, SourceOptions())] == ["script.py"]


def test_a_column_in_the_file_counts_more_than_the_folders_name(tmp_path: Path, con: Con, read: Read) -> None:
    write(tmp_path, {"t/year=2025/a.csv": "year,v\n1999,1\n"})
    (table,) = open_source(tmp_path, con)
    assert read(table).to_pylist() == [{"year": 1999, "v": 1}]


def test_an_empty_folder_is_refused(tmp_path: Path, con: Con) -> None:
    (tmp_path / ".gitkeep").write_text("")
    with pytest.raises(SourceError, match="has no data"):
        open_source(tmp_path, con)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(tables=("zzz*",)), "none of its tables is chosen"),
        (Selection(exclude=("*",)), "the folder has no data."),
        (Selection(exclude=("*.csv",)), "the folder has no data, only notes.txt"),
    ],
)
def test_a_folder_of_which_nothing_is_taken_says_why(
    selection: Selection, expected: str, tmp_path: Path, con: Con
) -> None:
    write(tmp_path, {"orders.csv": "id\n1\n", "notes.txt": "x"})
    with pytest.raises(SourceError, match=expected) as raised:
        open_source(tmp_path, con, SourceOptions(selection=selection))
    assert ("orders" in raised.value.remedy) == bool(selection.tables)
    assert ("--exclude" in raised.value.remedy) == (selection.exclude == ("*",))


def test_a_missing_path_is_refused(tmp_path: Path, con: Con) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_source(tmp_path / "x.csv", con)


def test_paths_may_contain_quotes_and_are_never_patterns(tmp_path: Path, con: Con, read: Read) -> None:
    folder = tmp_path / "it's [a] *"
    folder.mkdir()
    (folder / "a*'?.csv").write_text("id\n1\n")
    (folder / "ab'c.csv").write_text("id\n2\n")
    pq.write_table(pa.table({"id": [3]}), folder / "b[0]*.parquet")
    pq.write_table(pa.table({"id": [4]}), folder / "b0.parquet")
    found = {table.schema.name: read(table).column("id").to_pylist() for table in open_source(folder, con)}
    assert found == {"a*'?": [1], "ab'c": [2], "b[0]*": [3], "b0": [4]}


def test_a_folder_of_one_table_can_be_given_a_name(tmp_path: Path, con: Con) -> None:
    (tmp_path / "edited.csv").write_text("id\n1\n")
    (table,) = open_source(tmp_path, con, SourceOptions("orders"))
    assert table.schema.name == "orders"
    (tmp_path / "other.csv").write_text("id\n1\n")
    with pytest.raises(SourceError, match="names its tables itself"):
        open_source(tmp_path, con, SourceOptions("orders"))
    (table,) = open_source(tmp_path, con, SourceOptions("other"))
    assert table.origin.endswith("other.csv")
