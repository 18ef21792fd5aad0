"""`tdmvc gc --apply` that dies before it removes an object, or runs at the same time as an `add` of the same rows."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.builders import Tdmvc, git
from tests.journeys.command_runner import CommandRunner
from tests.journeys.gc_story import Story, names_in
from tests.series import long_only, trials

TABLES = ("customers", "orders")

# Dies before the removal of the n-th object.
_DYING = """
import os, pathlib, sys
import tdmvc.store.cache as place
from tdmvc.cli.main import run
left = int(sys.argv[1])
class Path(type(pathlib.Path())):
    def unlink(self, missing_ok=False):
        global left
        if left == 0:
            os._exit(9)
        left -= 1
        super().unlink(missing_ok)
real = place.ObjectStore.path
place.ObjectStore.path = lambda self, oid: Path(real(self, oid))
os._exit(run(["-C", sys.argv[2], "gc", "--apply"]))
"""


@pytest.fixture
def story(repo: Path, tdmvc: Tdmvc) -> Story:
    ran = Story(repo, tdmvc)
    ran.set_up()
    folder = repo / "datasets" / "golden"
    folder.mkdir(parents=True)
    (folder / "dataset.yaml").write_text("format: tdmvc.dataset/1\nname: golden\npart_rows: 32\n")
    return ran


def write_source(story: Story, mark: str, *, rows: int = 300) -> Path:
    """Write tables whose first half is the same whatever the mark: parts are shared."""
    folder = story.repo.parent / f"source-{mark}"
    folder.mkdir(exist_ok=True)
    for table in TABLES:
        lines = [f"{n},{table} {mark if n > rows // 2 else ''} {n}" for n in range(rows)]
        (folder / f"{table}.csv").write_text("\n".join(["id,text", *lines]) + "\n")
    return folder


def add(story: Story, mark: str) -> None:
    keys = [word for table in TABLES for word in ("--key", f"{table}=id")]
    story.tdmvc("add", "golden", write_source(story, mark), *keys)


def no_listing_promises_what_is_gone(story: Story) -> None:
    there = names_in(story.cache)
    for oid in there:
        if oid.endswith(".dir"):
            assert story.closure(oid) <= there


@long_only
def test_if_gc_is_killed_no_listing_names_a_removed_part(story: Story) -> None:
    add(story, "abandoned")
    add(story, "also")
    add(story, "kept")
    story.commit("Rows")
    story.age()
    garbage = story.would_go()
    assert len(garbage) > 10
    kept = names_in(story.cache) - garbage
    died = 0
    series = [0, 1, 1, 2, 3, 1, 0, 2][: trials(8, 4)]
    for left in series:
        words = [sys.executable, "-c", _DYING, str(left), str(story.repo)]
        died += subprocess.run(words, check=False).returncode == 9
        no_listing_promises_what_is_gone(story)
        assert kept <= names_in(story.cache)
        # The record or the listings tell whose the rest is.
        assert story.would_go() == names_in(story.cache) - kept
    assert died >= len(series) - 2
    story.gc("--apply")
    assert names_in(story.cache) == kept
    story.tdmvc("verify")


@pytest.mark.slow
@long_only
def test_an_add_that_reuses_garbage_and_a_gc_that_removes_it_run_together(
    story: Story, runner: CommandRunner
) -> None:
    """Whoever comes first: afterwards every pointer's rows are here."""
    add(story, "kept")
    story.commit("Rows")
    keys = [word for table in TABLES for word in ("--key", f"{table}=id")]
    for turn in range(trials(6, 2)):
        wanted = write_source(story, "wanted")
        story.tdmvc("add", "golden", wanted, *keys)
        story.tdmvc("checkout", "golden@HEAD", "--force")
        for ref in git(story.repo, "for-each-ref", "--format=%(refname)", "refs/tdmvc").split():
            git(story.repo, "update-ref", "-d", ref)
        story.age()
        assert len(story.would_go()) > 5
        adding: list[object] = ["-C", story.repo, "-q", "add", "golden", wanted, *keys]
        collecting: list[object] = ["-C", story.repo, "-q", "gc", "--apply"]
        done = runner.run(*((adding, collecting) if turn % 2 else (collecting, adding)))
        assert done.codes in ([0, 0],), done.err
        story.tdmvc("verify")
        for table in TABLES:
            assert story.closure(story.pointer(table)) <= names_in(story.cache)
        git(story.repo, "checkout", "-q", "--", ".")
        story.tdmvc("checkout", "golden", "--force")


def test_an_object_that_is_used_again_gets_a_new_age(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    # A command that ends within a tick of the last write leaves that file to be read again.
    monkeypatch.setattr("tdmvc.store.index._TICK_NS", 0)
    add(story, "kept")
    story.age()
    story.tdmvc("verify")
    before = {path: path.stat().st_mtime for path in story.cache.rglob("*") if path.is_file()}
    add(story, "kept")
    assert all(path.stat().st_mtime > time.time() - 60 for path in before)
    # Nothing is read again because of it: the index has the new time.
    from tdmvc.store.index import _stamp

    with contextlib.closing(sqlite3.connect(story.repo / ".git/tdmvc/index.sqlite")) as index:
        known = dict(index.execute("select path, stamp from seen").fetchall())
    parts = [path for path in before if not path.name.endswith(".dir")]
    assert parts
    assert all(known[str(path)] == _stamp(path) for path in parts)


def test_an_object_that_is_used_during_gc_is_kept_with_its_parts(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tdmvc.actions.gc import _GcRun

    add(story, "abandoned")
    add(story, "kept")
    story.commit("Rows")
    story.age()
    garbage = story.would_go()
    listing = sorted(oid for oid in garbage if oid.endswith(".dir"))[0]
    parts = story.closure(listing)
    real = _GcRun._remove

    def touched(self: object, *given: object) -> object:
        os.utime(story.cache / listing[:2] / listing[2:])
        return real(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(_GcRun, "_remove", touched)
    story.gc("--apply")
    assert parts <= names_in(story.cache)
    assert not (garbage - parts) & names_in(story.cache)
