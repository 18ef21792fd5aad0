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
    said = stage.try_git("merge", "clash")
    assert said.returncode == 1
    assert "the rows were not merged" in said.stderr
    assert "tdmvc resolve golden orders" in said.stderr
    assert (stage.root / POINTER).read_text().startswith("        if "Unresolved" in stage.run("resolve", code=None):
            stage.run("resolve", "--theirs")
        assert stage.rows() == ENDS[1]
        assert stage.unmerged() == ""
        assert not (stage.root / CONFLICTS).parent.exists()
        stage.git("commit", "-q", "-m", "Merged")
        assert "Clean" in stage.run("status")
        shutil.rmtree(stage.root)
