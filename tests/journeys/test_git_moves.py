"""Git moves pointers, and the folders next to them stay as they were: no edits, and no loss."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import git


@pytest.fixture
def two_branches(tdmvc: Callable[..., Any], repo: Path, tmp_path: Path) -> Path:
    """`main` has t with n = 1; `other` has t with n = 2, and a second table."""
    path = tmp_path / "t.csv"
    path.write_text("id,n\n1,1\n")
    tdmvc("add", "golden", path, "--key", "t=id")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "One")
    git(repo, "switch", "-q", "-c", "other")
    path.write_text("id,n\n1,2\n")
    (tmp_path / "more.csv").write_text("id\n7\n")
    tdmvc("add", "golden", path, tmp_path / "more.csv")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Two")
    return path


def _works(tdmvc: Callable[..., Any]) -> dict[str, str]:
    status = tdmvc("status", "--format", "json").json
    return {table["name"]: table["work"] for table in status["datasets"][0]["tables"]}


def test_rows_that_a_switch_left_behind_are_stale_and_not_edited(tdmvc, repo, two_branches):
    git(repo, "switch", "-q", "main")
    assert _works(tdmvc) == {"t": "stale"}
    assert "tdmvc checkout golden" in tdmvc("status").out


def test_add_does_not_undo_changes_that_git_made(tdmvc, repo, two_branches):
    git(repo, "switch", "-q", "main")
    refused = tdmvc("add", "golden", code=4)
    assert "tdmvc checkout golden --tables t" in refused.err
    assert git(repo, "status", "--porcelain") == ""


def test_diff_compares_pointers_and_not_stale_rows(tdmvc, repo, two_branches):
    git(repo, "switch", "-q", "main")
    assert tdmvc("diff", "--exit-code", "--format", "json").json["summary"]["tables"]["changed"] == 0


def test_checkout_writes_the_rows_and_removes_leftover_tables(tdmvc, repo, two_branches):
    git(repo, "switch", "-q", "main")
    tdmvc("checkout", "golden")
    assert _works(tdmvc) == {"t": "clean"}
    assert not (repo / "datasets/golden/more").exists()
    assert tdmvc("sql", "select n from t", "--format", "json").json["rows"] == [[1]]


def test_a_new_pointer_without_rows_is_not_taken_for_a_deleted_table(tdmvc, repo, two_branches):
    git(repo, "switch", "-q", "main")
    tdmvc("checkout", "golden")
    git(repo, "merge", "-q", "other")
    assert _works(tdmvc) == {"more": "missing", "t": "stale"}
    tdmvc("checkout", "golden", "--tables", "t")
    tdmvc("add", "golden")
    assert (repo / "datasets/golden/more.dvc").exists()


def test_a_deleted_folder_removes_its_table(tdmvc, repo, two_branches):
    for file in (repo / "datasets/golden/more").iterdir():
        file.unlink()
    (repo / "datasets/golden/more").rmdir()
    added = tdmvc("add", "golden", "--format", "json").json
    assert [(table["name"], table["status"]) for table in added["tables"]] == [("more", "removed")]
    assert not (repo / "datasets/golden/more.dvc").exists()


def test_a_key_can_be_given_to_existing_rows(tdmvc, repo, two_branches):
    added = tdmvc("add", "golden", "--key", "more=id", "--format", "json").json
    assert [(table["name"], table["status"], table["key"]) for table in added["tables"]] == [
        ("more", "changed", ["id"])
    ]
    assert tdmvc("sql", "select id from more", "--format", "json").json["rows"] == [[7]]
    tdmvc("add", "golden", "--key", "mor=id", code=3)
