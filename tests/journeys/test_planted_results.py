"""A pull request cannot plant a result: what tdmvc believes comes from this clone, or is read from the rows."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tdmvc.store.state_folder import state_folder
from tests.builders import Tdmvc, add_remotes, commit_all, copy_repo, git, run_quietly

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
status: active
schema:
  - name: customers
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true}
  - name: orders
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true}
      - {name: customer_id, logicalType: integer, relationships: [{type: foreignKey, to: customers.id}]}
      - {name: code, logicalType: string, required: true, unique: true}
      - {name: quantity, logicalType: integer, required: true, logicalTypeOptions: {minimum: 1, maximum: 9}}
    quality:
      - {id: few, type: library, metric: rowCount, mustBeLessThan: 5}
      - {id: total, type: sql, query: 'SELECT count(*) FROM {object} WHERE id > 90', mustBe: 0}
"""
GOOD = "id,customer_id,code,quantity\n1,1,b,1\n2,1,a,2\n3,2,c,3\n"
BAD = "id,customer_id,code,quantity\n1,7,b,99\n2,1,b,2\n3,2,c,3\n91,1,d,1\n92,2,e,1\n"
BROKEN = {
    "orders.code.unique",
    "orders.customer_id.references",
    "orders.few",
    "orders.quantity.range",
    "orders.total",
}


def add_rows(app: Path, orders: str) -> None:
    source = app.parent / "source"
    source.mkdir(exist_ok=True)
    (source / "customers.csv").write_text("id,name\n1,Ann\n2,Bob\n")
    (source / "orders.csv").write_text(orders)
    run_quietly(app, "add", "golden", source, "--key", "customers=id", "--key", "orders=id")
    run_quietly(app, "push", "golden")


def broken(tdmvc: Tdmvc, folder: Path, *words: str) -> set[str]:
    """Return the rules that `validate` says are broken."""
    ran = tdmvc("validate", *words, "--format", "json", folder=folder, code=None)
    return {
        result["rule"]
        for table in json.loads(ran.out)["tables"]
        for result in table["results"]
        if result["verdict"] != "passed"
    }


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good rows on main; on `work`, rows that break five rules."""
    app = copy_repo(template, tmp_path_factory.mktemp("planted") / "app")
    add_remotes(app, "origin")
    add_rows(app, GOOD)
    (app / "datasets/golden/contract.yaml").write_text(CONTRACT)
    commit_all(app, "Golden data")
    git(app, "switch", "-q", "-c", "work")
    add_rows(app, BAD)
    commit_all(app, "Worse data")
    return app


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    return copy_repo(made, tmp_path / "app")


def clone(repo: Path, target: Path) -> Path:
    git(repo.parent, "clone", "-q", str(repo), str(target))
    (target / ".dvc/config").write_bytes((repo / ".dvc/config").read_bytes())
    return target


def forge(state: Path) -> None:
    """Make the files of a state folder say that nothing is broken, and that every part has one row."""
    with closing(sqlite3.connect(state / "validation.sqlite")) as counts, counts:
        assert counts.execute("update counted set rows = 0").rowcount
        assert counts.execute("update found set rows = 0, groups = 0").rowcount
    with closing(sqlite3.connect(state / "index.sqlite")) as index, index:
        index.execute("update fact set rows = 1")
        index.execute("delete from content")


def test_forged_counts_would_be_believed_where_tdmvc_keeps_them(repo: Path, tdmvc: Tdmvc) -> None:
    """So the tests below test something."""
    assert broken(tdmvc, repo, "golden") == BROKEN
    forge(state_folder(repo))
    assert broken(tdmvc, repo, "golden") == set()


def test_no_file_that_comes_with_a_branch_changes_a_verdict(repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    assert broken(tdmvc, repo, "golden") == BROKEN
    state = state_folder(repo)
    forge(state)
    journal = {"datasets/golden/contract.yaml": CONTRACT.replace("unique: true", "unique: false")}
    document = {"format": "tdmvc.journal/1", "writes": journal, "moves": {}, "removes": []}
    (state / "golden.journal").write_text(json.dumps(document))
    (state / "environments").mkdir()
    (state / "environments/local.json").write_text("{}")
    for planted in (".dvc/tmp/tdmvc", ".dvc/tmp", "tdmvc", "datasets/golden/tdmvc", ".dvc/tdmvc"):
        shutil.copytree(state, repo / planted, dirs_exist_ok=True)
    (state / "golden.journal").unlink()
    git(repo, "add", "-f", ".dvc/tmp", "tdmvc", "datasets/golden/tdmvc", ".dvc/tdmvc")
    commit_all(repo, "Plant what tdmvc believes")
    assert ".dvc/tmp/tdmvc/validation.sqlite" in git(repo, "ls-files")

    target = clone(repo, tmp_path / "ci")
    tdmvc("pull", "golden", folder=target)
    assert broken(tdmvc, target, "golden") == BROKEN
    assert "unique: true" in (target / "datasets/golden/contract.yaml").read_text()
    tdmvc("publish", "golden", "1.0.0", folder=target, code=1)
    assert git(target, "status", "--porcelain", "--", ".dvc/tmp", "tdmvc", ".dvc/tdmvc") == ""


@pytest.mark.parametrize("place", [".dvc/tmp", ".dvc/tmp/tdmvc"])
def test_nothing_is_written_through_a_link_in_the_folder_of_dvc(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path, place: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = repo / place
    if link.is_dir():
        shutil.rmtree(link)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)
    git(repo, "add", "-f", place)
    commit_all(repo, "Plant a link")
    assert broken(tdmvc, clone(repo, tmp_path / "ci"), "golden") == BROKEN
    # DVC itself writes the time of its first use there.
    assert {path.name for path in outside.iterdir()} <= {"btime"}


def test_a_version_that_tells_other_numbers_of_rows_changes_no_verdict(repo: Path, tdmvc: Tdmvc) -> None:
    tdmvc("publish", "golden", "1.0.0", "--allow-invalid")
    path = repo / "datasets/golden/versions/1.0.0.yaml"
    text = path.read_text()
    assert "rows: 5" in text
    path.write_text(text.replace("rows: 5", "rows: 3"))
    commit_all(repo, "Publish")
    shutil.rmtree(state_folder(repo))
    assert broken(tdmvc, repo, "golden@1.0.0") == BROKEN


def test_what_was_counted_counts_for_the_same_bytes_only(repo: Path, tdmvc: Tdmvc) -> None:
    """A listing may name a part with bad rows as a good one is named."""
    git(repo, "switch", "-q", "main")
    tdmvc("checkout", "golden", "--force")
    assert broken(tdmvc, repo, "golden") == set()
    [part] = (repo / "datasets/golden/orders").glob("*.parquet")
    table = pq.read_table(part)
    worse = table.set_column(3, table.schema.field(3), [[1, 2, 999]])
    part.unlink()
    pq.write_table(worse, part)
    words = [sys.executable, "-m", "dvc", "commit", "-f", "-q", "datasets/golden/orders.dvc"]
    assert subprocess.run(words, cwd=repo, check=False).returncode == 0
    commit_all(repo, "A part under the name of another")
    assert "orders.quantity.range" in broken(tdmvc, repo, "golden")


def test_linked_work_trees_and_submodules_have_folders_of_their_own(repo: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", "--detach", str(linked))
    assert state_folder(linked) == repo / ".git/worktrees/linked/tdmvc"
    outer = tmp_path / "outer"
    git(tmp_path, "init", "-q", str(outer))
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo), "inner")
    assert state_folder(outer / "inner").resolve() == outer / ".git/modules/inner/tdmvc"
    assert state_folder(repo) == repo / ".git/tdmvc"
