"""The sources of a dataset, and what became of them since its rows were added."""

from pathlib import Path

import pytest

from tests.builders import Tdmvc


def told(tdmvc: Tdmvc) -> dict[str, tuple[str, list[str]]]:
    (dataset,) = tdmvc("status", "--format", "json").json["datasets"]
    return {one["name"]: (one["state"], one["tables"]) for one in dataset["sources"]}


@pytest.fixture
def rows(repo: Path, tdmvc: Tdmvc) -> Path:
    folder = repo / "rows"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text("id,x\n1,2\n")
    tdmvc("add", "golden", "rows/a.csv", str(folder / "b.csv"))
    return folder


def test_status_tells_which_sources_changed_since(rows: Path, tdmvc: Tdmvc) -> None:
    assert told(tdmvc) == {"rows/a.csv": ("unchanged", ["a"]), "rows/b.csv": ("unchanged", ["b"])}
    # Written again with the same content: nothing changed.
    (rows / "a.csv").write_text("id,x\n1,2\n")
    (rows / "b.csv").write_text("id,x\n1,3\n")
    assert told(tdmvc)["rows/b.csv"][0] == "changed"
    assert told(tdmvc)["rows/a.csv"][0] == "unchanged"
    page = tdmvc("status").out
    assert "rows/b.csv changed since `tdmvc add`; rows/a.csv as added" in page
    assert "tdmvc add golden rows/b.csv" in page
    tdmvc("add", "golden", "rows/b.csv")
    assert told(tdmvc)["rows/b.csv"] == ("unchanged", ["b"])
    (rows / "b.csv").unlink()
    assert told(tdmvc)["rows/b.csv"][0] == "missing"


def test_another_source_takes_the_place_of_the_one_before(rows: Path, tdmvc: Tdmvc) -> None:
    (rows / "new").mkdir()
    (rows / "new" / "a.csv").write_text("id,x\n5,2\n")
    tdmvc("add", "golden", "rows/new/a.csv")
    assert sorted(told(tdmvc)) == ["rows/b.csv", "rows/new/a.csv"]
    tdmvc("add", "golden", "rows/new")
    (rows / "new" / "c.csv").write_text("id\n1\n")
    assert told(tdmvc)["rows/new"] == ("changed", ["a"])


def test_a_damaged_memory_is_as_none(repo: Path, rows: Path, tdmvc: Tdmvc) -> None:
    (repo / ".git" / "tdmvc" / "sources.json").write_text('{"golden": [1]}')
    assert told(tdmvc) == {}
    assert rows.is_dir()
