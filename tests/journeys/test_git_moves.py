"""Git moves pointers, and the folders next to them stay as they were: no edits, and no loss."""

import shutil
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


def test_a_deleted_folder_leaves_its_table_in_the_dataset(tdmvc, repo, two_branches):
    shutil.rmtree(repo / "datasets/golden/more")
    assert _works(tdmvc) == {"more": "missing", "t": "clean"}
    assert "no change" in tdmvc("diff", "golden").out
    added = tdmvc("add", "golden", "--format", "json").json
    assert added["tables"] == []
    [note] = added["notes"]
    assert "`tdmvc add golden --remove more`" in note
    assert (repo / "datasets/golden/more.dvc").exists()
    assert "more" in (repo / "datasets/golden/contract.yaml").read_text()
    assert "`tdmvc checkout golden --tables more`" in note
    tdmvc("checkout", "golden", "--tables", "more")
    assert _works(tdmvc) == {"more": "clean", "t": "clean"}


@pytest.mark.parametrize("what_is_gone", ["nothing", "folder", "pointer"])
def test_a_table_is_removed_by_name(tdmvc, repo, two_branches, what_is_gone):
    if what_is_gone == "folder":
        shutil.rmtree(repo / "datasets/golden/more")
    elif what_is_gone == "pointer":
        git(repo, "rm", "-q", "datasets/golden/more.dvc")
    added = tdmvc("add", "golden", "--remove", "more", "--format", "json").json
    assert [(table["name"], table["status"]) for table in added["tables"]] == [("more", "removed")]
    assert not (repo / "datasets/golden/more.dvc").exists()
    assert not (repo / "datasets/golden/more").exists()
    assert "more" not in (repo / "datasets/golden/contract.yaml").read_text()
    diff = tdmvc("diff", "golden", "--format", "json").json
    assert {table["name"]: table["status"] for table in diff["tables"]} == {
        "more": "removed",
        "t": "unchanged",
    }


def test_only_known_tables_that_are_not_added_can_be_removed(tdmvc, repo, two_branches):
    assert "did you mean 'more'" in tdmvc("add", "golden", "--remove", "mor", code=3).err
    (repo.parent / "more.csv").write_text("id\n1\n")
    assert "at once" in tdmvc("add", "golden", repo.parent / "more.csv", "--remove", "more", code=2).err
    tdmvc("add", "golden", "--remove", ",", code=2)


def test_a_key_can_be_given_to_existing_rows(tdmvc, repo, two_branches):
    added = tdmvc("add", "golden", "--key", "more=id", "--format", "json").json
    assert [(table["name"], table["status"], table["key"]) for table in added["tables"]] == [
        ("more", "changed", ["id"])
    ]
    assert tdmvc("sql", "select id from more", "--format", "json").json["rows"] == [[7]]
    tdmvc("add", "golden", "--key", "mor=id", code=3)
