"""`validate --rows DIR` removes nothing but earlier failing rows, and never writes into the folders of others."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.builders import Tdmvc, add_tables, commit_all, copy_repo, git

CONTRACT = Path("datasets/golden/contract.yaml")


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tables, of which each has a row that breaks a rule."""
    app = copy_repo(template, tmp_path_factory.mktemp("folders") / "app")
    add_tables(app, {"orders": "id,quantity\n1,5\n2,50\n", "items": "id,quantity\n1,5\n2,50\n"})
    text = (app / CONTRACT).read_text()
    limit = "      - name: quantity\n        logicalTypeOptions: {maximum: 9}\n"
    (app / CONTRACT).write_text(text.replace("      - name: quantity\n", limit))
    commit_all(app, "Rules")
    return app


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    return copy_repo(made, tmp_path / "app")


def validate(tdmvc: Tdmvc, folder: Path | str, code: int, *words: str) -> str:
    return tdmvc("validate", *words, "--rows", folder, code=code).err


def test_rows_of_an_earlier_validation_are_replaced(repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    folder = tmp_path / "failing"
    validate(tdmvc, folder, 1)
    assert sorted(path.name for path in folder.iterdir()) == ["items.parquet", "orders.parquet"]
    assert pq.read_table(folder / "orders.parquet").column("_rules").to_pylist() == [
        ["orders.quantity.range"]
    ]
    text = (repo / CONTRACT).read_text()
    (repo / CONTRACT).write_text(text.replace("maximum: 9", "maximum: 99", 1))
    validate(tdmvc, folder, 1)
    assert len(list(folder.iterdir())) == 1
    (repo / CONTRACT).write_text(text.replace("maximum: 9", "maximum: 99"))
    validate(tdmvc, folder, 0)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "place", ["datasets", "datasets/golden/orders", ".git", ".git/new", ".dvc", ".dvc/tmp/x", "a/../.git"]
)
def test_folders_of_others_are_refused(repo: Path, tdmvc: Tdmvc, place: str) -> None:
    before = {path for path in repo.rglob("*") if path.suffix == ".parquet"}
    error = validate(tdmvc, repo / place, 2)
    assert "name a folder outside of it" in error
    assert {path for path in repo.rglob("*") if path.suffix == ".parquet"} == before


@pytest.mark.parametrize("name", ["mine.txt", "orders.parquet", "folder", "link.parquet"])
def test_a_folder_with_files_of_others_is_refused(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    if name == "folder":
        (folder / name).mkdir()
    elif name.startswith("link"):
        validate(tdmvc, tmp_path / "other", 1)
        (folder / name).symlink_to(tmp_path / "other" / "orders.parquet")
    elif name == "mine.txt":
        (folder / name).write_text("mine")
    else:
        (part,) = (repo / "datasets/golden/orders").glob("*.parquet")
        (folder / name).write_bytes(part.read_bytes())
    error = validate(tdmvc, folder, 2)
    assert f"did not write: {name}" in error
    assert "name a new folder" in error
    assert [path.name for path in folder.iterdir()] == [name]
    validate(tdmvc, folder / "new", 1)


def test_nothing_is_written_through_a_link_in_the_work_tree(repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo / "failing").symlink_to(outside)
    for place in ("failing", "failing/below"):
        assert "symbolic link" in validate(tdmvc, repo / place, 2)
    assert list(outside.iterdir()) == []
    # A link of the person's own, outside of the work tree, is theirs to follow.
    (tmp_path / "own").symlink_to(outside)
    validate(tdmvc, tmp_path / "own", 1)
    assert len(list(outside.iterdir())) == 2
    inward = tmp_path / "inward"
    inward.symlink_to(repo / ".git")
    assert "name a folder outside of it" in validate(tdmvc, inward, 2)


def test_each_of_several_states_has_a_folder_of_its_own(repo: Path, tdmvc: Tdmvc, tmp_path: Path) -> None:
    git(repo, "tag", "before")
    validate(tdmvc, tmp_path / "failing", 1, "golden", "golden@before")
    found = sorted(
        path.relative_to(tmp_path / "failing").as_posix()
        for path in (tmp_path / "failing").rglob("*.parquet")
    )
    assert found == [
        f"{state}/{table}.parquet" for state in ("golden", "golden@before") for table in ("items", "orders")
    ]
