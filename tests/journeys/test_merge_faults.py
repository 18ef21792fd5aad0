"""A merge whose rows are missing, or that is killed: nothing is lost, and the next command finds a whole state."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.builders import CONFLICTS, POINTER, START, Stage, copy_stage, make_stage
from tests.journeys.command_runner import CommandRunner
from tests.series import trials

ENDS = {1: {1: "theirs", 2: "void", 3: "open", 4: "done"}, 0: {1: "ours", 2: "open", 3: "open", 4: "done"}}


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = make_stage(template, tmp_path_factory.mktemp("faults"))
    stage.branch("clash", {**START, 1: "theirs", 2: "void"})
    stage.commit({**START, 1: "ours", 4: "done"}, "Ours")
    stage.run("checkout", "golden")
    return stage


@pytest.fixture
def stage(made: Stage, tmp_path: Path) -> Stage:
    return copy_stage(made, tmp_path)


def _cache(stage: Stage) -> Path:
    return stage.root / ".dvc/cache/files"


def _with_remote(stage: Stage) -> Path:
    """Push everything to a remote, and forget what is here."""
    remote = stage.beside / "remote"
    with (stage.root / ".dvc/config.local").open("a") as file:
        file.write(f"[core]\n    remote = near\n['remote \"near\"']\n    url = {remote}\n")
    for ref in ("golden@main", "golden@clash", "golden@main~1"):
        stage.run("push", ref)
    shutil.rmtree(_cache(stage))
    return remote


def test_rows_that_are_missing_here_are_fetched_for_the_merge(stage):
    _with_remote(stage)
    assert stage.try_git("merge", "clash").returncode == 1
    assert (stage.root / CONFLICTS).is_file()
    stage.resolve("--theirs", code=0)
    assert stage.rows() == ENDS[1]


def test_rows_that_are_nowhere_leave_a_conflict_that_is_settled_when_they_come(stage):
    aside = stage.beside / "aside"
    _cache(stage).rename(aside)
    output = stage.try_git("merge", "clash")
    assert output.returncode == 1
    assert "the rows were not merged" in output.stderr
    assert "tdmvc resolve golden orders" in output.stderr
    assert (stage.root / POINTER).read_text().startswith("<<<<<<< ")
    assert not (stage.root / CONFLICTS).exists()
    assert stage.git("status", "--porcelain") == f"UU {POINTER}"
    assert "conflict" in stage.run("status")
    assert "tdmvc push" in stage.run("resolve", "--theirs", code=6)
    assert stage.unmerged() != ""
    shutil.copytree(aside, _cache(stage), dirs_exist_ok=True)
    stage.resolve("--theirs", code=0)
    assert stage.rows() == ENDS[1]


def test_a_merge_without_its_rows_can_be_aborted(stage):
    before = (stage.root / POINTER).read_bytes()
    _cache(stage).rename(stage.beside / "aside")
    stage.try_git("merge", "clash")
    stage.git("merge", "--abort")
    assert (stage.root / POINTER).read_bytes() == before
    assert stage.git("status", "--porcelain") == ""


def test_a_remote_that_cannot_be_reached_leaves_a_conflict_too(stage):
    shutil.rmtree(_with_remote(stage))
    output = stage.try_git("merge", "clash")
    assert output.returncode == 1
    assert "the rows were not merged" in output.stderr
    assert (stage.root / POINTER).read_text().startswith("<<<<<<< ")


def test_a_damaged_part_is_never_merged(stage):
    for part in _cache(stage).rglob("*"):
        if part.is_file() and part.read_bytes()[:4] == b"PAR1":
            part.chmod(0o644)
            part.write_bytes(part.read_bytes()[:-1] + b"x")
    output = stage.try_git("merge", "clash")
    assert output.returncode == 1
    assert "the rows were not merged" in output.stderr


def _merge_killed(stage: Stage, after: float) -> None:
    """Begin a merge, and kill Git with its driver, or the driver alone, as hard as can be."""
    process = subprocess.Popen(
        ["git", "merge", "clash"],
        cwd=stage.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(after)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(trials(8, 2)))
def test_a_merge_that_is_killed_can_be_done_again(stage, seed):
    _merge_killed(stage, random.Random(seed).uniform(0.0, 0.8))
    (stage.root / ".git/index.lock").unlink(missing_ok=True)
    stage.run("status")
    stage.try_git("merge", "--abort")
    stage.git("reset", "-q", "--hard")
    assert stage.rows() == ENDS[0]
    assert stage.try_git("merge", "clash").returncode == 1
    stage.resolve("--theirs", code=0)
    assert stage.rows() == ENDS[1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(trials(6, 2)))
def test_a_driver_that_is_killed_leaves_an_ordinary_conflict(stage, seed):
    """Git continues if only its driver dies."""
    after = random.Random(seed).uniform(0.05, 0.6)
    setting = stage.git("config", "merge.tdmvc.driver")
    killer = (
        "import os, runpy, sys, threading; sys.argv[0] = 'tdmvc'; "
        f"threading.Timer({after}, os.kill, (os.getpid(), 9)).start(); "
        "runpy.run_module('tdmvc', run_name='__main__')"
    )
    slain = setting.replace("-m tdmvc", f'-c "{killer}"')
    assert slain != setting
    stage.git("config", "merge.tdmvc.driver", slain)
    assert stage.try_git("merge", "clash").returncode == 1
    assert "<<<<<<< " in (stage.root / POINTER).read_text()
    stage.git("config", "merge.tdmvc.driver", setting)
    stage.resolve("--theirs", code=0)
    assert stage.rows() == ENDS[1]


def test_a_driver_that_dies_after_it_wrote_a_conflict_leaves_that_conflict(stage):
    setting = stage.git("config", "merge.tdmvc.driver")
    dies = "import os, tdmvc.cli.main as m, sys; sys.argv[0] = 'tdmvc'; m.run(); os.kill(os.getpid(), 9)"
    stage.git("config", "merge.tdmvc.driver", setting.replace("-m tdmvc", f'-c "{dies}"'))
    assert stage.try_git("merge", "clash").returncode == 1
    assert (stage.root / POINTER).read_text().count("<<<<<<< ") == 1
    stage.git("config", "merge.tdmvc.driver", setting)
    stage.resolve("--theirs", code=0)
    assert stage.rows() == ENDS[1]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory):
    runner = CommandRunner(tmp_path_factory.mktemp("runner"))
    yield runner
    runner.close()


@pytest.mark.slow
def test_a_resolve_that_is_killed_at_any_instant_is_finished_by_the_next(made, tmp_path, runner):
    first = copy_stage(made, tmp_path / "first")
    first.try_git("merge", "clash")
    words = ["-C", str(first.root), "resolve", "golden", "orders", "--theirs"]
    seconds = runner.run(words).seconds
    chance = random.Random(7)
    for turn in range(trials(25, 4)):
        stage = copy_stage(made, tmp_path / str(turn))
        stage.try_git("merge", "clash")
        words[1] = str(stage.root)
        runner.run(words, signal=signal.SIGKILL, after=chance.uniform(0.0, seconds * 1.1))
        (stage.root / ".git/index.lock").unlink(missing_ok=True)
        text = (stage.root / POINTER).read_text()
        assert text.startswith("<<<<<<< ") or text.startswith("outs:")
        if "Unresolved" in stage.run("resolve", code=None):
            stage.run("resolve", "--theirs")
        assert stage.rows() == ENDS[1]
        assert stage.unmerged() == ""
        assert not (stage.root / CONFLICTS).parent.exists()
        stage.git("commit", "-q", "-m", "Merged")
        assert "Clean" in stage.run("status")
        shutil.rmtree(stage.root)
