"""Repositories that nobody means well: loops, huge files, submodules in place of folders, broken objects."""

import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tdmvc.errors import NotFoundError, TdmvcError, UnreadableFileError
from tdmvc.gitrepo.merge_preview import preview_merge
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.gitrepo.trees import MAX_TEXT_BYTES

Commit = Callable[..., str]
Shell = Callable[..., str]

MEGABYTE = 1 << 20


@contextmanager
def flat_memory(most_bytes: int = 8 * MEGABYTE) -> Iterator[None]:
    """Fail where more is held at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most_bytes
    finally:
        tracemalloc.stop()


def test_links_in_a_cycle_are_not_files(app: Path, repo: GitRepo, commit: Commit) -> None:
    (app / "db" / "deep").mkdir(parents=True)
    (app / "db" / "up").symlink_to("..")
    (app / "db" / "self").symlink_to("self")
    (app / "db" / "one").symlink_to("two")
    (app / "db" / "two").symlink_to("one")
    (app / "db" / "deep" / "back").symlink_to(app / "db")
    commit({"db/deep/a.sql": "1"})
    for tree in (repo.work_tree(), repo.tree("HEAD")):
        assert tree.list_files() == tree.list_files("db") == ["db/deep/a.sql"]
        for path in ("db/self", "db/one", "db/deep/back/deep/a.sql", "db/up/db/deep/a.sql"):
            assert tree.read_text(path) is None


def test_a_huge_file_is_refused_with_its_name_and_takes_no_memory(
    app: Path, repo: GitRepo, commit: Commit
) -> None:
    with open(app / "V1__load.sql", "wb") as file:
        file.truncate(100 * MEGABYTE)
    commit({"V2__small.sql": "SELECT 1"})
    for tree in (repo.work_tree(), repo.tree("HEAD")):
        with flat_memory():
            with pytest.raises(UnreadableFileError, match=r"105 MB\. The limit is 34 MB") as error:
                tree.read_text("V1__load.sql")
            assert error.value.where == "V1__load.sql"
            with pytest.raises(UnreadableFileError):
                list(tree.read_texts(["V2__small.sql", "V1__load.sql"]))
            # What comes after it is still read.
            assert tree.read_text("V2__small.sql") == "SELECT 1"


def test_a_file_of_just_the_limit_is_read(app: Path, repo: GitRepo) -> None:
    for size, is_read in ((MAX_TEXT_BYTES, True), (MAX_TEXT_BYTES + 1, False)):
        with open(app / "a.sql", "wb") as file:
            file.truncate(size)
        if is_read:
            assert len(repo.work_tree().read_text("a.sql") or "") == size
        else:
            with pytest.raises(UnreadableFileError):
                repo.work_tree().read_text("a.sql")


def test_many_files_take_no_more_memory_than_a_few(repo: GitRepo, commit: Commit) -> None:
    commit({f"db/{number:03d}.sql": f"-- {number}\n" + "x" * 200_000 for number in range(300)})
    tree = repo.tree("HEAD")
    paths = tree.list_files("db")
    with flat_memory(4 * MEGABYTE):
        assert sum(len(text) for _, text in tree.read_texts(paths)) > 300 * 200_000


def test_texts_may_be_read_while_others_are_being_read(repo: GitRepo, commit: Commit) -> None:
    commit({f"db/{number:03d}.sql": str(number) for number in range(200)})
    tree = repo.tree("HEAD")
    paths = tree.list_files("db")
    seen = []
    for path, text in tree.read_texts(paths):
        others = dict(tree.read_texts(paths[:7])) if path.endswith("5.sql") else {}
        seen.append((path, text, tree.read_text(path)))
        assert others in ({}, {f"db/{number:03d}.sql": str(number) for number in range(7)})
    assert seen == [(f"db/{number:03d}.sql", str(number), str(number)) for number in range(200)]
    # A reader that stops early leaves nothing behind that a later one would take for its own.
    assert next(iter(tree.read_texts(paths))) == ("db/000.sql", "0")
    assert [text for _, text in tree.read_texts(reversed(paths))] == [str(n) for n in reversed(range(200))]


def test_names_of_any_bytes_are_listed_and_read(app: Path, repo: GitRepo, shell: Shell) -> None:
    names = [b"a\nb.sql", b"caf\xe9.sql", "\u202eodd.sql".encode(), b"tab\t.sql", b'quote".sql', b" .sql"]
    for name in names:
        with open(os.fsencode(app) + b"/" + name, "wb") as file:
            file.write(b"x")
    shell(app, "add", "--all")
    shell(app, "commit", "--quiet", "-m", "names")
    for tree in (repo.work_tree(), repo.tree("HEAD")):
        paths = tree.list_files()
        assert [os.fsencode(path) for path in paths] == sorted(names)
        assert [text for _, text in tree.read_texts(paths)] == ["x"] * len(names)


def test_a_submodule_is_known_and_lists_nothing(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    sha = commit({"a": "1"})
    shell(app, "update-index", "--add", "--cacheinfo", f"160000,{sha},lib/db")
    shell(app, "commit", "--quiet", "-m", "submodule")
    tree = repo.tree("HEAD")
    assert tree.list_files("lib") == tree.list_files("lib/db") == []
    assert list(getattr(tree, "submodules", ())) == ["lib/db"]


def test_a_damaged_object_is_an_error_and_not_an_empty_file(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    commit({f"{number}.sql": f"-- {number}" for number in range(20)})
    sha = shell(app, "rev-parse", "HEAD:7.sql")
    path = app / ".git" / "objects" / sha[:2] / sha[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    tree = repo.tree("HEAD")
    with pytest.raises(TdmvcError, match="git fsck"):
        list(tree.read_texts(tree.list_files()))
    path.unlink()
    with pytest.raises(TdmvcError, match="git fsck"):
        tree.read_text("7.sql")
    assert tree.read_text("8.sql") == "-- 8"


def test_a_merge_preview_gives_both_sides_and_names_what_is_in_conflict(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    commit({"a": "1\n", "gone": "1\n", "both": "1\n"})
    shell(app, "checkout", "--quiet", "-b", "side")
    commit({"b": "2\n", "both": "side\n", "new": "side\n", "gone": "side\n"})
    shell(app, "checkout", "--quiet", "main")
    (app / "gone").unlink()
    commit({"c": "3\n", "both": "main\n", "new": "main\n"})
    merged = preview_merge(repo, "HEAD", "side")
    assert merged.label == "the merge of HEAD and side"
    assert {"a", "b", "c", "both", "new"} <= set(merged.list_files())
    assert [merged.read_text(path) for path in "abc"] == ["1\n", "2\n", "3\n"]
    for path in ("both", "new", "gone"):
        with pytest.raises(UnreadableFileError, match=r"in conflict in the merge of HEAD and side") as error:
            merged.read_text(path)
        assert error.value.where == path
    assert shell(app, "status", "--porcelain") == ""
    assert preview_merge(repo, "main", "main").read_text("both") == "main\n"
    with pytest.raises(NotFoundError):
        preview_merge(repo, "HEAD", "nowhere")


def test_the_commits_that_removed_files_are_listed_newest_first(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    commit({"db/a": "1", "db/b": "2", "other": "x"})
    (app / "other").unlink()
    commit({})
    (app / "db" / "a").unlink()
    first = commit({})
    shell(app, "mv", "db/b", "db/c")
    second = commit({})
    assert repo.commits_that_removed(["HEAD"], "db", most=9) == [second, first]
    assert repo.commits_that_removed(["HEAD"], "db", most=1) == [second]
    assert repo.commits_that_removed([first], "db", most=9) == [first]
    assert repo.commits_that_removed(["HEAD"], "nowhere", most=9) == []
