"""`operation_sides` returns what an operation that stopped at a conflict joins, and the common base."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.gitrepo.index import operation_sides
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.merge import Side

Shell = Callable[..., str]


@pytest.fixture
def ids(app: Path, shell: Shell) -> dict[str, str]:
    """A file with the texts base, middle and ours on main, and base, early and late on `side`."""
    found: dict[str, str] = {}

    def commit(text: str) -> None:
        (app / "file").write_text(text)
        shell(app, "add", "file")
        shell(app, "commit", "--quiet", "-m", text)
        found[text] = shell(app, "rev-parse", "HEAD")

    commit("base")
    shell(app, "switch", "--quiet", "--create", "side")
    commit("early")
    commit("late")
    shell(app, "switch", "--quiet", "main")
    commit("middle")
    commit("ours")
    return found


@pytest.mark.parametrize(
    ("words", "sides"),
    [
        (("merge", "side"), {Side.BASE: "base", Side.OURS: "ours", Side.THEIRS: "late"}),
        (("cherry-pick", "side"), {Side.BASE: "early", Side.OURS: "ours", Side.THEIRS: "late"}),
        (("revert", "HEAD~1"), {Side.BASE: "middle", Side.OURS: "ours", Side.THEIRS: "base"}),
        (("cherry-pick", "HEAD~2"), {Side.OURS: "ours", Side.THEIRS: "base"}),
        (("rebase", "side"), {Side.BASE: "base", Side.OURS: "late", Side.THEIRS: "middle"}),
        (("status",), {Side.OURS: "ours"}),
    ],
)
def test_each_operation_has_its_own_base(
    app: Path, ids: dict[str, str], words: tuple[str, ...], sides: dict[Side, str]
) -> None:
    subprocess.run(["git", *words], cwd=app, capture_output=True, check=False)
    assert operation_sides(GitRepo.find(app)) == {side: ids[text] for side, text in sides.items()}
