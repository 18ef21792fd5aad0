"""A text that comes in comes out as it was written, or `add`, `diff` and the bump show what changed."""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.builders import Tdmvc


def values(tdmvc: Tdmvc, column: str) -> list[object]:
    rows = tdmvc("sql", f"select {column} from golden.t order by k", "--format", "json").json["rows"]
    return [value for (value,) in rows]


@pytest.mark.parametrize(
    ("first", "later"),
    [("10115", "01067"), ("4930", "+4930"), ("1000", "1e3"), ("true", "t"), ("1.10", "1.1")],
)
def test_a_later_text_that_the_stored_type_would_change_makes_the_column_text(
    tdmvc: Tdmvc, tmp_path: Path, first: str, later: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"k,zip\na,{first}\n")
    tdmvc("add", "golden", path, "--key", "t=k")
    tdmvc("publish", "golden", "1.0.0")
    old = tdmvc("show", "golden", "--format", "json").json["tables"][0]["columns"][1]["type"]
    path.write_text(f"k,zip\na,{first}\nc,{later}\n")
    (note,) = tdmvc("add", "golden", path, "--format", "json").json["tables"][0]["notes"]
    assert note == f"column zip: {old} became string, because {old} would change some values"
    assert values(tdmvc, "zip") == [first, later]
    diff = tdmvc("diff", "golden@1.0.0", "golden", "--format", "json").json
    assert diff["summary"]["rows"] == {"added": 1, "removed": 0, "changed": 0, "ignored": 0}
    assert [change["kind"] for change in diff["tables"][0]["schema"]] == ["type_changed"]
    assert diff["bump"]["level"] == "major"
    # The same tool writes the file again: nothing flips back.
    assert tdmvc("add", "golden", path, "--format", "json").json["tables"][0]["status"] == "unchanged"


def test_an_appended_text_keeps_the_rows_before_as_they_were(tdmvc: Tdmvc, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("k,zip\na,10115\n")
    tdmvc("add", "golden", path, "--key", "t=k")
    path.write_text("k,zip\nc,01067\n")
    added = tdmvc("add", "golden", path, "--append", "--format", "json").json
    assert "int64 became string" in added["tables"][0]["notes"][0]
    assert values(tdmvc, "zip") == ["10115", "01067"]


def test_versions_that_end_in_zero_are_no_numbers_and_no_duplicates(tdmvc: Tdmvc, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("k\n1.1\n1.10\n1.9\n")
    added = tdmvc("add", "golden", path, "--key", "t=k", "--format", "json").json
    assert added["findings"] == []
    assert values(tdmvc, "k") == ["1.1", "1.10", "1.9"]
    (note,) = added["tables"][0]["notes"]
    assert note.startswith("column k: kept as text, because its numbers are written in more than one way")
    assert tdmvc("add", "golden", path, "--format", "json").json["tables"][0]["notes"] == []


def test_a_file_that_one_tool_writes_again_and_again_keeps_its_types(tdmvc: Tdmvc, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("k,price,active,at\na,9.25,True,2024-01-31T10:00:00.120Z\n")
    tdmvc("add", "golden", path, "--key", "t=k")
    types = []
    for price in ("9.5", "9", "9.25", "12"):
        path.write_text(f"k,price,active,at\na,{price},False,2024-01-31T10:00:00.000Z\n")
        tdmvc("add", "golden", path)
        columns = tdmvc("show", "golden", "--format", "json").json["tables"][0]["columns"]
        types.append([column["type"] for column in columns])
    assert types == [["string", "float64", "bool", "timestamptz"]] * 4


def test_csv_files_of_other_programs_are_read_with_options(tdmvc: Tdmvc, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("1|Zoë|\n2|René|''\n".encode("cp1252"))
    error = tdmvc("add", "golden", path, code=2).err
    assert "--encoding" in error
    options = ["--encoding", "cp1252", "--delimiter", "|", "--no-header", "--null", "''"]
    tdmvc("add", "golden", path, *options, "--key", "t=column_1")
    rows = tdmvc("sql", "select * from golden.t order by 1", "--format", "json").json["rows"]
    assert rows == [[1, "Zoë", None], [2, "René", None]]
    path.write_text('"k","v"\n"1",""\n')
    assert '1 quoted empty value ("") is read as null' in tdmvc("add", "golden", path, "--key", "t=k").out
    assert values(tdmvc, "v") == [None]
    assert "note" not in tdmvc("add", "golden", path, "--quoted-empty", "text").out
    assert values(tdmvc, "v") == [""]
    (tmp_path / "t.json").write_text('[{"k": "NA"}]')
    assert "no source is a CSV file" in tdmvc("add", "golden", tmp_path / "t.json", "--null", "NA").out
    assert "one character" in tdmvc("add", "golden", path, "--delimiter", "::", code=2).err


@pytest.mark.parametrize("suffix", ["sqlite", "duckdb"])
def test_lists_and_structs_come_back_from_a_database_as_they_were(
    tdmvc: Tdmvc, tmp_path: Path, suffix: str
) -> None:
    rows = [
        {"k": 1, "tags": [1, 2], "at": {"x": 1.5, "names": ["é", None]}, "empty": [], "mixed": [1, "a"]},
        {"k": 2, "tags": [], "at": {"x": None, "names": []}, "empty": [], "mixed": {"a": 1}},
        {"k": 3, "tags": None, "at": None, "empty": None, "mixed": None},
    ]
    path = tmp_path / "t.json"
    path.write_text(json.dumps(rows))
    tdmvc("add", "golden", path, "--key", "t=k")
    tdmvc("publish", "golden", "1.0.0")
    copy = tmp_path / f"copy.{suffix}"
    tdmvc("checkout", "golden", "--into", copy)
    added = tdmvc("add", "golden", copy, "--format", "json").json
    assert (added["tables"][0]["status"], added["tables"][0]["notes"]) == ("unchanged", [])
    assert tdmvc("diff", "golden@1.0.0", "golden", "--format", "json").json["bump"]["level"] == "none"
    with (
        contextlib.closing(sqlite3.connect(copy))
        if suffix == "sqlite"
        else duckdb.connect(str(copy)) as database
    ):
        new = "'[1, 2, 3]'" if suffix == "sqlite" else "[1, 2, 3]"
        database.execute(f"UPDATE t SET tags = {new} WHERE k = 2")
        database.commit()
    tdmvc("add", "golden", copy)
    diff = tdmvc("diff", "golden@1.0.0", "golden", "--format", "json").json
    assert diff["bump"]["level"] == "patch"
    assert diff["summary"]["rows"]["changed"] == 1


def test_many_to_many_fields_of_a_fixture_keep_their_type(tdmvc: Tdmvc, tmp_path: Path) -> None:
    path = tmp_path / "f.json"

    def fixture(*groups: list[int]) -> None:
        rows = [{"model": "a.user", "pk": pk, "fields": {"groups": group}} for pk, group in enumerate(groups)]
        path.write_text(json.dumps(rows))

    fixture([1, 2], [])
    tdmvc("add", "golden", path)
    tdmvc("publish", "golden", "1.0.0")
    fixture([], [])
    tdmvc("add", "golden", path)
    diff = tdmvc("diff", "golden@1.0.0", "golden", "--format", "json").json
    assert diff["tables"][0]["schema"] == []
    assert diff["bump"]["level"] == "patch"


def test_a_type_comes_back_by_the_contract_once_the_file_is_corrected(
    tdmvc: Tdmvc, repo: Path, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    for text in ("k,n\na,1\n", "k,n\na,x\n", "k,n\na,2\n"):
        path.write_text(text)
        tdmvc("add", "golden", path, "--key", "t=k")
    assert values(tdmvc, "n") == ["2"]
    contract = repo / "datasets" / "golden" / "contract.yaml"
    before, _, after = contract.read_text().rpartition("logicalType: string\n        physicalType: string")
    contract.write_text(f"{before}logicalType: integer\n        physicalType: int64{after}")
    tdmvc("add", "golden", path)
    assert values(tdmvc, "n") == [2]


def test_a_partition_of_texts_stays_one_where_all_values_look_like_numbers(
    tdmvc: Tdmvc, tmp_path: Path
) -> None:
    folder = tmp_path / "t"
    for month in ("01", "12"):
        (folder / f"month={month}").mkdir(parents=True)
        pq.write_table(pa.table({"k": [int(month)]}), folder / f"month={month}" / "part-0.parquet")
    tdmvc("add", "golden", folder, "--key", "t=k")
    shutil.rmtree(folder / "month=01")
    assert tdmvc("add", "golden", folder, "--format", "json").json["tables"][0]["notes"] == []
    assert values(tdmvc, "month") == ["12"]
