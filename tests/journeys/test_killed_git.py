"""A Git that is killed while tdmvc waits for it: an error that says so, never an answer."""

import os
from pathlib import Path

import pytest

from tdmvc.gitrepo.commands import GitCommands, GitFailure
from tests.builders import Tdmvc, commit_all, git


@pytest.fixture
def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder; a Git command whose name is the name of a file in it is killed before it does anything."""
    folder = tmp_path / "killed"
    folder.mkdir()
    real = os.popen("command -v git").read().strip()
    program = tmp_path / "git"
    program.write_text(
        f'#!/bin/sh\nfor word; do [ -e "{folder}/$word" ] && kill -9 $$; done\nexec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr("git.Git.GIT_PYTHON_GIT_EXECUTABLE", str(program))
    return folder


def test_a_killed_git_is_named_with_its_signal(repo: Path, killed: Path) -> None:
    (killed / "rev-parse").touch()
    commands = GitCommands(repo)
    for run in (commands.run, commands.try_run, commands.ask):
        with pytest.raises(GitFailure, match="`git rev-parse` was ended by signal 9"):
            run("rev-parse", "HEAD")
    assert commands.run_to_end("rev-parse", "HEAD") == (-9, "was ended by signal 9")


@pytest.mark.parametrize("mode", ["--no-ff", "--ff-only"])
def test_a_merge_whose_git_is_killed_says_what_state_it_is_in(
    repo: Path, tdmvc: Tdmvc, killed: Path, mode: str
) -> None:
    git(repo, "switch", "-q", "-c", "feature")
    (repo / "code.py").write_text("code\n")
    commit_all(repo, "Code")
    git(repo, "switch", "-q", "main")
    (killed / "merge").touch()
    left = [repo / ".merge_file_a1b2c3", repo / ".tdmvc-git-merge-0123456789ab.tmp"]
    for path in left:
        path.touch()  # as a killed Git leaves what it gave to a merge driver, and a killed driver its result
    refused = tdmvc("merge", "feature", mode, code=4)
    assert "The merge of feature was interrupted; nothing is written yet." in refused.err
    assert "merge again: `tdmvc merge feature`" in refused.err
    assert not any(path.exists() for path in left)
    (killed / "merge").unlink()
    tdmvc("merge", "feature", mode)
    assert (repo / "code.py").exists()


def test_a_lock_that_a_message_of_git_does_not_name_is_named(
    repo: Path, tdmvc: Tdmvc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tdmvc.gitrepo.index_lock.LOCK_SECONDS", 0.2)
    git(repo, "switch", "-q", "-c", "feature")
    (repo / "code.py").write_text("code\n")
    commit_all(repo, "Code")
    git(repo, "switch", "-q", "main")
    (repo / "other.py").write_text("other\n")
    commit_all(repo, "Other")
    # With a changed file, Git asks `git stash` first, and says only that it failed.
    (repo / "VERSION").write_text("2.0.0\n")
    (repo / ".git/index.lock").touch()
    refused = tdmvc("merge", "feature", code=6)
    assert str(repo / ".git/index.lock") in refused.err
    assert "remove that file" in refused.err
    (repo / ".git/index.lock").unlink()
    tdmvc("merge", "feature")


def test_a_lock_of_head_that_a_killed_git_left_is_named_with_the_way_out(repo: Path, tdmvc: Tdmvc) -> None:
    git(repo, "switch", "-q", "-c", "feature")
    (repo / "code.py").write_text("theirs\n")
    commit_all(repo, "Theirs")
    git(repo, "switch", "-q", "main")
    (repo / "code.py").write_text("ours\n")
    commit_all(repo, "Ours")
    tdmvc("merge", "feature", code=4)
    lock = repo / ".git/HEAD.lock"
    lock.touch()
    refused = tdmvc("merge", "--abort", code=6)
    assert "Git's HEAD has been locked since" in refused.err
    assert "HEAD.lock" in refused.err
    lock.unlink()
    tdmvc("merge", "--abort")
    assert (repo / "code.py").read_text() == "ours\n"
