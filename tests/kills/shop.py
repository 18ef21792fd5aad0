"""A shop with two datasets, branches, a remote and edits of its user, and all that can be lost of it."""

import contextlib
import hashlib
import re
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.builders import add_remotes, commit_all, copy_repo, git, run_quietly

ROWS = 150
MODULES = 12
EDITED_NOTES = "Remember the milk.\nUnsaved thoughts.\n"
_OBJECT = re.compile(r"\bmd5: ([0-9a-f]{32}(?:\.dir)?)")
_SEEDED = re.compile(r""""seeded_at": "[^"]*"|(?<=,)'[0-9]+'\);$""", re.MULTILINE)
"""When a database was seeded, and the random number of a fingerprint's counter."""
_PUBLISHED = re.compile(r"(?m)^(published|yanked): .*$")


@dataclass(frozen=True)
class KillShop:
    """A folder with a clone and its remotes; it is copied back before every turn."""

    folder: Path

    @property
    def app(self) -> Path:
        return self.folder / "app"

    def load(self, dataset: str = "golden", **changes: dict[int, str]) -> None:
        """Add tables of rows; the changes are texts by id, and the empty text removes a row."""
        run_quietly(self.app, "-q", "add", dataset, *self.source(**changes))

    def source(self, **changes: dict[int, str]) -> list[str]:
        """Write a folder of CSV files and return the words that name it and its keys."""
        folder = self.folder / "source"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for table, changed in changes.items():
            rows = {n: f"{table} {n} {hashlib.md5(f'{table}{n}'.encode()).hexdigest()}" for n in range(ROWS)}
            rows.update(changed)
            lines = [f"{n},{text}" for n, text in rows.items() if text]
            (folder / f"{table}.csv").write_text("\n".join(["id,text", *lines]) + "\n")
        return [str(folder), *(word for table in changes for word in ("--key", f"{table}=id"))]

    def switch(self, *words: str) -> None:
        git(self.app, "switch", "-q", *words)
        run_quietly(self.app, "-q", "checkout", "golden")

    def write_modules(self, side: str) -> None:
        (self.app / side).mkdir()
        for number in range(MODULES):
            (self.app / side / f"module{number}.py").write_text(f"# {side}\n" * 100)


def build_shop(template: Path, folder: Path) -> KillShop:
    """Build the shop: a published version, a pushed remote, branches that merge cleanly and that clash."""
    shop = KillShop(folder)
    shop.folder.mkdir(parents=True, exist_ok=True)
    app = copy_repo(template, shop.app)
    add_remotes(app, "storage", "archive")
    text = (app / ".dvc/config").read_text()
    (app / ".dvc/config").write_text(text.replace(str(folder), "../.."))
    with (app / "tdmvc.yaml").open("a") as file:
        file.write("store: {release_remote: archive}\n")
    run_quietly(app, "install")
    (app / "datasets/golden").mkdir(parents=True)
    (app / "datasets/golden/dataset.yaml").write_text(
        "format: tdmvc.dataset/1\nname: golden\nkind: golden\npart_rows: 32\n"
    )
    (app / "notes.md").write_text("Remember the milk.\n")
    (app / "shared.py").write_text("one\ntwo\nthree\n")
    shop.load(customers={}, orders={})
    shop.load("reference", countries={})
    commit_all(app, "Shop")
    run_quietly(app, "-q", "publish", "golden", "1.0.0")
    commit_all(app, "Publish")
    run_quietly(app, "-q", "push")
    run_quietly(app, "-q", "push", "golden@1.0.0", "--remote", "archive")
    shop.switch("-c", "feature")
    shop.write_modules("theirs")
    (app / "shared.py").write_text("one\ntwo\nTHREE\n")
    shop.load(customers={1: "theirs", 100: ""}, orders={120: "theirs", 900: "new"})
    commit_all(app, "Feature")
    shop.switch("-c", "clash", "main")
    shop.load(customers={50: "theirs"}, orders={3: "theirs"})
    commit_all(app, "Clash")
    shop.switch("main")
    shop.write_modules("ours")
    (app / "shared.py").write_text("ONE\ntwo\nthree\n")
    shop.load(customers={50: "ours", 140: ""}, orders={4: "ours", 901: "new"})
    commit_all(app, "Main")
    # The work of the user, which no command is about.
    (app / "notes.md").write_text(EDITED_NOTES)
    (app / "untracked.txt").write_text("untracked\n")
    (part, *_) = sorted((app / "datasets/reference/countries").iterdir())
    part.unlink()
    part.write_bytes(next((app / "datasets/golden/customers").iterdir()).read_bytes())
    return shop


def user_work(shop: KillShop) -> dict[str, str]:
    """Return the hashes of the files that the user edited."""
    parts = (shop.app / "datasets/reference").rglob("*.parquet")
    return _hashes(shop.app, [shop.app / "notes.md", shop.app / "untracked.txt", *parts])


def lost_objects(shop: KillShop) -> set[str]:
    """Return what pointers of HEAD, of the index and of the work tree name, but no cache or remote holds."""
    stores = [shop.app / ".dvc/cache", shop.folder / "storage", shop.folder / "archive"]
    have = {name for store in stores for name in whole_objects(store)}
    texts = [path.read_text() for path in (shop.app / "datasets").glob("*/*.dvc")]
    listed = _git_blobs(shop, "ls-tree", "-r", "HEAD") + _git_blobs(shop, "ls-files", "--stage")
    texts += _read_blobs(shop, {blob for path, blob in listed if path.endswith(".dvc")}).values()
    wanted = {name for text in texts for name in _OBJECT.findall(text)}
    lost = wanted - have
    for name in wanted & have:
        paths = (_object_path(store, name) for store in stores)
        text = next(path for path in paths if path.exists()).read_text()
        lost |= set(re.findall(r'"md5": ?"([0-9a-f]{32})"', text)) - have
    return lost


def whole_objects(store: Path) -> set[str]:
    """Return the objects of a cache or a remote whose bytes are those that their names promise."""
    found = {f"{path.parent.name}{path.name}": path for path in (store / "files/md5").glob("??/*")}
    return {
        name
        for name, path in found.items()
        if len(name.removesuffix(".dir")) == 32
        and hashlib.md5(path.read_bytes()).hexdigest() == name.removesuffix(".dir")
    }


def fingerprint(shop: KillShop) -> dict[str, object]:
    """Return all that must be the same after a command that was killed and repeated as after an undisturbed one.

    Locks of Git are not among it: if a killed Git had done its work, only the next Git meets them, and says so.
    """
    app = shop.app
    files = [
        path
        for top in app.iterdir()
        if top.name not in {".git", ".dvc"}
        for path in (top.rglob("*") if top.is_dir() else [top])
        if path.is_file() and not path.name.endswith(".db-journal")
    ]
    tip = git(app, "log", "-1", "--format=%s|%P").split("|")
    refs = git(app, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags")
    return {
        "files": _hashes(app, files),
        "index": _normal(shop, _git_blobs(shop, "ls-files", "--stage")),
        "unmerged": git(app, "ls-files", "--unmerged"),
        "HEAD": _normal(shop, _git_blobs(shop, "ls-tree", "-r", "HEAD")),
        "commit": (tip[0], len(tip[1].split())),
        "commits": git(app, "rev-list", "--count", "HEAD"),
        "refs": refs,
        "merge": (app / ".git/MERGE_HEAD").exists(),
        "record": (app / ".git/tdmvc-merge.json").exists(),
        "cache": sorted(whole_objects(app / ".dvc/cache")),
        "remote": sorted(whole_objects(shop.folder / "storage")),
        "archive": sorted(whole_objects(shop.folder / "archive")),
    }


def differences(actual: dict[str, object], expected: dict[str, object]) -> dict[str, object]:
    """Return what of a fingerprint differs, in both versions."""
    return {
        name: _what_differs(actual[name], expected[name])
        for name in expected
        if actual[name] != expected[name]
    }


def _what_differs(actual: object, expected: object) -> object:
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {
            key: (actual.get(key), expected.get(key))
            for key in sorted({*actual, *expected})
            if actual.get(key) != expected.get(key)
        }
    return actual, expected


def _object_path(store: Path, name: str) -> Path:
    return store / "files/md5" / name[:2] / name[2:]


def _git_blobs(shop: KillShop, *words: str) -> list[tuple[str, str]]:
    """Return (path, blob) of every file that Git lists."""
    lines = git(shop.app, *words).splitlines()
    return [
        (path, re.findall(r"[0-9a-f]{40}", facts)[0])
        for facts, _, path in (line.partition("\t") for line in lines)
    ]


def _normal(shop: KillShop, blobs: list[tuple[str, str]]) -> dict[str, str]:
    """Return blobs by path, those of versions without the time at which they were published."""
    found = dict(blobs)
    texts = _read_blobs(shop, {blob for path, blob in blobs if "/versions/" in path})
    return found | {path: _PUBLISHED.sub("", texts[blob]) for path, blob in blobs if blob in texts}


def _read_blobs(shop: KillShop, blobs: set[str]) -> dict[str, str]:
    done = subprocess.run(
        ["git", "cat-file", "--batch"],
        cwd=shop.app,
        input="".join(f"{blob}\n" for blob in sorted(blobs)),
        capture_output=True,
        encoding="latin-1",  # sizes are in bytes
        check=True,
    )
    found: dict[str, str] = {}
    rest = done.stdout
    while rest:
        facts, _, rest = rest.partition("\n")
        blob, _, size = facts.split()
        found[blob], rest = rest[: int(size)], rest[int(size) + 1 :]
    return found


def _seeded_rows(path: Path) -> bytes:
    """Return all that a SQLite database holds, without what differs each time it is seeded."""
    with contextlib.closing(sqlite3.connect(path)) as con:
        return _SEEDED.sub("", "\n".join(con.iterdump())).encode()


def _hashes(root: Path, files: list[Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in files:
        data = path.read_bytes()
        if path.suffix == ".db":
            data = _seeded_rows(path)
        if "versions" in path.parts:
            data = _PUBLISHED.sub("", data.decode()).encode()
        found[path.relative_to(root).as_posix()] = hashlib.md5(data).hexdigest()
    return found
