"""A merge while other programs use Git, and one whose whole process group is killed: no code is lost."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tdmvc.actions.finish_merge as finish_merge_action
import tdmvc.actions.merge as merge_action
from tdmvc.gitrepo.commands import GitCommands
from tdmvc.gitrepo.merge_record import MergeRecord, write_record
from tdmvc.gitrepo.repository import GitRepo
from tests.builders import CUSTOMERS, ORDERS, Shop, commit_all, copy_repo, git, quiet_shop
from tests.journeys.command_runner import CommandRunner
from tests.series import long_only, trials

MODULES = 30
"""Modules on each side, so that Git takes a moment to write them."""


@pytest.fixture(scope="module")
def shop_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two branches that both changed code and rows; nothing clashes."""
    app = copy_repo(template, tmp_path_factory.mktemp("shop") / "app")
    shop = quiet_shop(app)
    (app / "shared.py").write_text("one\ntwo\nthree\n")
    shop.commit("Shop")
    shop.branch("feature")
    write_modules(shop, "theirs")
    (app / "shared.py").write_text("one\ntwo\nTHREE\n")
    shop.commit("Feature", {**CUSTOMERS, 1: ("Anna", "ann@x.test")}, {**ORDERS, 20: (3, "1.00")})
    shop.switch("main")
    write_modules(shop, "ours")
    (app / "shared.py").write_text("ONE\ntwo\nthree\n")
    shop.commit("Main", {**CUSTOMERS, 4: ("Dan", "dan@x.test")}, {**ORDERS, 10: (1, "7.00")})
    return app


@pytest.fixture(autouse=True)
def _wait_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdmvc.gitrepo.index_lock.LOCK_SECONDS", 0.5)


def write_modules(shop: Shop, side: str) -> None:
    (shop.app / side).mkdir()
    for number in range(MODULES):
        (shop.app / side / f"module{number}.py").write_text(f"# {side}\n" * 200)


def lock_of(shop: Shop) -> Path:
    return shop.app / ".git" / "index.lock"


def head(shop: Shop) -> str:
    return git(shop.app, "rev-parse", "HEAD")


def is_merged(shop: Shop) -> None:
    """HEAD is one merge commit that holds code and rows of both sides, as the work tree does."""
    assert len(git(shop.app, "rev-list", "--parents", "-1", "HEAD").split()) == 3
    assert len(git(shop.app, "ls-tree", "-r", "--name-only", "HEAD", "theirs", "ours").split()) == 2 * MODULES
    assert git(shop.app, "show", "HEAD:shared.py") == "ONE\ntwo\nTHREE"
    assert [row[2] for row in shop.rows("orders", "golden@HEAD")] == ["7.00", "6.00", "1.00"]
    assert [row[1] for row in shop.rows("customers", "golden@HEAD")] == ["Anna", "Bob", "Cat", "Dan"]
    assert [row[2] for row in shop.working_copy_rows("orders")] == ["7.00", "6.00", "1.00"]
    assert shop.status == ""
    assert not (shop.app / ".git" / "MERGE_HEAD").exists()
    assert not (shop.app / ".git" / "tdmvc-merge.json").exists()


def is_unmerged(shop: Shop, before: str) -> None:
    assert head(shop) == before
    assert shop.status == ""
    assert not (shop.app / ".git" / "MERGE_HEAD").exists()
    assert [row[2] for row in shop.working_copy_rows("orders")] == ["7.00", "6.00"]


def test_a_merge_while_another_program_holds_the_index_changes_nothing(shop: Shop) -> None:
    before = head(shop)
    lock_of(shop).touch()
    refused = shop.tdmvc("merge", "feature", code=6)
    assert "index.lock" in refused.err
    assert "remove that file" in refused.err
    assert "run the same command again" in refused.err
    is_unmerged(shop, before)
    lock_of(shop).unlink()
    shop.tdmvc("merge", "feature")
    is_merged(shop)


def test_a_fast_forward_while_another_program_holds_the_index_changes_nothing(shop: Shop) -> None:
    before = head(shop)
    git(shop.app, "reset", "-q", "--hard", "main~1")
    shop.tdmvc("checkout", "golden", "--force")
    lock_of(shop).touch()
    shop.tdmvc("merge", "feature", code=6)
    assert head(shop) == git(shop.app, "rev-parse", f"{before}~1")
    assert shop.status == ""
    lock_of(shop).unlink()
    shop.tdmvc("merge", "feature")
    assert len(shop.working_copy_rows("orders")) == 3
    assert shop.status == ""


def test_a_merge_waits_for_a_program_that_holds_the_index_for_a_moment(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tdmvc.gitrepo.index_lock.LOCK_SECONDS", 20.0)
    lock_of(shop).touch()
    release = threading.Timer(2.0, lock_of(shop).unlink)
    release.start()
    shop.tdmvc("merge", "feature")
    release.join()
    is_merged(shop)


@long_only
def test_a_lock_taken_between_any_two_commands_of_git_loses_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = head(shop), GitCommands.run_to_end
    ways = ("--continue", "--abort")
    for number in range(1, 20):
        calls = 0

        def run(self: GitCommands, *words: str, at: int = number, **rest: str | None) -> tuple[int, str]:
            nonlocal calls
            calls += 1
            if calls == at:
                lock_of(shop).touch()
            return real(self, *words, **rest)

        with monkeypatch.context() as patched:
            patched.setattr(GitCommands, "run_to_end", run)
            done = shop.tdmvc("merge", "feature", code=None)
        if done.code == 0:
            is_merged(shop)
            assert number > 2
            return
        assert done.code == 6, done.err
        assert "index.lock" in done.err
        for way in ways:
            if f"tdmvc merge {way}" in done.err:
                assert "index.lock" in shop.tdmvc("merge", way, code=6).err
        lock_of(shop).unlink()
        if "tdmvc merge --continue" in done.err:
            shop.tdmvc("merge", ways[number % 2])
        if "run the same command again" in done.err:
            shop.tdmvc("merge", "feature")
        if head(shop) == before:
            is_unmerged(shop, before)
            continue
        is_merged(shop)
        git(shop.app, "reset", "-q", "--hard", before)
        shop.tdmvc("checkout", "golden", "--force")
    pytest.fail("the merge never came to its end")


def test_a_merge_that_git_began_without_its_index_is_not_committed(shop: Shop) -> None:
    before = head(shop)
    lock_of(shop).touch()
    subprocess.run(["git", "merge", "--no-commit", "feature"], cwd=shop.app, capture_output=True, check=False)
    lock_of(shop).unlink()
    assert (shop.app / ".git" / "MERGE_HEAD").exists()
    status = shop.tdmvc("status").out
    assert status.startswith("Not finished")
    assert "tdmvc merge --abort" in status
    refused = shop.tdmvc("merge", "--continue", code=4)
    assert "theirs/module0.py" in refused.err
    assert "tdmvc merge --abort" in refused.err
    assert head(shop) == before
    shop.tdmvc("merge", "--abort")
    is_unmerged(shop, before)
    assert shop.tdmvc("status").out.startswith("Clean")
    shop.tdmvc("merge", "feature")
    is_merged(shop)


def test_a_merge_of_rows_alone_that_git_began_without_its_index_is_not_committed(shop: Shop) -> None:
    shop.branch("rows", at="main~1")
    shop.commit("Rows", orders={**ORDERS, 30: (2, "3.00")})
    shop.switch("main")
    before = head(shop)
    lock_of(shop).touch()
    subprocess.run(["git", "merge", "--no-commit", "rows"], cwd=shop.app, capture_output=True, check=False)
    lock_of(shop).unlink()
    assert "orders.dvc" in shop.tdmvc("merge", "--continue", code=4).err
    assert head(shop) == before
    shop.tdmvc("merge", "--abort")
    is_unmerged(shop, before)


def test_what_a_person_leaves_out_of_a_merge_is_committed_by_git(shop: Shop) -> None:
    shop.tdmvc("merge", "feature", "--no-commit")
    git(shop.app, "checkout", "HEAD", "--", "shared.py")
    refused = shop.tdmvc("merge", "--continue", code=4)
    assert "shared.py" in refused.err
    assert "theirs/" not in refused.err
    assert "`git commit`" in refused.err
    git(shop.app, "commit", "-q", "--no-edit")
    assert git(shop.app, "show", "HEAD:shared.py") == "ONE\ntwo\nthree"
    assert shop.tdmvc("merge", "feature", "--format", "json").json["status"] == "up-to-date"


def test_what_a_person_edits_in_a_merge_is_committed(shop: Shop) -> None:
    shop.tdmvc("merge", "feature", "--no-commit")
    (shop.app / "shared.py").write_text("ONE\ntwo\nTHREE\nfour\n")
    git(shop.app, "add", "shared.py")
    shop.tdmvc("merge", "--continue")
    assert git(shop.app, "show", "HEAD:shared.py") == "ONE\ntwo\nTHREE\nfour"


def test_conflict_markers_that_another_program_stages_are_not_committed(shop: Shop) -> None:
    (shop.app / "shared.py").write_text("ONE\ntwo\nTHIRD\n")
    before = commit_all(shop.app, "Clash")
    shop.tdmvc("merge", "feature", code=4)
    git(shop.app, "add", "-A")
    refused = shop.tdmvc("merge", "--continue", code=4)
    assert "shared.py" in refused.err
    assert head(shop) == before
    (shop.app / "shared.py").write_text("ONE\ntwo\nTHREE\n")
    git(shop.app, "add", "shared.py")
    shop.tdmvc("merge", "--continue")
    is_merged(shop)


def test_a_conflict_that_another_program_stages_during_the_merge_stays_open(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop.app / "shared.py").write_text("ONE\ntwo\nTHIRD\n")
    before = commit_all(shop.app, "Clash")
    real = merge_action.mark_written

    def written(*arguments: object) -> None:
        git(shop.app, "add", "-A")
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(merge_action, "mark_written", written)
    assert "shared.py" in shop.tdmvc("merge", "feature", code=4).out
    assert "shared.py" in git(shop.app, "ls-files", "--unmerged")
    assert head(shop) == before
    (shop.app / "shared.py").write_text("ONE\ntwo\nTHREE\n")
    git(shop.app, "add", "shared.py")
    shop.tdmvc("merge", "--continue")
    is_merged(shop)


def test_a_file_edited_after_a_killed_merge_is_left_as_it_is(shop: Shop) -> None:
    before = head(shop)
    theirs = git(shop.app, "rev-parse", "feature")
    record = MergeRecord(before, theirs, "feature", git(shop.app, "rev-parse", "feature^{tree}"))
    write_record(GitRepo(shop.app), record)
    # As a Git that was killed leaves them: a whole file, half of one, and one that you edited since.
    (shop.app / "theirs").mkdir()
    (shop.app / "theirs/module0.py").write_text("# theirs\n" * 200)
    (shop.app / "theirs/module1.py").write_text("# theirs\n# th")
    (shop.app / "theirs/module2.py").write_text("# mine\n")
    refused = shop.tdmvc("merge", "feature", code=4)
    assert "interrupted" in refused.err
    assert "theirs/module0.py" in refused.err
    assert "theirs/module2.py" in shop.tdmvc("merge", "--abort").out
    assert [path.name for path in (shop.app / "theirs").iterdir()] == ["module2.py"]
    (shop.app / "theirs/module2.py").unlink()
    shop.tdmvc("merge", "feature")
    is_merged(shop)


def test_an_abort_that_ends_before_it_restores_the_rows_is_finished_by_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = head(shop)
    shop.tdmvc("merge", "feature", "--no-commit")
    real = finish_merge_action.abort_merge

    def interrupted(repo: GitRepo) -> None:
        real(repo)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(finish_merge_action, "abort_merge", interrupted)
        shop.tdmvc("merge", "--abort", code=130)
    assert shop.status == ""
    shop.tdmvc("merge", "--abort")
    is_unmerged(shop, before)


def test_an_abort_that_ends_before_git_has_restored_a_pointer_of_its_driver_is_finished_by_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.tdmvc("install")
    before = shop.commit_all("Install")
    git(shop.app, "merge", "-q", "--no-commit", "feature")

    def interrupted(repo: GitRepo) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(finish_merge_action, "abort_merge", interrupted)
        shop.tdmvc("merge", "--abort", code=130)
    assert "stay as they are" not in shop.tdmvc("merge", "--abort").out
    is_unmerged(shop, before)


def test_a_fast_forward_that_ends_before_it_writes_the_rows_is_finished_by_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(shop.app, "reset", "-q", "--hard", "main~1")
    shop.tdmvc("checkout", "golden", "--force")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(merge_action, "write_plan", interrupted)
        shop.tdmvc("merge", "feature", code=130)
    shop.tdmvc("merge", "feature")
    assert len(shop.working_copy_rows("orders")) == 3
    assert not (shop.app / ".git" / "tdmvc-merge.json").exists()


def test_edits_of_a_dataset_that_the_merge_does_not_change_wait(shop: Shop) -> None:
    source = shop.app.parent / "countries.csv"
    source.write_text("id,name\n1,Chad\n")
    git(shop.app, "switch", "-q", "-c", "reference", "main")
    shop.tdmvc("add", "reference", source)
    shop.commit_all("Reference")
    (part,) = (shop.app / "datasets/reference/countries").iterdir()
    part.unlink()
    pq.write_table(pa.table({"id": [1], "name": ["Tchad"]}), part)
    git(shop.app, "switch", "-q", "-c", "more")
    shop.commit("More", orders={**ORDERS, 10: (1, "7.00"), 30: (1, "8.00")})
    git(shop.app, "switch", "-q", "reference")
    shop.tdmvc("checkout", "golden")
    (shop.app / "shared.py").write_text("ONE\n")
    git(shop.app, "commit", "-q", "-m", "Code", "shared.py")
    shop.tdmvc("merge", "more", "--no-commit")
    shop.tdmvc("merge", "--continue")
    assert "Tchad" in str(pq.read_table(part).to_pylist())
    assert "edited" in shop.tdmvc("status").out


def test_a_lock_that_a_killed_git_left_does_not_prevent_the_end_of_a_merge(shop: Shop) -> None:
    before = head(shop)
    for way in ("--abort", "--continue"):
        shop.tdmvc("merge", "feature", "--no-commit")
        lock_of(shop).touch()
        os.utime(lock_of(shop), (0, 0))
        refused = shop.tdmvc("merge", way, code=6)
        assert "remove that file" in refused.err
        lock_of(shop).unlink()
        shop.tdmvc("merge", way)
        if way == "--abort":
            is_unmerged(shop, before)
    is_merged(shop)


def test_resolve_and_publish_say_that_the_index_is_locked(shop: Shop) -> None:
    shop.commit("Clash", {**CUSTOMERS, 1: ("Anne", "ann@x.test"), 4: ("Dan", "dan@x.test")})
    shop.tdmvc("merge", "feature", code=4)
    lock_of(shop).touch()
    assert "index.lock" in shop.tdmvc("resolve", "--theirs", code=6).err
    lock_of(shop).unlink()
    shop.tdmvc("resolve", "--theirs")
    shop.tdmvc("merge", "--continue")
    lock_of(shop).touch()
    refused = shop.tdmvc("publish", "golden", "1.0.0", "--tag", code=6)
    assert "index.lock" in refused.err
    assert "commit the files yourself" in refused.err


OTHER_PROGRAM = """
import os, subprocess, sys
app = sys.argv[1]
while True:
    os.utime(app + "/VERSION")
    subprocess.run(["git", "add", "VERSION"], cwd=app, capture_output=True)
    subprocess.run(["git", "status"], cwd=app, capture_output=True)
"""


@pytest.mark.slow
def test_no_code_is_lost_while_another_program_adds_files_and_asks_for_the_status(
    shop: Shop, runner: CommandRunner
) -> None:
    before = head(shop)
    words: list[object] = ["-C", shop.app, "-q", "merge", "feature"]
    for _ in range(trials(200, 2)):
        other = subprocess.Popen([sys.executable, "-c", OTHER_PROGRAM, str(shop.app)], start_new_session=True)
        try:
            done = runner.run(words)
        finally:
            os.killpg(other.pid, signal.SIGKILL)
            other.wait()
        lock_of(shop).unlink(missing_ok=True)
        assert done.codes == [0], done.err
        is_merged(shop)
        git(shop.app, "reset", "-q", "--hard", before)
        shop.tdmvc("checkout", "golden", "--force")


@long_only
def test_two_merges_at_once_follow_each_other(shop: Shop) -> None:
    words = [sys.executable, "-m", "tdmvc", "merge", "feature"]
    both = [
        subprocess.Popen(words, cwd=shop.app, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    is_merged(shop)
    assert git(shop.app, "rev-list", "--count", "--merges", "HEAD") == "1"
