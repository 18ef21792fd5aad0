"""A link in the repository that leads outside is never followed for writing, and no command crashes on one."""

import os
import shutil
from pathlib import Path

import pytest

from tests.builders import Tdmvc, add_tables, commit_all, git

PLACES = {
    "the folder of all datasets": "datasets",
    "a dataset": "datasets/golden",
    "a table": "datasets/golden/orders",
    "the versions": "datasets/golden/versions",
    "the contract": "datasets/golden/contract.yaml",
    "the manifest": "datasets/golden/dataset.yaml",
    "a pointer": "datasets/golden/orders.dvc",
}
COMMANDS = (
    "status", "check", "show golden", "diff", "add golden {source} --table orders", "publish golden",
    "checkout golden@1.0.0", "checkout golden --force", "revert golden HEAD", "yank golden@1.0.0 --reason bad",
    "merge other", "build golden {source}",
)  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
def test_no_command_writes_through_a_link(repo: Path, tdmvc: Tdmvc, tmp_path: Path, place: str) -> None:
    add_tables(repo, {"orders": "id,status\n1,new\n"})
    tdmvc("publish", "golden", "1.0.0")
    commit_all(repo, "Publish")
    git(repo, "switch", "-q", "-c", "other")
    add_tables(repo, {"orders": "id,status\n1,new\n2,theirs\n"})
    commit_all(repo, "Theirs")
    git(repo, "switch", "-q", "main")
    outside = tmp_path / "outside" / Path(place).name
    outside.parent.mkdir()
    shutil.move(repo / place, outside)
    os.symlink(outside, repo / place)
    source = tmp_path / "rows.csv"
    source.write_text("id,status\n1,new\n3,ours\n")
    before = contents(outside.parent)
    for words in COMMANDS:
        ran = tdmvc(*words.format(source=source).split(), code=None)
        assert ran.code != 70, (words, ran.err)
        assert contents(outside.parent) == before, words
