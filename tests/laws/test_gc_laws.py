"""Laws of gc: whatever a history looks like, nothing that it reaches goes, and nothing else of ours stays.

The oracle asks Git one commit at a time, with plain commands, and knows nothing of tdmvc.
"""

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdmvc.actions.gc import GcOptions, gc
from tdmvc.workspace.workspace import Workspace
from tests.builders import copy_repo, git
from tests.series import trials

VERBS = (
    *("write", "commit", "branch", "tag", "publish", "stash", "reset", "switch", "merge", "move"),
    *("delete-branch", "drop", "forget", "stage", "amend", "pop", "abandon", "replace"),
)
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 5)), min_size=3, max_size=25)
TABLES = ("orders", "customers")


class Played:
    """A repository in which steps are taken; objects are made by hand, as DVC and tdmvc would spell them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cache = root / ".dvc/cache/files/md5"
        self.made: set[str] = set()
        self.golden = root / "datasets/golden"

    def put(self, data: bytes, suffix: str = "") -> str:
        oid = hashlib.md5(data).hexdigest() + suffix
        path = self.cache / oid[:2] / oid[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1, 1))
        self.made.add(oid)
        return oid

    def listing(self, number: int) -> str:
        """Make a table of three parts, two of which other numbers have too."""
        entries = []
        for part in (number, number % 2 + 10, 20):
            md5 = self.put(f"part {part}".encode())
            entries.append({"md5": md5, "relpath": hashlib.sha256(md5.encode()).hexdigest() + ".parquet"})
        entries.sort(key=lambda entry: entry["relpath"])
        return self.put(json.dumps(entries, sort_keys=True).encode(), ".dir")

    def write(self, number: int, salt: int) -> None:
        table = TABLES[number % 2]
        oid = self.listing(100 * salt + number)
        text = f"outs:\n- md5: {oid}\n  size: 9\n  nfiles: 3\n  hash: md5\n  path: {table}\n"
        (self.golden / f"{table}.dvc").write_text(text)

    def step(self, verb: str, number: int, salt: int) -> None:
        (self.golden / "versions").mkdir(parents=True, exist_ok=True)  # Git takes empty folders away
        match verb:
            case "write":
                self.write(number, salt)
            case "abandon":
                self.listing(1000 + 100 * salt + number)
            case "stage":
                self.write(number, salt)
                self.try_git("add", "-A")
            case "commit":
                self.write(number, salt)
                self.try_git("add", "-A")
                self.try_git("commit", "-qm", f"{salt}")
            case "amend":
                self.write(number, salt)
                self.try_git("commit", "-qa", "--amend", "-m", f"{salt}")
            case "branch":
                self.try_git("branch", f"b{number}")
            case "tag":
                self.try_git("tag", *(["-a", "-m", "t"] if number % 2 else []), f"t{number}")
            case "publish":
                oid = self.listing(2000 + 100 * salt + number)
                text = f"format: tdmvc.version/1\ndataset: golden\ntables:\n  orders: {{object: {oid}, rows: 1}}\n"
                (self.golden / f"versions/{number}.{salt}.0.yaml").write_text(text)
            case "stash":
                self.write(number, salt)
                self.try_git("stash", "push", "-q", *(["--include-untracked"] if number % 2 else []))
            case "pop":
                self.try_git("stash", "pop", "-q")
            case "drop":
                self.try_git("stash", "drop", "-q", f"stash@{{{number % 3}}}")
            case "reset":
                self.try_git("reset", "-q", "--hard", f"HEAD~{number % 3}")
            case "switch":
                self.try_git("switch", "-q", "--discard-changes", f"b{number}")
            case "delete-branch":
                self.try_git("branch", "-q", "-D", f"b{number}")
            case "merge":
                self.try_git("merge", "-q", "-m", f"m{salt}", f"b{number}")
            case "move":
                place = self.golden / f"{TABLES[number % 2]}.dvc"
                if place.exists():
                    place.replace(
                        self.golden / (f"moved{number}.dvc" if number % 3 else f"moved{number}.txt")
                    )
            case "replace":
                self.try_git("replace", "-f", "HEAD", "HEAD~1")
            case "forget":
                self.try_git("reflog", "expire", "--expire=now", "HEAD")
                if number % 2:
                    self.try_git("update-ref", "-d", "ORIG_HEAD")

    def try_git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, capture_output=True, check=False)


def reachable(root: Path, cache: Path) -> set[str]:
    """Return, by asking Git for one commit, one index and one file after the other, what is needed."""
    texts: list[str] = []
    commits = set(git(root, "rev-list", "--all", "--reflog").split())
    for name in ("MERGE_HEAD", "ORIG_HEAD", "CHERRY_PICK_HEAD", "AUTO_MERGE"):
        if (root / ".git" / name).exists() and name != "AUTO_MERGE":
            commits |= set(git(root, "rev-list", name).split())
    commits |= {c for c in commits for c in git(root, "--no-replace-objects", "rev-list", c).split()}
    for commit in commits:
        for line in git(root, "--no-replace-objects", "ls-tree", "-r", commit).split("\n"):
            facts, _, path = line.partition("\t")
            if is_wanted(path):
                texts.append(git(root, "cat-file", "blob", facts.split()[2]))
    for line in git(root, "ls-files", "--stage").split("\n"):
        facts, _, path = line.partition("\t")
        if is_wanted(path):
            texts.append(git(root, "cat-file", "blob", facts.split()[1]))
    for path in root.glob("datasets/**/*"):
        if is_wanted(str(path.relative_to(root))):
            texts.append(path.read_text())
    needed: set[str] = set()
    for text in texts:
        for word in text.replace(",", " ").split():
            if word.endswith(".dir"):
                entries = json.loads((cache / word[:2] / word[2:]).read_bytes())
                needed |= {word} | {entry["md5"] for entry in entries}
    return needed


def is_wanted(path: str) -> bool:
    return path.endswith(".dvc") or ("/versions/" in path and path.endswith(".yaml"))


def there(cache: Path) -> set[str]:
    return {path.parent.name + path.name for path in cache.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=trials(40, 5), deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_objects_that_a_history_reaches_are_kept_and_all_others_are_removed(
    template: Path, steps: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "app"
        copy_repo(template, root)
        played = Played(root)
        played.step("commit", 0, 0)
        # Objects that are nobody's: never ours to remove.
        foreign = {
            played.put(b"a model"),
            played.put(b'[{"md5": "%s", "relpath": "a.png"}]' % (b"a" * 32), ".dir"),
        }
        for salt, (verb, number) in enumerate(steps, start=1):
            played.step(verb, number, salt)
        needed = reachable(root, played.cache)
        before = there(played.cache)
        assert needed <= before
        with Workspace.open(root) as workspace:
            listed = {one.object for one in gc(workspace, GcOptions(grace_days=0)).garbage}
            report = gc(workspace, GcOptions(grace_days=0, apply=True))
        assert report.refusals == ()
        removed = {one.object for one in report.garbage}
        after = there(played.cache)
        assert removed == before - after == listed
        assert needed <= after
        assert not removed & (needed | foreign)
        assert after == needed | foreign
