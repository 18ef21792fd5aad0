"""A part's name is checked: rows that were changed under an unchanged name are found, and never used."""

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.builders import Tdmvc, add_tables, commit_all, copy_repo, git, publish, run_quietly

ROWS = "id,status\n1,open\n2,paid\n"


@pytest.fixture(scope="module")
def rewritten(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """golden@1.0.0 on main; on `work`, a part was rewritten in place, and `dvc commit` took it."""
    app = copy_repo(template, tmp_path_factory.mktemp("rewritten") / "app")
    add_tables(app, {"orders": ROWS})
    publish(app)
    git(app, "switch", "-q", "-c", "work")
    [part] = (app / "datasets/golden/orders").glob("*.parquet")
    table = pq.read_table(part)
    part.unlink()
    changed = pc.replace_substring(table.column("status"), "paid", "free")
    pq.write_table(table.set_column(1, table.schema.field(1), changed), part)
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "commit", "-f", "-q", "datasets/golden/orders.dvc"],
        cwd=app,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # A colleague's clone knows nothing about the parts.
    shutil.rmtree(app / ".git" / "tdmvc")
    commit_all(app, "Work")
    return app


@pytest.fixture
def repo(rewritten: Path, tmp_path: Path) -> Path:
    return copy_repo(rewritten, tmp_path / "app")


@pytest.mark.parametrize(
    "command",
    [
        "diff golden@HEAD~1 golden",
        "diff golden golden@HEAD~1",
        "diff golden@1.0.0 golden@work",
        "review main",
        "review main --head work",
        "publish golden",
        "revert golden HEAD",
    ],
)
def test_whatever_compares_the_two_parts_refuses_the_one_that_lies(
    repo: Path, tdmvc: Tdmvc, command: str
) -> None:
    error = tdmvc(*command.split(), code=6).err
    assert "does not hold the rows that its name stands for" in error
    assert "golden" in error.splitlines()[0]


def test_the_log_notes_it(repo: Path, tdmvc: Tdmvc) -> None:
    assert "does not hold the rows" in tdmvc("log", "golden").out


def test_rows_are_not_appended_to_it(repo: Path, tdmvc: Tdmvc) -> None:
    (repo.parent / "orders.csv").write_text("id,status\n3,new\n")
    error = tdmvc("add", "golden", repo.parent / "orders.csv", "--append", code=6).err
    assert "does not hold the rows" in error


@pytest.mark.parametrize("is_changed", [True, False], ids=["both sides changed", "one side changed"])
def test_a_merge_refuses_it(repo: Path, tdmvc: Tdmvc, is_changed: bool) -> None:
    git(repo, "switch", "-q", "main")
    tdmvc("checkout", "golden", "--force")
    if is_changed:
        (repo.parent / "orders.csv").write_text(ROWS + "3,new\n")
        tdmvc("add", "golden", repo.parent / "orders.csv")
    (repo / "notes.txt").write_text("main\n")
    commit_all(repo, "More")
    for command in ("merge-check main work", "merge work"):
        assert "does not hold the rows" in tdmvc(*command.split(), code=6).err
    assert not git(repo, "status", "--porcelain")


def test_what_verify_reports_is_not_used_from_then_on(repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    found = tdmvc("verify", "golden", "--format", "json", code=1).json["findings"]
    assert [(finding["rule"], finding["table"]) for finding in found] == [("part", "orders")]
    assert "does not hold the rows" in found[0]["message"]
    for command in (
        "show golden",
        "checkout golden --force",
        f"checkout golden --into {tmp_path / 'out.sqlite'}",
        "push golden",
    ):
        assert "does not hold the rows" in tdmvc(*command.split(), code=6).err, command
    assert "does not hold the rows" in tdmvc("sql", "select * from orders", "--at", "golden@work", code=6).err


def test_the_rows_can_be_kept_or_the_old_ones_restored_as_the_message_says(repo: Path, tdmvc: Tdmvc) -> None:
    advice = tdmvc("diff", "golden@1.0.0", "golden", code=6).err
    words = advice.split("`")[1].replace("FOLDER", f"{repo}/datasets/golden/orders").split()[1:]
    tdmvc(*words)
    commit_all(repo, "Keep")
    assert tdmvc("sql", "select status from orders where id = 2", "--format", "json").json["rows"] == [
        ["free"]
    ]
    for command in ("verify golden", "diff golden@1.0.0 golden", "review main", "publish golden"):
        tdmvc(*command.split())


def test_restoring_the_pointer_gives_the_old_rows_back(repo: Path, tdmvc: Tdmvc) -> None:
    tdmvc("diff", "golden@1.0.0", "golden", code=6)
    git(repo, "checkout", "HEAD~1", "--", "datasets/golden/orders.dvc")
    tdmvc("checkout", "golden", "--force")
    assert tdmvc("sql", "select status from orders where id = 2", "--format", "json").json["rows"] == [
        ["paid"]
    ]
    tdmvc("verify")


def test_bytes_of_a_rewritten_part_are_never_reused_for_the_rows_of_its_name(
    repo: Path, tdmvc: Tdmvc
) -> None:
    (repo.parent / "orders.csv").write_text(ROWS)
    tdmvc("add", "golden", repo.parent / "orders.csv")
    assert tdmvc("sql", "select status from orders where id = 2", "--format", "json").json["rows"] == [
        ["paid"]
    ]
    tdmvc("verify", "golden")


def test_other_bytes_with_the_same_rows_are_equal(repo: Path, tdmvc: Tdmvc) -> None:
    git(repo, "switch", "-q", "main")
    tdmvc("checkout", "golden", "--force")
    [part] = (repo / "datasets/golden/orders").glob("*.parquet")
    table = pq.read_table(part)
    part.unlink()
    pq.write_table(table, part, compression="snappy")
    run_quietly(repo, "verify", "golden@1.0.0")
    subprocess.run(
        [sys.executable, "-m", "dvc", "commit", "-f", "-q", "datasets/golden/orders.dvc"],
        cwd=repo,
        check=True,
    )
    commit_all(repo, "Other writer")
    tdmvc("diff", "golden@1.0.0", "golden", "--exit-code")
    tdmvc("verify")
