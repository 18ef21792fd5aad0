"""Merges and reverts of tables that a stage of dvc.yaml makes."""

import shutil
from pathlib import Path

import pytest

from tests.builders import Shop, Tdmvc, commit_all, copy_repo, git
from tests.journeys.pipelines import build_pipeline, reproduce


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory, fast_python: Path) -> Path:
    """Two repositories, made once: `staged` has a stage; in `diverged`, it made other orders on both branches."""
    folder = tmp_path_factory.mktemp("pipelines")
    app = copy_repo(build_pipeline(template, folder / "staged", fast_python), folder / "diverged")
    orders = app / "fixtures/orders.csv"
    git(app, "switch", "-q", "-c", "feature")
    orders.write_text("id,customer_id\n0,1\n1,1\n2,2\n3,2\n")
    reproduce(app, fast_python)
    commit_all(app, "Feature")
    git(app, "switch", "-q", "main")
    orders.write_text("id,customer_id\n1,1\n2,2\n3,2\n4,1\n")
    reproduce(app, fast_python)
    commit_all(app, "Main")
    return folder


@pytest.fixture
def staged(made: Path, repo: Path, tdmvc: Tdmvc) -> Shop:
    shutil.rmtree(repo)
    return Shop(copy_repo(made / "staged", repo), tdmvc)


@pytest.fixture
def diverged(made: Path, repo: Path, tdmvc: Tdmvc) -> Shop:
    shutil.rmtree(repo)
    return Shop(copy_repo(made / "diverged", repo), tdmvc)


def test_tables_of_a_pipeline_are_not_merged_and_the_message_names_the_stage(
    diverged: Shop, fast_python: Path
) -> None:
    found = diverged.tdmvc("merge-check", "feature", "--format", "json", code=1).json
    assert {t["name"]: t["move"] for t in found["datasets"][0]["tables"]} == {"orders": "stage"}
    output = diverged.tdmvc("merge", "feature", code=4).out
    assert "dvc repro dvc.yaml:golden" in output
    assert "dvc.lock" in output
    git(diverged.app, "checkout", "--ours", "--", "dvc.lock")
    reproduce(diverged.app, fast_python)
    git(diverged.app, "add", "dvc.lock")
    diverged.tdmvc("merge", "--continue")
    assert [row[0] for row in diverged.rows("orders")] == [0, 1, 2, 3, 4]
    assert diverged.status == ""


def test_an_aborted_merge_removes_what_a_pipeline_made_since(diverged: Shop, fast_python: Path) -> None:
    before = diverged.working_copy_rows("orders")
    diverged.tdmvc("merge", "feature", code=4)
    git(diverged.app, "checkout", "--ours", "--", "dvc.lock")
    reproduce(diverged.app, fast_python)
    assert len(diverged.working_copy_rows("orders")) == len(before) + 1
    diverged.tdmvc("merge", "--abort")
    assert diverged.working_copy_rows("orders") == before
    assert diverged.status == ""


def test_tables_that_only_their_pipeline_made_come_with_their_rows(staged: Shop, fast_python: Path) -> None:
    git(staged.app, "switch", "-q", "-c", "feature")
    (staged.app / "fixtures/orders.csv").write_text("id,customer_id\n7,1\n")
    reproduce(staged.app, fast_python)
    staged.commit_all("Feature")
    staged.switch("main")
    (staged.app / "README").write_text("main\n")
    staged.commit_all("Main")
    done = staged.tdmvc("merge", "feature", "--format", "json").json
    assert [(t["name"], t["move"]) for t in done["datasets"][0]["tables"]] == [("orders", "taken")]
    assert staged.working_copy_rows("orders") == [(7, 1)]
    assert staged.status == ""


def test_tables_of_a_pipeline_are_not_reverted(staged: Shop, fast_python: Path) -> None:
    (staged.app / "fixtures/orders.csv").write_text("id,customer_id\n1,1\n")
    reproduce(staged.app, fast_python)
    staged.commit_all("Fewer")
    output = staged.tdmvc("revert", "golden", "HEAD", code=4).out
    assert "dvc repro dvc.yaml:golden" in output
    assert staged.status == ""
