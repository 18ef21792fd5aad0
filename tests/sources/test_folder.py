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
from tdmvc.model.source import SourceTable
from tdmvc.sources import open_source
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


def test_a_file_of_unknown_kind_is_named(tmp_path: Path, con: Con) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.xlsx").write_bytes(b"PK")
    with pytest.raises(SourceError, match=r"(?s)does not know.*b\.xlsx.*CSV"):
        open_source(tmp_path, con)


def test_two_files_for_one_table_are_refused(tmp_path: Path, con: Con) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "a.tsv").write_text("id\n1\n")
    with pytest.raises(SourceError, match=r"'a' comes from two files: .*a\.csv and .*a\.tsv"):
        open_source(tmp_path, con)


def test_a_database_in_a_folder_is_refused_with_advice(tmp_path: Path, con: Con) -> None:
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("CREATE TABLE t (a)")
    with pytest.raises(SourceError, match="add each database by itself"):
        open_source(tmp_path, con)


def test_an_empty_folder_is_refused(tmp_path: Path, con: Con) -> None:
    (tmp_path / ".gitkeep").write_text("")
    with pytest.raises(SourceError, match="has no data"):
        open_source(tmp_path, con)


def test_a_missing_path_is_refused(tmp_path: Path, con: Con) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_source(tmp_path / "x.csv", con)


def test_a_subfolder_of_other_files_is_refused(tmp_path: Path, con: Con) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.csv").write_text("id\n1\n")
    with pytest.raises(SourceError, match="only Parquet"):
        open_source(tmp_path, con)


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
