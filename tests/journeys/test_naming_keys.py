"""Keys are named once, by table, by pattern or in a file; a table without one is warned about once."""

from pathlib import Path

import pandas as pd
import pytest

from tests.builders import Tdmvc


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    for name in ("orders", "users", "lines"):
        (folder / f"{name}.csv").write_text("id,line\n1,1\n1,2\n" if name == "lines" else "id,v\n1,a\n2,b\n")
    return folder


def keys(tdmvc: Tdmvc) -> dict[str, list[str]]:
    return {t["name"]: t["key"] for t in tdmvc("show", "golden", "--format", "json").json["tables"]}


def notes(tdmvc: Tdmvc, *words: object) -> list[str]:
    added = tdmvc("add", "golden", *words, "--format", "json").json
    return [note for table in added["tables"] for note in table["notes"]] + added["notes"]


def test_a_name_counts_more_than_a_pattern_and_once_is_enough(tdmvc: Tdmvc, folder: Path) -> None:
    assert notes(tdmvc, folder, "--key", "*=id", "--key", "lines=id,line") == []
    expected = {"lines": ["id", "line"], "orders": ["id"], "users": ["id"]}
    assert keys(tdmvc) == expected
    assert notes(tdmvc, folder) == []
    assert keys(tdmvc) == expected
    assert "no table 'nope*'" in tdmvc("add", "golden", folder, "--key", "nope*=id", code=3).err
    error = tdmvc("add", "golden", folder, "--key", "*=line", code=2).err
    assert "key of orders names a column that does not exist: line" in error


def test_keys_are_read_from_a_file_that_may_name_other_tables_too(
    tdmvc: Tdmvc, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text("lines: [id, line]\n'*rs': id\nelsewhere: id\n")
    assert notes(tdmvc, folder, "--keys", file) == []
    assert keys(tdmvc) == {"lines": ["id", "line"], "orders": ["id"], "users": ["id"]}
    file.write_text("lines: []\norders: v\n")
    tdmvc("add", "golden", "--keys", file)
    assert keys(tdmvc) == {"lines": [], "orders": ["v"], "users": ["id"]}
    file.write_text("lines: {a: b}\n")
    assert "keys.yaml" in tdmvc("add", "golden", folder, "--keys", file, code=2).err
    assert "cannot be read" in tdmvc("add", "golden", folder, "--keys", tmp_path / "nope.yaml", code=2).err


def test_a_new_table_without_a_key_is_warned_about_once(tdmvc: Tdmvc, folder: Path, tmp_path: Path) -> None:
    found = notes(tdmvc, folder / "orders.csv")
    assert len(found) == 1
    assert "shows as one removed and one added" in found[0]
    assert "--key TABLE=COLUMN" in found[0]
    assert notes(tdmvc, folder / "orders.csv") == []
    assert notes(tdmvc, folder / "users.csv", "--key", "users=") == []
    pd.DataFrame({"k": ["x", "y"], "v": [1, 2]}).set_index("k").to_parquet(tmp_path / "frame.parquet")
    (note,) = notes(tdmvc, tmp_path / "frame.parquet")
    assert "--key frame=k, as its pandas index suggests" in note
    tdmvc("add", "golden", "--key", "frame=k")
    assert keys(tdmvc)["frame"] == ["k"]
