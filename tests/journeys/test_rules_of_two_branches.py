"""Two branches, each valid, that together break what the contract declares; and rows that get a default."""

import shlex
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import Tdmvc, commit_all, git
from tests.yaml_files import read_yaml

ITEMS = "CREATE TABLE items (id INTEGER PRIMARY KEY, tenant INTEGER, code varchar(8), low INTEGER, high INTEGER{})"
RULES: list[dict[str, Any]] = [
    {"metric": "duplicateValues", "arguments": {"properties": ["tenant", "code"]}, "mustBe": 0},
    {
        "name": "ordered",
        "type": "sql",
        "query": "SELECT COUNT(*) FROM {object} WHERE NOT (low <= high)",
        "mustBe": 0,
    },
]


def write(path: Path, rows: Sequence[tuple[object, ...]], more: str = "") -> Path:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute(ITEMS.format(more))
        for row in rows:
            database.execute(f"INSERT INTO items VALUES ({', '.join('?' * len(row))})", row)
        database.commit()
    return path


CONSTRAINTS = ", UNIQUE (tenant, code), CONSTRAINT ordered CHECK (low <= high)"


def edit_contract(repo: Path, edit: Any) -> None:
    path = repo / "datasets/golden/contract.yaml"
    contract = read_yaml(path)
    edit(contract["schema"][0])
    path.write_text(yaml.safe_dump(contract, sort_keys=False))


@pytest.fixture
def source(repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> Path:
    """A dataset with one table and rules on main, and a branch `theirs` at the same commit."""
    source = write(tmp_path / "app.sqlite", [(1, 1, "a", 1, 2)])
    tdmvc("add", "golden", source)
    edit_contract(repo, lambda table: table.update(quality=RULES))
    commit_all(repo, "Base")
    git(repo, "branch", "theirs")
    return source


def change(
    repo: Path, tdmvc: Tdmvc, source: Path, branch: str, *rows: tuple[object, ...], more: str = ""
) -> None:
    """Give a branch these rows, which its own review must find fine."""
    git(repo, "switch", "-q", branch)
    tdmvc("checkout", "golden")
    write(source, rows, more)
    tdmvc("add", "golden", source)
    edit_contract(repo, lambda table: table.setdefault("quality", RULES))
    tdmvc("review", "main", "--fail-on", "error")
    commit_all(repo, f"Change {branch}")


def findings(merged: Any) -> dict[str, Any]:
    (dataset,) = merged.json["datasets"]
    return {finding["rule"]: finding for finding in dataset["findings"]}


@pytest.mark.parametrize("more", ["", CONSTRAINTS], ids=["declared by a person", "declared by the database"])
def test_rows_that_only_together_repeat_a_value_or_break_a_condition_stop_the_merge(
    repo: Path, tdmvc: Tdmvc, source: Path, more: str
) -> None:
    if more:
        edit_contract(repo, lambda table: table.pop("quality"))
        tdmvc("add", "golden", write(source, [(1, 1, "a", 1, 2)], more))
        commit_all(repo, "Constraints")
        git(repo, "branch", "-f", "theirs")
    git(repo, "switch", "-q", "-c", "ours")
    # They raise `high`, we raise `low`; both add one code for tenant 2.
    change(repo, tdmvc, source, "theirs", (1, 1, "a", 1, 1), (3, 2, "x", 1, 1), more=more)
    change(repo, tdmvc, source, "ours", (1, 1, "a", 2, 2), (2, 2, "x", 1, 1), more=more)
    found = findings(tdmvc("merge-check", "theirs", "--format", "json", code=1))
    assert {rule: one["severity"] for rule, one in found.items()} == {
        "repeated-unique": "error",
        "broken-check": "error",
    }
    assert found["broken-check"]["details"]["keys"] == ["1"]
    merged = tdmvc("merge", "theirs", "--format", "json", code=4)
    found = findings(merged)
    assert set(found) == {"repeated-unique", "broken-check"}
    # The printed command shows the rows.
    for one in found.values():
        shown = tdmvc(*shlex.split(one["remedy"].split("`")[-2])[1:], code=1).out
        assert all(f"id={key}" in shown for key in one["details"]["keys"])
    tdmvc("merge", "--abort")


def test_new_rows_of_one_side_get_the_default_of_a_column_that_the_other_adds(
    repo: Path, tdmvc: Tdmvc, source: Path
) -> None:
    git(repo, "switch", "-q", "-c", "ours")
    change(repo, tdmvc, source, "theirs", (1, 1, "a", 1, 2), (3, 2, "x", 1, 1), (4, 2, "y", 1, 1))
    more = ", status TEXT DEFAULT 'new', made TEXT DEFAULT CURRENT_TIMESTAMP"
    change(repo, tdmvc, source, "ours", (1, 1, "a", 1, 2, "old", "now"), more=more)
    found = findings(tdmvc("merge", "theirs", "--format", "json"))
    assert {rule: one["severity"] for rule, one in found.items()} == {
        "default-filled": "info",
        "default-not-known": "warning",
    }
    assert found["default-filled"]["details"] == {"count": 2, "side": "theirs", "keys": ["3", "4"]}
    rows = tdmvc("sql", "select id, status, made from items order by id", "--format", "json").json["rows"]
    assert rows == [[1, "old", "now"], [3, "new", None], [4, "new", None]]


def test_long_texts_that_a_source_validly_has_block_no_review(repo: Path, tdmvc: Tdmvc, source: Path) -> None:
    write(source, [(1, 1, "longer than eight", 1, 2)])
    tdmvc("add", "golden", source)
    review = tdmvc("review", "main", "--format", "json").json
    (dataset,) = review["datasets"]
    assert [(f["rule"], f["severity"]) for f in dataset["findings"]] == [("text-too-long", "warning")]
