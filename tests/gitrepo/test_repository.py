"""Revisions, trees, tags and commits in real repositories."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tdmvc.errors import NotFoundError, UsageError
from tdmvc.gitrepo.commits import commit_only, create_annotated_tag
from tdmvc.gitrepo.repository import GitRepo

Commit = Callable[..., str]
Shell = Callable[..., str]


def test_outside_a_repository_the_error_says_to_run_git_init(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git init"):
        GitRepo.find(tmp_path)


def test_a_repository_is_found_from_a_folder_below_and_from_one_that_is_not_there_yet(app: Path) -> None:
    (app / "a b" / "c").mkdir(parents=True)
    assert GitRepo.find(app / "a b" / "c").root == app.resolve()
    assert GitRepo.find(app / "new" / "folder").root == app.resolve()


def test_a_bare_repository_is_refused(tmp_path: Path, shell: Shell) -> None:
    shell(tmp_path, "init", "--quiet", "--bare", "bare.git")
    with pytest.raises(UsageError, match="bare"):
        GitRepo.find(tmp_path / "bare.git")


def test_the_folder_of_git_itself_is_refused(app: Path) -> None:
    with pytest.raises(UsageError):
        GitRepo.find(app / ".git")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs another owner")
def test_a_repository_of_another_owner_is_reported_as_untrusted_by_git(app: Path) -> None:
    os.chown(app, 12345, 12345)
    os.chown(app / ".git", 12345, 12345)
    with pytest.raises(UsageError, match=r"safe\.directory"):
        GitRepo.find(app)


def test_a_repository_without_commits_has_no_head_and_a_branch(repo: GitRepo) -> None:
    assert repo.head() is None
    assert repo.branch() == "main"
    assert repo.tags() == {}
    assert repo.describe_release("v*") is None
    assert repo.work_tree().list_files() == []


def test_a_detached_head_has_no_branch(repo: GitRepo, app: Path, commit: Commit, shell: Shell) -> None:
    sha = commit({"a": "1"})
    shell(app, "checkout", "--quiet", "--detach")
    assert repo.branch() is None
    assert repo.head() == sha


def test_a_revision_resolves_to_its_commit_whatever_it_is_called(
    repo: GitRepo, app: Path, commit: Commit
) -> None:
    first, second = commit({"a": "1"}), commit({"a": "2"})
    create_annotated_tag(repo, "v1.0.0", "one", commit=first)
    assert [repo.resolve(rev) for rev in ("HEAD", "main", "HEAD~1", "v1.0.0", first[:8])] == [
        second,
        second,
        first,
        first,
        first,
    ]


def test_an_unknown_revision_is_reported_with_similar_names(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    commit({"a": "1"})
    shell(app, "branch", "feature/orders")
    with pytest.raises(NotFoundError, match="feature/orders"):
        repo.resolve("feature/order")


@pytest.mark.parametrize("rev", ["--all", "-h", "", "HEAD\n", "HEAD\0", "HEAD:a", "HEAD^{tree}"])
def test_texts_that_name_no_commit_are_refused(repo: GitRepo, commit: Commit, rev: str) -> None:
    commit({"a": "1"})
    assert repo.try_resolve(rev) is None
    with pytest.raises(NotFoundError):
        repo.resolve(rev)


def test_in_a_shallow_clone_the_error_mentions_the_depth(
    repo: GitRepo, app: Path, tmp_path: Path, commit: Commit, shell: Shell
) -> None:
    first = commit({"a": "1"})
    commit({"a": "2"})
    shell(tmp_path, "clone", "--quiet", "--depth=1", f"file://{app}", "shallow")
    clone = GitRepo.find(tmp_path / "shallow")
    assert clone.is_shallow
    assert not repo.is_shallow
    with pytest.raises(NotFoundError, match="git fetch --deepen"):
        clone.resolve(first)
    assert clone.tree("HEAD").read_text("a") == "2"


def test_a_tree_reads_unusual_paths_and_omits_links_and_submodules(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    sha = commit({"a b/ü.txt": "ä", "a b/\t*.txt": "x", "z": "\ufeffbom", "a": "1"})
    (app / "link").symlink_to("/etc/passwd")
    shell(app, "update-index", "--add", "--cacheinfo", f"160000,{sha},sub")
    shell(app, "add", "link")
    shell(app, "commit", "--quiet", "-m", "links")
    tree = repo.tree("HEAD")
    assert tree.list_files() == ["a", "a b/\t*.txt", "a b/ü.txt", "z"]
    assert tree.list_files("a b") == tree.list_files("a b/") == ["a b/\t*.txt", "a b/ü.txt"]
    assert tree.list_files("nothing") == []
    assert dict(tree.read_texts(["z", "a b/ü.txt", "link", "sub", "gone"])) == {"z": "bom", "a b/ü.txt": "ä"}
    assert tree.label == repo.resolve("HEAD")[:10]


def test_a_tree_stays_the_same_when_the_branch_moves(repo: GitRepo, commit: Commit) -> None:
    commit({"a": "1"})
    old = repo.tree("HEAD")
    commit({"a": "2", "b": "3"})
    assert old.read_text("a") == "1"
    assert old.list_files() == ["a"]
    assert repo.tree("HEAD").read_text("a") == "2"


def test_the_work_tree_follows_no_link_and_leaves_git_and_dvc_out(
    repo: GitRepo, app: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("s3cret")
    for path in (".dvc/cache/x", ".dvc/tmp/y", ".dvc/config", "data/a", "data/.git"):
        (app / path).parent.mkdir(parents=True, exist_ok=True)
        (app / path).write_text("t")
    (app / "linked").symlink_to(secret)
    (app / "data" / "key").symlink_to(secret / "key")
    os.mkfifo(app / "pipe")
    tree = repo.work_tree()
    assert tree.list_files() == [".dvc/config", "data/a"]
    for path in ("linked/key", "data/key", "../secret/key", str(secret / "key"), "data", "pipe", "a\0b"):
        assert tree.read_text(path) is None
    assert tree.list_files("linked") == tree.list_files("..") == tree.list_files("../secret") == []
    assert tree.list_files("data") == ["data/a"]


def test_both_trees_sort_by_bytes(repo: GitRepo, app: Path, commit: Commit) -> None:
    commit({"a/b": "", "a.b": "", "a-b": "", "B": "", "é": "", "z": ""})
    assert (
        repo.tree("HEAD").list_files()
        == repo.work_tree().list_files()
        == ["B", "a-b", "a.b", "a/b", "z", "é"]
    )


def test_bad_bytes_are_replaced_and_not_fatal(repo: GitRepo, app: Path, commit: Commit) -> None:
    (app / "latin").write_bytes(b"caf\xe9")
    commit({})
    assert repo.tree("HEAD").read_text("latin") == repo.work_tree().read_text("latin") == "caf\ufffd"


def test_tags_of_both_kinds_lead_to_their_commits(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    sha = commit({"a": "1"})
    shell(app, "tag", "v1")
    shell(app, "tag", "-a", "-m", "x", "v2")
    shell(app, "tag", "tree", "HEAD^{tree}")
    shell(app, "tag", "golden@v1.0.0")
    assert repo.tags("v*") == {"v1": sha, "v2": sha}
    assert set(repo.tags()) == {"v1", "v2", "golden@v1.0.0"}
    assert repo.tag_exists("v1")
    assert not repo.tag_exists("v")


def test_the_release_is_the_newest_tag_at_or_before_head(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    commit({"a": "1"})
    for tag in ("v1.9.0", "v1.10.0-rc1", "v1.10.0", "golden@v9.0.0"):
        shell(app, "tag", tag)
    commit({"a": "2"})
    assert repo.describe_release("v*") == "v1.10.0"
    shell(app, "tag", "v1.2.0")
    assert repo.describe_release("v*") == "v1.2.0"
    assert repo.describe_release("nothing*") is None


def test_the_merge_base_is_where_two_branches_diverged(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    base = commit({"a": "1"})
    shell(app, "checkout", "--quiet", "-b", "side")
    commit({"b": "1"})
    shell(app, "checkout", "--quiet", "main")
    commit({"c": "1"})
    assert repo.merge_base("main", "side") == base
    shell(app, "checkout", "--quiet", "--orphan", "other")
    commit({"d": "1"})
    with pytest.raises(NotFoundError, match="no common ancestor"):
        repo.merge_base("main", "other")


def test_a_path_is_dirty_when_edited_new_staged_or_deleted(repo: GitRepo, app: Path, commit: Commit) -> None:
    assert not repo.is_dirty(["data"])
    commit({"data/a": "1", "data/[x]*": "1", "other": "1", ".gitignore": "ignored\n"})
    assert not repo.is_dirty(["data"])
    (app / "data" / "ignored").write_text("x")
    (app / "other").write_text("2")
    assert not repo.is_dirty(["data"])
    assert not repo.is_dirty([])
    (app / "data" / "new ü").write_text("x")
    assert repo.is_dirty(["data"])
    assert not repo.is_dirty(["data/a"])
    (app / "data" / "a").unlink()
    assert repo.is_dirty(["data/a"])
    assert not repo.is_dirty(["data/[x]*"])


def test_only_the_named_paths_are_committed_and_the_rest_stays_staged(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    commit({"data/a": "1", "data/gone": "1", "other": "1"})
    (app / "other").write_text("2")
    shell(app, "add", "other")
    (app / "data" / "a").write_text("2")
    (app / "data" / "gone").unlink()
    (app / "data" / "new ü").write_text("3")
    sha = commit_only(repo, ["data/a", "data/gone", "data/new ü", "data/never"], "Publish golden 1.0.0")
    assert shell(app, "-c", "core.quotePath=false", "show", "--name-status", "--format=%s", sha).split(
        "\n"
    ) == [
        "Publish golden 1.0.0",
        "",
        "M\tdata/a",
        "D\tdata/gone",
        "A\tdata/new ü",
    ]
    assert shell(app, "status", "--porcelain") == "M  other"
    assert commit_only(repo, ["data"], "again") == sha


def test_the_first_commit_can_be_of_some_paths(repo: GitRepo, app: Path) -> None:
    (app / "a").write_text("1")
    (app / "b").write_text("1")
    sha = commit_only(repo, ["a"], "first")
    assert repo.tree(sha).list_files() == ["a"]


def test_a_commit_without_an_identity_names_the_remedy(app: Path, repo: GitRepo, shell: Shell) -> None:
    shell(app, "config", "--unset", "user.name")
    shell(app, "config", "--unset", "user.email")
    shell(app, "config", "user.useConfigOnly", "true")
    (app / "a").write_text("1")
    with pytest.raises(UsageError, match=r"git config user\.name"):
        commit_only(repo, ["a"], "first")
    assert repo.head() is None


def test_a_failing_hook_is_reported_with_its_message(app: Path, repo: GitRepo) -> None:
    hook = app / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no commits on Sundays' >&2\nexit 1\n")
    hook.chmod(0o755)
    (app / "a").write_text("1")
    with pytest.raises(UsageError, match="no commits on Sundays"):
        commit_only(repo, ["a"], "first")


def test_a_tag_is_created_once_and_only_with_a_valid_name(
    repo: GitRepo, app: Path, commit: Commit, shell: Shell
) -> None:
    sha = commit({"a": "1"})
    create_annotated_tag(repo, "golden@v1.0.0", "golden 1.0.0")
    assert repo.tags() == {"golden@v1.0.0": sha}
    assert shell(app, "cat-file", "-t", "golden@v1.0.0") == "tag"
    for name in ("golden@v1.0.0", "-d", "a b", "a..b", "x~1"):
        with pytest.raises(UsageError):
            create_annotated_tag(repo, name, "m")


def test_worktrees_and_submodules_are_repositories_of_their_own(
    repo: GitRepo, app: Path, tmp_path: Path, commit: Commit, shell: Shell
) -> None:
    commit({"a": "1"})
    shell(app, "worktree", "add", "--quiet", "-b", "wt", str(tmp_path / "wt"))
    assert GitRepo.find(tmp_path / "wt").branch() == "wt"
    assert GitRepo.find(tmp_path / "wt").root == tmp_path / "wt"
    assert GitRepo.find(tmp_path / "wt").tree("HEAD").list_files() == ["a"]
    shell(tmp_path, "init", "--quiet", "outer")
    shell(
        tmp_path / "outer", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(app), "sub"
    )
    inner = GitRepo.find(tmp_path / "outer" / "sub")
    assert inner.root == tmp_path / "outer" / "sub"
    assert inner.work_tree().list_files() == ["a"]


def test_a_monitor_and_colours_in_the_config_are_not_used(
    app: Path, repo: GitRepo, commit: Commit, shell: Shell
) -> None:
    commit({"a": "1"})
    monitor = app / ".git" / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch '{app}/.git/ran'\n")
    monitor.chmod(0o755)
    shell(app, "config", "core.fsmonitor", str(monitor))
    shell(app, "config", "color.ui", "always")
    shell(app, "config", "log.showSignature", "true")
    assert not repo.is_dirty(["a"])
    assert repo.branch() == "main"
    assert not (app / ".git" / "ran").exists()


def test_reading_continues_after_the_object_reader_was_closed(repo: GitRepo, commit: Commit) -> None:
    commit({"a": "1", "b": "2"})
    tree = repo.tree("HEAD")
    assert tree.read_text("a") == "1"
    repo.close()
    assert tree.read_text("b") == "2"
