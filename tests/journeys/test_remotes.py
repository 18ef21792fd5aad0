"""Rows on their way between people: push, pull, a second remote for releases, and healing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import Tdmvc, add_remotes, add_tables, copy_repo, git, publish


@pytest.fixture(scope="module")
def shared_repo(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two tables and one version, and a folder next to it for its remotes."""
    app = copy_repo(template, tmp_path_factory.mktemp("remotes") / "app")
    add_tables(app, {"customers": "id,name\n1,Ada\n2,Grace\n", "orders": "id,customer\n1,1\n2,2\n"})
    publish(app)
    return app


@pytest.fixture
def repo(shared_repo: Path, tmp_path: Path) -> Path:
    """A copy of it with two local remotes: `near`, the default one, and `archive`."""
    app = copy_repo(shared_repo, tmp_path / "app")
    add_remotes(app, "near", "archive")
    git(app, "commit", "-q", "-a", "-m", "Remotes")
    return app


@pytest.fixture
def clone(repo: Path, tmp_path: Path) -> Callable[[], Path]:
    """Clone the repository, as a colleague does."""

    def make() -> Path:
        git(tmp_path, "clone", "-q", repo.as_uri(), "colleague")
        return tmp_path / "colleague"

    return make


def _objects(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _not_pushed(tdmvc: Tdmvc) -> int | None:
    number = tdmvc("status", "--format", "json").json["datasets"][0]["not_pushed"]
    assert number is None or isinstance(number, int)
    return number


def _change(tdmvc: Tdmvc, repo: Path) -> None:
    source = repo.parent / "orders.csv"
    source.write_text("id,customer\n1,1\n2,2\n3,2\n")
    tdmvc("add", "golden", source)


def test_a_colleague_can_pull_pushed_rows(tdmvc: Tdmvc, repo: Path, clone: Callable[[], Path]) -> None:
    sent = tdmvc("push", "--format", "json").json
    assert (sent["verb"], sent["remotes"], sent["moved"]) == ("push", ["near"], sent["objects"])
    assert len(_objects(repo.parent / "near")) == sent["objects"] == 4
    assert tdmvc("push", "--format", "json").json["moved"] == 0
    theirs = clone()
    assert not (theirs / "datasets/golden/orders").exists()
    got = tdmvc("pull", "--format", "json", folder=theirs).json
    assert (got["objects"], got["moved"]) == (4, 4)
    assert tdmvc("sql", "select count(*) from orders", "--format", "json", folder=theirs).json["rows"] == [
        [2]
    ]
    assert tdmvc("status", "--format", "json", folder=theirs).json["datasets"][0]["is_clean"] is True
    assert git(theirs, "status", "--porcelain") == ""
    assert tdmvc("pull", "--format", "json", folder=theirs).json["moved"] == 0


def test_missing_rows_are_fetched_without_a_pull(tdmvc: Tdmvc, repo: Path, clone: Callable[[], Path]) -> None:
    tdmvc("push")
    theirs = clone()
    shown = tdmvc("show", "golden@1.0.0", "--format", "json", folder=theirs).json
    assert shown["rows"] == 4
    assert tdmvc("sql", "select max(name) from golden.customers", "--format", "json", folder=theirs).json[
        "rows"
    ] == [["Grace"]]


def test_missing_rows_are_reported_with_the_places_searched(tdmvc: Tdmvc, clone: Callable[[], Path]) -> None:
    theirs = clone()
    for words in (("pull",), ("checkout", "golden@1.0.0"), ("sql", "select * from orders")):
        refused = tdmvc(*words, code=6, folder=theirs)
        assert "near" in refused.err, words
        assert "tdmvc push" in refused.err


def test_status_counts_objects_that_were_not_pushed(tdmvc: Tdmvc, repo: Path) -> None:
    assert _not_pushed(tdmvc) == 4
    tdmvc("push")
    assert _not_pushed(tdmvc) == 0
    _change(tdmvc, repo)
    assert _not_pushed(tdmvc) == 2
    tdmvc("push", "golden")
    assert _not_pushed(tdmvc) == 0


def test_a_published_version_goes_to_the_release_remote_too(tdmvc: Tdmvc, repo: Path) -> None:
    with (repo / "tdmvc.yaml").open("a") as file:
        file.write("store: {release_remote: archive}\n")
    _change(tdmvc, repo)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "More orders")
    output = tdmvc("publish", "golden", "--push", "--format", "json").json
    assert (output["version"], output["pushed"]) == ("1.1.0", 4)
    assert len(_objects(repo.parent / "near")) == 4
    assert {path.name for path in _objects(repo.parent / "archive")} == {
        path.name for path in _objects(repo.parent / "near")
    }


def test_a_remote_may_be_named(tdmvc: Tdmvc, repo: Path, clone: Callable[[], Path]) -> None:
    assert tdmvc("push", "--remote", "archive", "--format", "json").json["remotes"] == ["archive"]
    assert _objects(repo.parent / "near") == []
    theirs = clone()
    tdmvc("pull", code=6, folder=theirs)
    assert tdmvc("pull", "--remote", "archive", "--format", "json", folder=theirs).json["moved"] == 4
    assert "nowhere" in tdmvc("push", "--remote", "nowhere", code=None).err


def test_verify_finds_an_object_that_the_remote_lost_and_push_restores_it(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("push")
    assert tdmvc("verify", "--remote", "--format", "json").json["findings"] == []
    lost = next(path for path in _objects(repo.parent / "near") if not path.name.endswith(".dir"))
    lost.unlink()
    assert tdmvc("verify", "--format", "json").json["findings"] == []
    findings = tdmvc("verify", "--remote", "--format", "json", code=1).json["findings"]
    assert {finding["rule"] for finding in findings} == {"not-on-remote"}
    # The remedy is a push, although the listing that names the object is there.
    tdmvc("push")
    assert lost.is_file()
    assert tdmvc("verify", "--remote", "--format", "json").json["findings"] == []


def test_pull_repairs_a_damaged_object(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("push")
    cache = repo / ".dvc" / "cache" / "files" / "md5"
    damaged = next(path for path in _objects(cache) if not path.name.endswith(".dir"))
    good = damaged.read_bytes()
    damaged.chmod(0o644)
    damaged.write_bytes(good[:-1] + b"?")
    shutil.rmtree(repo / "datasets/golden/orders")
    shutil.rmtree(repo / "datasets/golden/customers")
    healed = tdmvc("pull", "--format", "json").json
    assert healed["moved"] == 1
    assert damaged.read_bytes() == good
    assert tdmvc("verify", "--format", "json").json["findings"] == []
    assert tdmvc("sql", "select count(*) from orders", "--format", "json").json["rows"] == [[2]]


def test_a_damaged_object_is_never_pushed(tdmvc: Tdmvc, repo: Path) -> None:
    cache = repo / ".dvc" / "cache" / "files" / "md5"
    damaged = next(path for path in _objects(cache) if not path.name.endswith(".dir"))
    damaged.chmod(0o644)
    damaged.write_bytes(b"PAR1 not what its name says")
    assert "damaged" in tdmvc("push", code=6).err
    assert not any(path.read_bytes().startswith(b"PAR1 not") for path in _objects(repo.parent / "near"))


def test_pull_refuses_to_overwrite_edits(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("push")
    part = next((repo / "datasets/golden/orders").iterdir())
    part.unlink()
    (repo / "datasets/golden/orders" / "mine.parquet").write_bytes(b"PAR1 mine")
    assert "--force" in tdmvc("pull", code=4).err
    tdmvc("pull", "--force")
    assert part.is_file()
