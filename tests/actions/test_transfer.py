"""`push` and `pull` return how many objects are present and how many of them were transferred."""

import shutil
from pathlib import Path

import pytest

from tdmvc.actions.pull import pull
from tdmvc.actions.push import push
from tdmvc.errors import LocalWorkError, NotFoundError, PartError
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import statuses
from tests.builders import add_remotes, copy_repo


@pytest.fixture
def pushed(app: Path) -> Path:
    """The repository with a remote that has all of its objects."""
    add_remotes(app, "origin")
    with Workspace.open(app) as workspace:
        push(workspace)
    return app


def test_a_second_push_transfers_nothing(pushed: Path) -> None:
    with Workspace.open(pushed) as workspace:
        report = push(workspace)
    assert (report.refs, report.remotes) == (("golden", "golden@1.0.0"), ("origin",))
    assert (report.objects, report.moved) == (4, 0)


def test_pull_fetches_missing_objects_and_writes_the_rows(pushed: Path, tmp_path: Path) -> None:
    clone = copy_repo(pushed, tmp_path / "clone")
    shutil.rmtree(clone / ".dvc" / "cache")
    shutil.rmtree(clone / "datasets" / "golden" / "orders")
    with Workspace.open(clone) as workspace:
        report = pull(workspace)
        assert (report.objects, report.tables) == (4, 2)
        assert report.moved > 0
        assert statuses(workspace) == {10: "open", 11: "paid", 12: "open"}


def test_pull_overwrites_edits_only_with_force(pushed: Path) -> None:
    part = next((pushed / "datasets" / "golden" / "orders").glob("*.parquet"))
    part.write_bytes(part.read_bytes() + b" ")
    with Workspace.open(pushed) as workspace:
        with pytest.raises(LocalWorkError, match="saved nowhere else"):
            pull(workspace)
        assert pull(workspace, force=True).tables == 2
        assert pull(workspace).moved == 0


def test_a_missing_object_is_an_error_that_names_the_places_searched(app: Path, tmp_path: Path) -> None:
    add_remotes(app, "origin")
    clone = copy_repo(app, tmp_path / "clone")
    shutil.rmtree(clone / ".dvc" / "cache")
    shutil.rmtree(clone / "datasets" / "golden" / "orders")
    with Workspace.open(clone) as workspace:
        with pytest.raises(PartError, match="is missing") as caught:
            pull(workspace)
        assert f"remote 'origin' (there is no folder {app.parent / 'origin'})" in caught.value.where
        assert caught.value.remedy == "ask whoever added it to run `tdmvc push`, then run `tdmvc pull`."
        with pytest.raises(NotFoundError):
            pull(workspace, ["golden@7.0.0"])
