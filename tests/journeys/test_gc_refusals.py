"""When `tdmvc gc` would rather not: each refusal says why, removes nothing, and goes when its command is run."""

import os
import shutil
import sys
import threading
import time
from pathlib import Path

import pytest

from tdmvc.store.state_folder import state_folder
from tests.builders import Tdmvc, copy_repo, git
from tests.journeys.gc_story import Story, lose, names_in, quiet_story
from tests.series import long_only


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A repository with rows that are needed and rows that are not, all old."""
    ran = quiet_story(copy_repo(template, tmp_path_factory.mktemp("refusals") / "app"))
    ran.set_up()
    ran.add("abandoned")
    ran.add("kept")
    ran.commit("Rows")
    git(ran.repo, "push", "-q", "origin", "main")
    ran.tdmvc("push")
    ran.age()
    return ran


@pytest.fixture
def story(made: Story, repo: Path, tdmvc: Tdmvc) -> Story:
    """A copy of that repository."""
    return made.copied_to(repo, tdmvc)


def test_a_shallow_clone_is_refused(story: Story) -> None:
    shallow = story.clone("shallow", "--depth", "1")
    refusal = story.reasons(folder=shallow)["shallow-clone"]
    assert "git fetch --unshallow" in refusal["remedy"]
    git(shallow, "fetch", "-q", "--unshallow", "--tags")
    assert story.gc(folder=shallow)["refusals"] == []


def test_a_partial_clone_is_refused(story: Story) -> None:
    git(story.server, "config", "uploadpack.allowFilter", "true")
    partial = story.clone("partial", "--filter=blob:none")
    assert "partial-clone" in story.reasons(folder=partial)


@pytest.mark.parametrize("words", [(), ("--remote", "--alone")])
def test_an_unfetched_branch_is_refused(story: Story, words: tuple[str, ...]) -> None:
    """`dvc gc` would delete the colleague's rows from the remote."""
    theirs = story.clone("theirs")
    git(theirs, "switch", "-q", "-c", "topic")
    rows = story.add("theirs", folder=theirs)
    git(theirs, "add", "-A")
    git(theirs, "commit", "-q", "-m", "Their rows")
    git(theirs, "push", "-q", "origin", "topic")
    story.tdmvc("push", folder=theirs)
    story.age(story.cache, story.remote)
    refusal = story.reasons(*words)["unfetched-branch"]
    assert "topic" in refusal["message"]
    git(story.repo, "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", "--tags")
    assert story.gc(*words, "--apply")["refusals"] == []
    assert story.has(rows, story.remote / "files/md5")
    git(theirs, "push", "-q", "origin", ":topic")
    git(story.repo, "fetch", "-q", "--prune")
    story.forget()
    assert (rows in story.would_go(*words)) == bool(words)


def test_a_clone_of_one_branch_is_refused(story: Story) -> None:
    git(story.repo, "push", "-q", "origin", "main:other")
    git(story.repo, "commit", "-q", "--allow-empty", "-m", "More")
    git(story.repo, "push", "-q", "origin", "main:other")
    single = story.clone("single", "--single-branch", "--branch", "main")
    assert "other" in story.reasons(folder=single)["unfetched-branch"]["message"]


def test_a_silent_git_server_matters_only_for_the_remote(story: Story) -> None:
    story.server.rename(story.repo.parent / "moved.git")
    # The cache is this clone's own: what is missing here is told, and no reason.
    output = story.gc()
    assert output["refusals"] == []
    assert "could not be reached" in output["notes"][0]
    refusal = story.reasons("--remote", "--alone")["silent-remote"]
    assert "--without-origin" in refusal["remedy"]
    assert story.gc("--remote", "--alone", "--without-origin")["refusals"] == []


def test_a_listing_that_is_missing_everywhere_is_refused(story: Story) -> None:
    kept = story.pointer()
    aside = lose(story, kept)
    (story.remote / "files/md5" / kept[:2] / kept[2:]).unlink()
    shutil.rmtree(story.repo / "datasets/golden/orders")
    refusal = story.reasons()["lost-listing"]
    assert "tdmvc pull" in refusal["remedy"]
    assert "orders.dvc" in refusal["where"]
    assert len(story.gc("--accept-unknown")["garbage"]) >= 2
    shutil.copy(aside, story.cache / kept[:2] / kept[2:])
    assert len(story.would_go()) == 2


def test_a_listing_that_only_the_remote_has_is_fetched(story: Story) -> None:
    kept = story.pointer()
    parts = story.closure(kept)
    lose(story, kept)
    assert not parts & story.would_go()
    assert story.has(kept)


def test_a_damaged_listing_is_not_trusted(story: Story) -> None:
    kept = story.pointer()
    path = story.cache / kept[:2] / kept[2:]
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(b"[]")
    story.age()
    assert len(story.would_go()) == 2
    assert path.read_bytes() == good


@pytest.mark.parametrize(
    "text",
    [
        b"outs:\n- md5: 0123456789abcdef\n  hash: md5\n  path: orders\n",
        b"outs:\n- md5: {",
        b"",
        b"\xff\xfe\xff\xff\xff",
    ],
    ids=["cut in the middle of an md5", "no YAML", "empty", "no text"],
)
def test_a_pointer_that_cannot_be_read_is_refused(story: Story, text: bytes) -> None:
    (story.repo / "other.dvc").write_bytes(text)
    refusal = story.reasons()["unreadable-pointer"]
    assert "other.dvc in the work tree" in refusal["where"]
    assert story.gc("--accept-unknown")["refusals"] == []
    git(story.repo, "add", "-A")
    git(story.repo, "commit", "-q", "-m", "Bad")
    git(story.repo, "rm", "-q", "other.dvc")
    git(story.repo, "commit", "-q", "-m", "Good again")
    git(story.repo, "push", "-q", "origin", "main")
    # The past is read too.
    assert "in commit" in story.reasons()["unreadable-pointer"]["where"]


def test_a_version_that_cannot_be_read_is_refused(story: Story) -> None:
    story.tdmvc("publish", "golden", "1.0.0")
    path = story.repo / "datasets/golden/versions/1.0.0.yaml"
    text = path.read_text()
    path.write_text(text[: text.index("tables:")])
    assert "unreadable-pointer" in story.reasons()
    path.write_text(text)
    assert story.gc()["refusals"] == []


def test_a_shared_cache_is_refused(story: Story, template: Path) -> None:
    shared = story.repo.parent / "shared"
    shutil.move(story.repo / ".dvc/cache", shared)
    other = story.repo.parent / "other"
    copy_repo(template, other)
    for root in (story.repo, other):
        (root / ".dvc" / "config.local").write_text(f"[cache]\n    dir = {shared}\n")
    theirs = story.add("theirs", folder=other)
    cache = shared / "files/md5"
    story.age(cache)
    refusal = story.reasons()["shared-place"]
    assert "--also PATH" in refusal["remedy"]
    before = names_in(cache)
    assert theirs in story.would_go("--alone")
    output = story.gc("--also", other, "--apply")
    assert len(output["garbage"]) == 2
    assert before - names_in(cache) == {one["object"] for one in output["garbage"]}
    story.tdmvc("verify", folder=other)
    story.tdmvc("verify")


def test_another_repository_that_is_shallow_is_refused(story: Story) -> None:
    shallow = story.clone("shallow", "--depth", "1")
    assert "shallow-clone" in story.reasons("--also", shallow)


def test_a_cache_that_dvc_shares_in_a_group_is_refused(story: Story) -> None:
    (story.repo / ".dvc" / "config.local").write_text("[cache]\n    shared = group\n")
    assert "shared-place" in story.reasons()


def test_a_remote_needs_a_statement_about_who_shares_it(story: Story) -> None:
    refusal = story.reasons("--remote")["shared-place"]
    assert "--alone" in refusal["remedy"]
    assert story.gc("--remote", "--alone")["refusals"] == []


@pytest.mark.parametrize("name", ["archive", "same", "relative"])
def test_the_release_remote_is_never_changed(story: Story, name: str) -> None:
    with (story.repo / "tdmvc.yaml").open("a") as file:
        file.write("store: {release_remote: archive}\n")
    with (story.repo / ".dvc" / "config.local").open("a") as file:
        # The same place by another name.
        file.write(f"['remote \"same\"']\n    url = {story.repo.parent / 'archive'}/\n")
        file.write("['remote \"relative\"']\n    url = ../../archive\n")
    story.tdmvc("push", "--remote", "archive")
    place = story.repo.parent / "archive"
    story.age(place)
    before = names_in(place)
    assert "forever" in story.reasons("--remote", name, "--alone")["release-remote"]["message"]
    assert names_in(place) == before


def test_a_remote_that_does_not_exist_is_no_refusal_but_an_error(story: Story) -> None:
    assert "storage" in story.tdmvc("gc", "--remote", "storge", code=3).err


def test_an_unfinished_change_in_another_work_tree_is_refused(story: Story) -> None:
    linked = story.repo.parent / "linked"
    git(story.repo, "worktree", "add", "-q", "--detach", str(linked))
    folder = state_folder(linked)
    folder.mkdir(parents=True)
    (folder / "golden.journal").write_text("{}")
    assert f"tdmvc -C {linked}" in story.reasons()["open-journal"]["remedy"]


def test_a_ref_that_moves_during_gc_is_refused(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from tdmvc.actions import gc as module

    real = module.collect_needs

    def moved(*given: object) -> object:
        git(story.repo, "branch", "made-meanwhile")
        return real(*given)

    monkeypatch.setattr(module, "collect_needs", moved)
    assert "moved" in story.reasons()


def test_gc_waits_for_writers_and_writers_wait_for_gc(story: Story) -> None:
    """No writer starts while gc holds the gate, and gc waits for writers that already run."""
    from tdmvc.store.lock import block_writers, writer_lock

    folder = story.repo / ".git/tdmvc"
    gate = folder / "gc.gate"
    order: list[str] = []

    def write(name: str, seconds: float) -> None:
        with writer_lock(folder / f"{name}.lock", gate):
            order.append(f"{name} begins")
            time.sleep(seconds)
            order.append(f"{name} ends")

    first = threading.Thread(target=write, args=("brand-new", 0.4))
    first.start()
    time.sleep(0.15)
    late = threading.Thread(target=write, args=("late", 0.0))
    with block_writers(folder, gate):
        order.append("blocked")
        late.start()
        time.sleep(0.3)
        order.append("still blocked")
    first.join()
    late.join()
    assert order == [
        "brand-new begins",
        "brand-new ends",
        "blocked",
        "still blocked",
        "late begins",
        "late ends",
    ]


@long_only
def test_gc_refuses_to_run_next_to_a_dvc_command(story: Story) -> None:
    from dvc.repo import Repo

    repo = Repo(str(story.repo))
    with repo.lock:
        ran = story.tdmvc("gc", "--apply", code=6)
    repo.close()
    assert "DVC command is running" in ran.err
    assert len(story.gc("--apply")["garbage"]) == 2


@pytest.mark.skipif(os.geteuid() == 0 or sys.platform == "win32", reason="root may remove anything")
def test_an_object_that_may_not_be_removed_is_an_error(story: Story) -> None:
    for folder in story.cache.iterdir():
        folder.chmod(0o555)
    try:
        assert "cannot be removed" in story.tdmvc("gc", "--apply", code=6).err
    finally:
        for folder in story.cache.iterdir():
            folder.chmod(0o755)
