"""What `tdmvc gc` keeps, and what it lets go, in real repositories of Git and DVC."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import Tdmvc, copy_repo, git
from tests.journeys.gc_story import Story, names_in, objects_in, quiet_story
from tests.schemas import assert_valid
from tests.series import long_only


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Story:
    ran = quiet_story(copy_repo(template, tmp_path_factory.mktemp("gc") / "app"))
    ran.set_up()
    return ran


@pytest.fixture
def story(made: Story, repo: Path, tdmvc: Tdmvc) -> Story:
    return made.copied_to(repo, tdmvc)


def test_an_abandoned_add_is_listed_first_and_is_removed_on_request(story: Story) -> None:
    abandoned = story.add("abandoned")
    wanted = story.closure(abandoned)
    kept = story.closure(story.add("kept"))
    story.commit("Rows")
    story.age()
    before = names_in(story.cache)
    output = story.gc()
    assert {one["object"] for one in output["garbage"]} == wanted
    assert output["garbage"][0]["kind"] == "listing"
    assert {one["owner"] for one in output["garbage"]} == {"datasets/golden/orders"}
    assert output["objects"] == 2
    assert output["bytes"] == sum(story.cache.joinpath(oid[:2], oid[2:]).stat().st_size for oid in wanted)
    assert names_in(story.cache) == before
    assert story.gc("--apply")["is_applied"]
    assert names_in(story.cache) == kept
    story.tdmvc("verify")
    assert "Nothing to remove" in story.tdmvc("gc").out


def test_the_terminal_names_tables_sizes_and_the_next_command(story: Story) -> None:
    story.add("abandoned")
    story.add("kept")
    story.age()
    ran = story.tdmvc("gc").out
    assert ran.startswith("Would remove: 2 objects")
    assert "datasets/golden/orders  1 listing, 1 part" in ran
    assert "tdmvc gc --apply" in ran
    assert story.tdmvc("gc", "--apply").out.startswith("Removed: 2 objects")


def test_objects_younger_than_the_grace_period_are_kept(story: Story) -> None:
    story.add("abandoned")
    story.add("kept")
    story.age(days=10)
    assert story.would_go() == set()
    assert story.gc()["kept"]["young"] == 2
    assert len(story.would_go("--grace", "9d")) == 2
    assert len(story.would_go("--grace", "1w")) == 2
    assert story.would_go("--grace", "241h") == set()
    assert "not a length of time" in story.tdmvc("gc", "--grace", "soon", code=2).err


def test_a_recent_listing_keeps_its_old_parts(story: Story) -> None:
    abandoned = story.add("abandoned")
    story.add("kept")
    story.age()
    os.utime(story.cache / abandoned[:2] / abandoned[2:])
    assert story.would_go() == set()


def test_rows_of_the_history_are_kept(story: Story) -> None:
    first = story.add("first")
    story.commit("First")
    story.add("second")
    story.commit("Second")
    story.age()
    story.gc("--apply")
    assert story.has(first)
    assert "first" in story.tdmvc("diff", "golden@HEAD~1").out


def test_a_published_version_that_is_on_no_branch_is_kept(story: Story) -> None:
    published = story.add("published")
    story.commit("Rows")
    story.tdmvc("publish", "golden", "1.0.0")
    # One commit with the version and later rows: no pointer of the history names the published ones.
    story.add("later")
    git(story.repo, "add", "-A")
    git(story.repo, "commit", "-q", "--amend", "-m", "All at once")
    story.forget()
    story.age()
    assert story.would_go() == set()
    version = story.repo / "datasets/golden/versions/1.0.0.yaml"
    version.unlink()
    story.commit("The version's file is gone, and the past knows it")
    story.age()
    assert story.would_go() == set()
    git(story.repo, "reset", "-q", "--hard", "HEAD~1")
    story.gc("--apply")
    assert story.has(published)
    story.tdmvc("verify")


@pytest.mark.parametrize("where", ["branch", "tag", "detached commit in the reflog", "snapshot", "index"])
def test_objects_that_git_names_anywhere_are_kept(story: Story, where: str) -> None:
    story.add("base")
    story.commit("Base")
    present = story.add("held")
    if where == "index":
        git(story.repo, "add", "-A")
    else:
        sha = story.commit("Held")
        refs = {"branch": "refs/heads/x", "tag": "refs/tags/x", "snapshot": "refs/tdmvc/replaced/golden"}
        if where in refs:
            git(story.repo, "update-ref", refs[where], sha)
        git(story.repo, "reset", "-q", "--hard", "HEAD~1")
        if where in refs:
            story.forget()
    story.add("other")
    story.age()
    assert story.would_go() == set()
    if where == "index":
        git(story.repo, "add", "-A")
    else:
        for name in ("branch", "tag", "snapshot"):
            if where == name:
                git(story.repo, "update-ref", "-d", refs[name])
        story.forget()
    assert present in story.would_go()


def test_every_stash_is_kept_and_not_only_the_last(story: Story) -> None:
    story.add("base")
    story.commit("Base")
    stashed = []
    for mark in ("one", "two", "three"):
        stashed.append(story.add(mark))
        git(story.repo, "stash", "push", "-q", "--include-untracked")
        story.tdmvc("checkout", "golden", "--force")
    git(story.repo, "reflog", "expire", "--expire=now", "HEAD")
    story.age()
    assert story.would_go() == set()
    git(story.repo, "stash", "drop", "-q", "stash@{1}")
    assert stashed[1] in story.would_go()
    assert not {stashed[0], stashed[2]} & story.would_go()


def test_linked_work_trees_keep_their_files_indexes_and_heads(story: Story) -> None:
    story.add("base")
    story.commit("Base")
    linked = story.repo.parent / "linked"
    git(story.repo, "worktree", "add", "-q", "--detach", str(linked))
    (linked / ".dvc" / "config.local").write_text(f"[cache]\n    dir = {story.repo}/.dvc/cache\n")
    committed = story.add("committed there", folder=linked)
    git(linked, "add", "-A")
    git(linked, "commit", "-q", "-m", "Detached")
    staged = story.add("staged there", folder=linked)
    git(linked, "add", "-A")
    written = story.add("written there", folder=linked)
    story.age()
    assert story.would_go() == set()
    # From the linked one, the cache of the main one is the clone's own.
    assert story.gc(folder=linked)["garbage"] == []
    story.gc("--apply")
    assert all(story.has(oid) for oid in (committed, staged, written))
    git(story.repo, "worktree", "remove", "--force", str(linked))
    assert {committed, staged, written} <= story.would_go()


def test_a_missing_work_tree_is_a_reason_to_refuse(story: Story) -> None:
    linked = story.repo.parent / "linked"
    git(story.repo, "worktree", "add", "-q", "--detach", str(linked))
    linked.rename(story.repo.parent / "elsewhere")
    assert "git worktree prune" in story.reasons()["missing-work-tree"]["remedy"]
    git(story.repo, "worktree", "prune")
    story.gc()


def test_all_sides_of_a_conflict_are_kept(story: Story) -> None:
    base = story.add("base")
    story.commit("Base")
    git(story.repo, "branch", "theirs")
    ours = story.add("ours")
    story.commit("Ours")
    git(story.repo, "switch", "-q", "theirs")
    story.tdmvc("checkout", "golden", "--force")
    theirs = story.add("theirs")
    story.commit("Theirs")
    git(story.repo, "switch", "-q", "main")
    done = subprocess.run(["git", "merge", "theirs"], cwd=story.repo, capture_output=True, check=False)
    assert done.returncode == 1
    assert "<<<<<<<" in (story.repo / "datasets/golden/orders.dvc").read_text()
    # Nothing but the merge itself holds on to their side now.
    git(story.repo, "branch", "-D", "theirs")
    git(story.repo, "reflog", "expire", "--expire=now", "--all")
    story.age()
    assert story.would_go() == set()
    git(story.repo, "merge", "--abort")
    story.tdmvc("checkout", "golden", "--force")
    story.forget()
    assert theirs in story.would_go()
    assert not {base, ours} & story.would_go()


def test_objects_of_an_unfinished_rebase_are_kept(story: Story) -> None:
    story.add("base")
    story.commit("Base")
    git(story.repo, "switch", "-q", "-c", "topic")
    moved = story.add("topic")
    story.commit("Topic")
    git(story.repo, "switch", "-q", "main")
    story.tdmvc("checkout", "golden", "--force")
    story.add("main")
    story.commit("Main")
    git(story.repo, "switch", "-q", "--detach", "topic")
    git(story.repo, "branch", "-D", "topic")
    done = subprocess.run(["git", "rebase", "main"], cwd=story.repo, capture_output=True, check=False)
    assert done.returncode == 1
    git(story.repo, "checkout", "-q", "--ours", "datasets/golden/orders.dvc")
    git(story.repo, "add", "-A")
    git(story.repo, "reflog", "expire", "--expire=now", "--all")
    story.age()
    assert moved not in story.would_go()


def test_one_blob_at_two_paths_counts_at_each(story: Story) -> None:
    """Git tells a blob once, by the path it met first; a pointer that was renamed to no pointer stays one."""
    present = story.add("held")
    story.commit("Rows")
    git(story.repo, "mv", "datasets/golden/orders.dvc", "orders.dvc.txt")
    git(story.repo, "commit", "-q", "-m", "Move it away")
    story.tdmvc("checkout", "golden@HEAD~1", "--into", story.repo.parent / "out")
    (story.repo / "datasets/golden/orders").rename(story.repo.parent / "rows")
    story.age()
    assert present not in story.would_go()


def test_a_pointer_that_only_a_merge_commit_has_is_kept(story: Story) -> None:
    story.add("base")
    story.commit("Base")
    git(story.repo, "branch", "side")
    (story.repo / "a.txt").write_text("a\n")
    story.commit("Ours")
    git(story.repo, "switch", "-q", "side")
    (story.repo / "b.txt").write_text("b\n")
    story.commit("Theirs")
    git(story.repo, "switch", "-q", "main")
    git(story.repo, "merge", "-q", "--no-commit", "side")
    merged = story.add("only in the merge")
    story.commit("Merge")
    story.add("after")
    story.commit("After")
    story.forget()
    story.age()
    assert merged not in story.would_go()


def dvc_add(story: Story, *names: str) -> None:
    """Do what `dvc add` does."""
    from dvc.repo import Repo

    with Repo(str(story.repo)) as repo:
        repo.add([str(story.repo / name) for name in names])


def test_other_files_that_dvc_tracks_are_kept_and_left_to_dvc(story: Story) -> None:
    """Models, files and other folders of DVC's users, now, in the past, and abandoned by them."""
    story.add("base")
    (story.repo / "model.bin").write_bytes(b"model")
    folder = story.repo / "images"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"a")
    dvc_add(story, "model.bin", "images")
    story.commit("Model")
    (story.repo / "model.bin").write_bytes(b"another model")
    (folder / "b.png").write_bytes(b"b")
    dvc_add(story, "model.bin", "images")
    story.commit("Another model")
    (story.repo / "model.bin").write_bytes(b"abandoned model")
    (folder / "c.png").write_bytes(b"c")
    dvc_add(story, "model.bin", "images")
    git(story.repo, "checkout", "-q", "--", ".")
    before = names_in(story.cache)
    story.age()
    output = story.gc("--apply")
    assert output["garbage"] == []
    assert output["kept"]["not_ours"] == 3
    assert output["kept"]["not_ours_bytes"] > 0
    assert names_in(story.cache) == before


def test_parts_that_are_also_in_a_folder_of_dvc_are_kept(story: Story) -> None:
    abandoned = story.add("abandoned")
    copy = story.repo / "backup" / "orders"
    copy.parent.mkdir()
    part = next((story.repo / "datasets/golden/orders").glob("*.parquet"))
    copy.mkdir()
    (copy / "rows.parquet").write_bytes(part.read_bytes())
    dvc_add(story, "backup")
    story.add("kept")
    story.commit("A backup")
    story.age()
    assert story.would_go() == {abandoned}


@long_only
def test_outputs_of_stages_and_the_run_cache_are_kept(story: Story, fast_python: Path) -> None:
    golden = story.repo / "datasets/golden"
    golden.mkdir(parents=True)
    (golden / "dataset.yaml").write_text("format: tdmvc.dataset/1\nname: golden\n")
    command = f"{fast_python} -m tdmvc build golden rows.csv"
    (story.repo / "dvc.yaml").write_text(
        f"stages:\n  golden:\n    cmd: {command}\n    deps: [rows.csv]\n    outs: [datasets/golden/rows]\n"
    )
    locks = set()
    for mark in ("x", "y"):
        (story.repo / "rows.csv").write_text(f"id,mark\n1,{mark}\n")
        subprocess.run([str(fast_python), "-m", "dvc", "repro", "-q"], cwd=story.repo, check=True)
        locks.add((story.repo / "dvc.lock").read_text())
    assert len(locks) == 2
    story.commit("A stage")
    story.age()
    before = names_in(story.cache)
    assert story.gc("--apply")["kept"]["needed"] == len(before) == 4
    assert names_in(story.cache) == before
    # Without the memory of runs, the first rows are nobody's.
    shutil.rmtree(story.repo / ".dvc/cache/runs")
    assert len(story.would_go()) == 2


def test_rows_in_a_table_folder_stay_known(story: Story) -> None:
    """Else rows that Git left behind would turn into somebody's edit."""
    old = story.add("old")
    story.commit("Old")
    new = story.add("new")
    story.commit("New")
    git(story.repo, "reset", "-q", "--hard", "HEAD~1")
    story.forget()
    story.age()
    assert story.pointer() == old
    assert new not in story.would_go()
    story.gc("--apply")
    assert "edit" not in story.tdmvc("status").out
    story.tdmvc("checkout", "golden")
    assert new in story.would_go()


def test_an_untracked_pointer_is_kept_without_its_rows_in_the_folder(story: Story) -> None:
    written = story.add("written")
    shutil.rmtree(story.repo / "datasets/golden/orders")
    (story.repo / ".git/info/exclude").write_text("*.dvc\n")
    story.age()
    assert story.gc("--apply")["garbage"] == []
    assert story.has(written)


def test_orphans_of_a_killed_add_are_removed_and_other_parquet_files_are_not(story: Story) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    abandoned = story.add("abandoned")
    (part,) = story.closure(abandoned) - {abandoned}
    (story.cache / abandoned[:2] / abandoned[2:]).unlink()
    story.add("kept")
    foreign = story.repo.parent / "x.parquet"
    pq.write_table(pa.table({"a": [1]}), foreign)
    md5 = hashlib.md5(foreign.read_bytes()).hexdigest()
    place = story.cache / md5[:2]
    place.mkdir(exist_ok=True)
    (place / md5[2:]).write_bytes(foreign.read_bytes())
    (place / ".tdmvc-abc.tmp").write_bytes(b"half")
    story.age()
    output = story.gc("--apply")
    assert {one["object"] for one in output["garbage"]} == {part, f"{md5[:2]}/.tdmvc-abc.tmp"}
    assert output["kept"]["not_ours"] == 1
    assert (place / md5[2:]).exists()
    assert not (place / ".tdmvc-abc.tmp").exists()


def test_a_commit_that_git_still_has_is_named(story: Story) -> None:
    story.add("base")
    story.commit("Base")
    story.add("dropped", table="returns")
    sha = story.commit("Dropped")
    git(story.repo, "reset", "-q", "--hard", "HEAD~1")
    story.tdmvc("checkout", "golden", "--force")
    shutil.rmtree(story.repo / "datasets/golden/returns", ignore_errors=True)
    story.forget()
    story.age()
    (story.repo / ".git/tdmvc/index.sqlite").unlink()
    listing = story.gc()["garbage"][0]
    assert (listing["owner"], listing["commit"]) == ("datasets/golden/returns", sha[:10])


@long_only
def test_a_gc_that_was_killed_between_listings_and_parts_is_finished_by_the_next(story: Story) -> None:
    story.add("abandoned")
    story.add("kept")
    story.tdmvc("push")
    abandoned = story.add("abandoned")
    (part,) = story.closure(abandoned) - {abandoned}
    story.tdmvc("push")
    story.add("kept")
    story.commit("Kept")
    storage = story.remote / "files/md5"
    story.age(storage)
    words = ("--remote", "--alone")
    code = (
        "import os, tdmvc.store.dvc as d\n"
        "from tdmvc.cli.main import run\n"
        "real = d.RemoteStorage.remove\n"
        "def remove(self, objects):\n"
        "    gone = real(self, objects)\n"
        "    os._exit(9) if any(o.endswith('.dir') for o in objects) else None\n"
        "    return gone\n"
        "d.RemoteStorage.remove = remove\n"
        f"run(['-C', {str(story.repo)!r}, 'gc', '--remote', '--alone', '--apply'])\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert not story.has(abandoned, storage)
    assert story.has(part, storage)
    # Not even the cache remembers whose part it was.
    story.age()
    story.gc("--apply")
    assert story.would_go(*words) == {part}
    story.gc(*words, "--apply")
    assert names_in(storage) == story.closure(story.pointer())


def test_the_document_follows_its_schema(story: Story) -> None:
    story.add("abandoned")
    story.add("kept")
    story.age()
    assert_valid(story.gc(), "gc")
    assert_valid(story.gc("--remote", code=1), "gc")
    assert objects_in(story.cache)
