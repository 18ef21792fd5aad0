"""A merge whose rows are missing, or that is killed: nothing is lost, and the next command finds a whole state."""

import random
import shutil
from pathlib import Path

import pytest

from tests.builders import CONFLICTS, POINTER, START, MergeRepo, copy_merge_repo, make_merge_repo
from tests.series import trials

ENDS = {1: {1: "theirs", 2: "void", 3: "open", 4: "done"}, 0: {1: "ours", 2: "open", 3: "open", 4: "done"}}


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> MergeRepo:
    repo = make_merge_repo(template, tmp_path_factory.mktemp("faults"))
    repo.branch("clash", {**START, 1: "theirs", 2: "void"})
    repo.commit({**START, 1: "ours", 4: "done"}, "Ours")
    repo.run("checkout", "golden")
    return repo


@pytest.fixture
def repo(made: MergeRepo, tmp_path: Path) -> MergeRepo:
    return copy_merge_repo(made, tmp_path)


def _cache(repo: MergeRepo) -> Path:
    return repo.root / ".dvc/cache/files"


def _with_remote(repo: MergeRepo) -> Path:
    """Push everything to a remote, and forget what is here."""
    remote = repo.parent / "remote"
    with (repo.root / ".dvc/config.local").open("a") as file:
        file.write(f"[core]\n    remote = near\n['remote \"near\"']\n    url = {remote}\n")
    for ref in ("golden@main", "golden@clash", "golden@main~1"):
        repo.run("push", ref)
    shutil.rmtree(_cache(repo))
    return remote


def test_rows_that_are_missing_here_are_fetched_for_the_merge(repo):
    _with_remote(repo)
    assert repo.try_git("merge", "clash").returncode == 1
    assert (repo.root / CONFLICTS).is_file()
    repo.resolve("--theirs", code=0)
    assert repo.rows() == ENDS[1]


def test_missing_rows_leave_a_conflict_that_is_resolved_when_they_arrive(repo):
    aside = repo.parent / "aside"
    _cache(repo).rename(aside)
    output = repo.try_git("merge", "clash")
    assert output.returncode == 1
    assert "the rows were not merged" in output.stderr
    assert "tdmvc resolve golden orders" in output.stderr
    assert (repo.root / POINTER).read_text().startswith("<<<<<<< ")
    assert not (repo.root / CONFLICTS).exists()
    assert repo.git("status", "--porcelain") == f"UU {POINTER}"
    assert "conflict" in repo.run("status")
    assert "tdmvc push" in repo.run("resolve", "--theirs", code=6)
    assert repo.unmerged() != ""
    shutil.copytree(aside, _cache(repo), dirs_exist_ok=True)
    repo.resolve("--theirs", code=0)
    assert repo.rows() == ENDS[1]


def test_a_merge_without_its_rows_can_be_aborted(repo):
    before = (repo.root / POINTER).read_bytes()
    _cache(repo).rename(repo.parent / "aside")
    repo.try_git("merge", "clash")
    repo.git("merge", "--abort")
    assert (repo.root / POINTER).read_bytes() == before
    assert repo.git("status", "--porcelain") == ""


def test_a_remote_that_cannot_be_reached_leaves_a_conflict_too(repo):
    shutil.rmtree(_with_remote(repo))
    output = repo.try_git("merge", "clash")
    assert output.returncode == 1
    assert "the rows were not merged" in output.stderr
    assert (repo.root / POINTER).read_text().startswith("<<<<<<< ")


def test_a_damaged_part_is_never_merged(repo):
    for part in _cache(repo).rglob("*"):
        if part.is_file() and part.read_bytes()[:4] == b"PAR1":
            part.chmod(0o644)
            part.write_bytes(part.read_bytes()[:-1] + b"x")
    output = repo.try_git("merge", "clash")
    assert output.returncode == 1
    assert "the rows were not merged" in output.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(trials(6, 2)))
def test_a_killed_driver_leaves_an_ordinary_conflict(repo, seed):
    """Git continues if only its driver dies."""
    after = random.Random(seed).uniform(0.05, 0.6)
    setting = repo.git("config", "merge.tdmvc.driver")
    killer = (
        "import os, runpy, sys, threading; sys.argv[0] = 'tdmvc'; "
        f"threading.Timer({after}, os.kill, (os.getpid(), 9)).start(); "
        "runpy.run_module('tdmvc', run_name='__main__')"
    )
    slain = setting.replace("-m tdmvc", f'-c "{killer}"')
    assert slain != setting
    repo.git("config", "merge.tdmvc.driver", slain)
    assert repo.try_git("merge", "clash").returncode == 1
    assert "<<<<<<< " in (repo.root / POINTER).read_text()
    repo.git("config", "merge.tdmvc.driver", setting)
    repo.resolve("--theirs", code=0)
    assert repo.rows() == ENDS[1]


def test_a_driver_that_dies_after_it_wrote_a_conflict_leaves_that_conflict(repo):
    setting = repo.git("config", "merge.tdmvc.driver")
    dies = "import os, tdmvc.cli.main as m, sys; sys.argv[0] = 'tdmvc'; m.run(); os.kill(os.getpid(), 9)"
    repo.git("config", "merge.tdmvc.driver", setting.replace("-m tdmvc", f'-c "{dies}"'))
    assert repo.try_git("merge", "clash").returncode == 1
    assert (repo.root / POINTER).read_text().count("<<<<<<< ") == 1
    repo.git("config", "merge.tdmvc.driver", setting)
    repo.resolve("--theirs", code=0)
    assert repo.rows() == ENDS[1]


def test_what_a_driver_wrote_when_it_was_killed_is_gone_after_the_next_merge(repo):
    setting = repo.git("config", "merge.tdmvc.driver")
    dies = (
        "import os, tdmvc.cli.main as m, sys; sys.argv[0] = 'tdmvc'; "
        "os.replace = lambda *_: os.kill(os.getpid(), 9); m.run()"
    )
    folder = repo.root / CONFLICTS
    left: set[str] = set()
    for driver in (setting.replace("-m tdmvc", f'-c "{dies}"'), setting):
        repo.git("config", "merge.tdmvc.driver", driver)
        assert repo.try_git("merge", "clash").returncode == 1
        left = {path.name for path in folder.parent.rglob(".tdmvc-*")}
        repo.git("merge", "--abort")
        assert left or driver == setting
    assert left == set()
