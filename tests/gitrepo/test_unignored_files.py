import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.gitrepo.repository import GitRepo

COMMIT = Callable[..., str]


def test_a_build_s_copy_is_not_listed_and_what_is_new_is(repo: GitRepo, app: Path, commit: COMMIT) -> None:
    commit({".gitignore": "build/\n*.log\n", "db/1.sql": "", "db/gone.sql": ""})
    for name in ("build/lib/db/1.sql", "db/2 ü.sql", "db/noise.log"):
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text("")
    (app / "db/gone.sql").unlink()
    tree = repo.unignored_tree()
    assert tree.list_files() == [".gitignore", "db/1.sql", "db/2 ü.sql"]
    assert tree.list_files("db") == tree.list_files("./db/") == ["db/1.sql", "db/2 ü.sql"]
    assert tree.list_files("no/such") == []


def test_an_ignored_folder_is_read_if_it_is_named(repo: GitRepo, app: Path, commit: COMMIT) -> None:
    commit({".gitignore": "generated/\n"})
    (app / "generated").mkdir()
    (app / "generated/1.sql").write_text("")
    tree = repo.unignored_tree()
    assert tree.list_files("generated") == ["generated/1.sql"]
    assert tree.list_files() == [".gitignore"]


def test_a_nested_repository_is_listed_if_it_is_named(
    repo: GitRepo, app: Path, commit: COMMIT, shell: Callable[..., str]
) -> None:
    commit({"a.sql": ""})
    (app / "inner").mkdir()
    shell(app / "inner", "init", "--quiet")
    (app / "inner/1.sql").write_text("")
    tree = repo.unignored_tree()
    assert tree.list_files() == ["a.sql"]
    assert tree.list_files("inner") == ["inner/1.sql"]


def test_a_file_replaced_by_a_link_is_not_listed(
    repo: GitRepo, app: Path, commit: COMMIT, tmp_path: Path
) -> None:
    commit({"db/1.sql": "", "a.sql": ""})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/1.sql").write_text("secret")
    (app / "db/1.sql").unlink()
    (app / "db").rmdir()
    os.symlink(tmp_path / "elsewhere", app / "db")
    os.symlink(tmp_path / "elsewhere/1.sql", app / "link.sql")
    tree = repo.unignored_tree()
    assert tree.list_files() == ["a.sql"]
    assert tree.list_files("db") == []
    assert tree.read_text("db/1.sql") is None


def test_a_file_in_conflict_is_listed_once(
    repo: GitRepo, app: Path, commit: COMMIT, shell: Callable[..., str]
) -> None:
    commit({"db/1.sql": "a"})
    shell(app, "switch", "--quiet", "-c", "other")
    commit({"db/1.sql": "b"})
    shell(app, "switch", "--quiet", "main")
    commit({"db/1.sql": "c"})
    with pytest.raises(Exception, match="merge"):
        shell(app, "merge", "other")
    assert repo.unignored_tree().list_files("db") == ["db/1.sql"]


def test_without_git_all_files_are_listed(
    repo: GitRepo, app: Path, commit: COMMIT, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"db/1.sql": ""})
    monkeypatch.setenv("GIT_PYTHON_GIT_EXECUTABLE", "no-such-git")
    tree = repo.unignored_tree()
    assert tree.list_files("db") == tree.list_files() == ["db/1.sql"]
