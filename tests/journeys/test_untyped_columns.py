"""A column that held nothing but nulls has no type yet: whatever comes next is no break."""

import json
from pathlib import Path
from typing import Any

import pytest


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("values", [[7, None], ["text", None], [1.5, 2.5], [[1, 2], None]])
def test_the_first_value_of_an_empty_column_gives_it_its_type(tdmvc, tmp_path, values):
    first = _write(tmp_path / "t.json", [{"id": 1, "a": None}, {"id": 2, "a": None}])
    tdmvc("add", "golden", first, "--key", "t=id")
    tdmvc("publish", "golden", "1.0.0")
    second = _write(tmp_path / "t.json", [{"id": i + 1, "a": value} for i, value in enumerate(values)])
    added = tdmvc("add", "golden", second, "--format", "json").json
    assert added["tables"][0]["notes"] == []
    diff = tdmvc("diff", "golden@1.0.0", "golden", "--format", "json").json
    assert diff["bump"]["level"] in {"minor", "patch"}
    changed = sum(value is not None for value in values)
    assert diff["summary"]["rows"] == {"added": 0, "removed": 0, "changed": changed, "ignored": 0}
    kinds = {change["kind"] for change in diff["tables"][0]["schema"]}
    assert kinds <= {"type_widened"}


def test_a_typed_column_that_becomes_empty_keeps_its_type(tdmvc, tmp_path):
    tdmvc("add", "golden", _write(tmp_path / "t.json", [{"id": 1, "a": 5}]), "--key", "t=id")
    tdmvc("add", "golden", _write(tmp_path / "t.json", [{"id": 1, "a": None}]))
    column = tdmvc("show", "golden", "--format", "json").json["tables"][0]["columns"][1]
    assert (column["type"], column["physical_type"]) == ("int64", None)


def test_a_csv_column_that_was_empty_takes_the_type_of_its_first_values(tdmvc, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,when\n1,\n2,\n")
    tdmvc("add", "golden", path, "--key", "t=id")
    path.write_text("id,when\n1,2026-01-31\n2,\n")
    tdmvc("add", "golden", path)
    columns = tdmvc("show", "golden", "--format", "json").json["tables"][0]["columns"]
    assert [column["type"] for column in columns] == ["int64", "date"]


def test_appending_values_to_an_empty_column_keeps_the_old_rows(tdmvc, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,n\n1,\n")
    tdmvc("add", "golden", path, "--key", "t=id")
    path.write_text("id,n\n2,40\n")
    tdmvc("add", "golden", path, "--append")
    rows = tdmvc("sql", "select id, n from t order by id", "--format", "json").json["rows"]
    assert rows == [[1, None], [2, 40]]


def test_a_folder_that_looks_like_a_hive_partition_adds_no_column(tdmvc, repo, tmp_path):
    odd = tmp_path / "year=2026 [a]*"
    odd.mkdir()
    moved = repo.rename(odd / "app")
    path = tmp_path / "t.csv"
    path.write_text("id,n\n1,2\n")
    tdmvc("add", "golden", path, "--key", "t=id", folder=moved)
    path.write_text("id,n\n2,3\n")
    tdmvc("add", "golden", path, "--append", folder=moved)
    result = tdmvc("sql", "select * from t order by id", "--format", "json", folder=moved).json
    assert [column["name"] for column in result["columns"]] == ["id", "n"]
    assert result["rows"] == [[1, 2], [2, 3]]
    tdmvc("checkout", "golden", "--into", tmp_path / "out.sqlite", folder=moved)
