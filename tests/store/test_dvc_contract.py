"""What tdmvc relies on in DVC, asked of the DVC that is installed; and that plain DVC works on what tdmvc writes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dvc.repo import Repo
from dvc_data.hashfile.db import HashFileDB
from dvc_data.hashfile.tree import Tree

from tdmvc.errors import ConfigError, PartError, StoreError
from tdmvc.formats.pointers import read_pointers
from tdmvc.gitrepo.trees import WorkTree
from tdmvc.store import dvc, remote_files
from tdmvc.store.state_folder import state_folder
from tdmvc.store.store import Store
from tests.builders import Tdmvc, copy_repo, git

ROWS = "id,name\n" + "".join(f"{n},name {n}\n" for n in range(300))


@pytest.fixture(scope="module")
def added(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one committed table of several parts, made once."""
    from tdmvc.cli.main import run

    app = copy_repo(template, tmp_path_factory.mktemp("contract") / "app")
    (app / "datasets" / "golden").mkdir(parents=True)
    manifest = "format: tdmvc.dataset/1\nname: golden\nkind: golden\npart_rows: 16\n"
    (app / "datasets" / "golden" / "dataset.yaml").write_text(manifest)
    (app.parent / "t.csv").write_text(ROWS)
    assert run(["-C", str(app), "-q", "add", "golden", str(app.parent / "t.csv"), "--key", "t=id"]) == 0
    git(app, "add", "-A")
    git(app, "commit", "-q", "-m", "Golden data")
    return app


@pytest.fixture
def repo(added: Path, tmp_path: Path) -> Path:
    app = copy_repo(added, tmp_path / "app")
    with (app / ".dvc" / "config").open("a") as file:
        file.write(f"[core]\n    remote = origin\n['remote \"origin\"']\n    url = {tmp_path / 'remote'}\n")
    return app


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return tmp_path / "remote"


@contextmanager
def plain_dvc(root: Path) -> Iterator[Repo]:
    """Open the repository as the `dvc` command does."""
    opened = Repo(str(root))
    try:
        yield opened
    finally:
        opened.close()


def objects_in(folder: Path) -> set[str]:
    """Return the names of all objects below a cache or a remote."""
    files = (folder / "files" / "md5").glob("*/*")
    return {file.parent.name + file.name for file in files}


@pytest.mark.usefixtures("nameless_user")
def test_a_user_needs_no_name(repo: Path, remote: Path) -> None:
    objects = objects_in(repo / ".dvc" / "cache")

    dvc.push(repo, objects)
    shutil.rmtree(repo / ".dvc" / "cache")
    dvc.fetch(repo, objects)

    assert objects_in(remote) == objects_in(repo / ".dvc" / "cache") == objects
    assert "LOGNAME" not in os.environ


def closure(root: Path) -> set[str]:
    """Return what the pointer of the table needs, read from DVC's own cache."""
    pointer = read_pointers(WorkTree(root), "datasets/golden")["t"]
    store = Store(root)
    try:
        return store.closure(pointer.object, "golden/t")
    finally:
        store.close()


def forget(root: Path) -> None:
    """Remove the cache and the table's folder, as in a fresh clone."""
    shutil.rmtree(root / ".dvc" / "cache")
    shutil.rmtree(state_folder(root))
    shutil.rmtree(root / "datasets" / "golden" / "t")


def test_after_add_plain_dvc_status_is_clean(repo: Path) -> None:
    words = [sys.executable, "-m", "dvc", "status"]
    done = subprocess.run(words, cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Data and pipelines are up to date." in done.stdout
    assert git(repo, "status", "--porcelain", "--", "datasets") == ""


def test_dvc_add_of_the_same_folder_would_write_the_same_pointer(repo: Path) -> None:
    pointer = repo / "datasets" / "golden" / "t.dvc"
    ours = pointer.read_text()
    with plain_dvc(repo) as opened:
        opened.add(str(repo / "datasets" / "golden" / "t"))
    assert pointer.read_text() == ours


def test_the_listing_is_what_dvc_reads_and_names(repo: Path) -> None:
    oid = next(oid for oid in closure(repo) if oid.endswith(".dir"))
    with plain_dvc(repo) as opened:
        cache = opened.cache.local
        store = Store(repo)
        assert cache.oid_to_path(oid) == str(store.objects.path(oid))
        loaded = Tree.load(cache, _hash_info(oid))
        listing = store.listing(oid, "golden/t")
        store.close()
        assert {"/".join(key): info.value for key, (_, info) in loaded.iteritems()} == {
            entry.name: entry.md5 for entry in listing.entries
        }
        loaded.digest()
        assert loaded.hash_info.value == oid == listing.object
    assert len(listing.entries) > 5


def _hash_info(oid: str) -> object:
    from dvc_data.hashfile.hash_info import HashInfo

    return HashInfo("md5", oid)


def test_plain_dvc_checkout_writes_the_parts(repo: Path) -> None:
    folder = repo / "datasets" / "golden" / "t"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(folder)
    with plain_dvc(repo) as opened:
        opened.checkout([str(folder) + ".dvc"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_tdmvc_pushes_plain_dvc_pulls(repo: Path, remote: Path, tdmvc: Tdmvc) -> None:
    wanted = closure(repo)
    tdmvc("push")
    assert objects_in(remote) == wanted
    forget(repo)
    with plain_dvc(repo) as opened:
        opened.pull()
        assert opened.status() == {}
        assert opened.status(cloud=True) == {}
    tdmvc("verify", "--remote")


def test_what_plain_dvc_pushes_tdmvc_pulls(repo: Path, remote: Path, tdmvc: Tdmvc) -> None:
    wanted = closure(repo)
    before = tdmvc("show", "golden", "--format", "json").json["content"]
    with plain_dvc(repo) as opened:
        opened.push()
    forget(repo)
    tdmvc("pull")
    assert objects_in(repo / ".dvc" / "cache") == wanted
    assert tdmvc("show", "golden", "--format", "json").json["content"] == before
    with plain_dvc(repo) as opened:
        assert opened.status() == {}


def test_push_repairs_a_remote_that_has_the_listing_and_lacks_parts(
    repo: Path, remote: Path, tdmvc: Tdmvc
) -> None:
    wanted = closure(repo)
    tdmvc("push")
    for oid in sorted(oid for oid in wanted if not oid.endswith(".dir"))[::2]:
        (remote / "files" / "md5" / oid[:2] / oid[2:]).unlink()
    with plain_dvc(repo) as opened:
        # This is why tdmvc asks for each object: DVC takes the listing's word for its parts.
        assert opened.push() == 0
    assert objects_in(remote) < wanted
    verified = tdmvc("verify", "--remote", code=1)
    assert "not on the remote" in verified.out
    tdmvc("push")
    assert objects_in(remote) == wanted
    tdmvc("verify", "--remote")


def test_parts_are_on_the_remote_before_the_listing_is(
    repo: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = closure(repo)
    sent: list[str] = []
    real = remote_files._copy_file

    def watch(there: HashFileDB, source: Path, target: Path) -> None:
        sent.append(target.parent.name + target.name)
        real(there, source, target)

    monkeypatch.setattr(remote_files, "_copy_file", watch)
    assert dvc.push(repo, wanted).result.lacking == frozenset()
    listings = {oid for oid in wanted if oid.endswith(".dir")}
    assert set(sent) == wanted
    assert set(sent[-len(listings) :]) == listings


def test_fetch_reports_what_no_remote_has_and_fetches_the_rest(repo: Path, remote: Path) -> None:
    wanted = closure(repo)
    dvc.push(repo, wanted)
    lost = sorted(wanted)[0]
    (remote / "files" / "md5" / lost[:2] / lost[2:]).unlink()
    forget(repo)
    assert dvc.fetch(repo, wanted) == {lost}
    assert objects_in(repo / ".dvc" / "cache") == wanted - {lost}
    assert dvc.compare(repo, wanted).missing == {lost}
    assert dvc.fetch(repo, set()) == set()


@pytest.mark.parametrize("how", ["truncated", "flipped"])
def test_an_object_that_arrives_damaged_is_named_and_never_used(
    repo: Path, remote: Path, tdmvc: Tdmvc, how: str
) -> None:
    wanted = closure(repo)
    tdmvc("push")
    forget(repo)
    part = sorted(oid for oid in wanted if not oid.endswith(".dir"))[0]
    path = remote / "files" / "md5" / part[:2] / part[2:]
    data = bytearray(path.read_bytes())
    good = bytes(data)
    if how == "truncated":
        del data[-20:]
    else:
        data[30] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))
    pulled = tdmvc("pull", code=6)
    assert "golden/t is damaged on the remote" in pulled.err
    assert f"files/md5/{part[:2]}/{part[2:]}" in pulled.err
    assert part not in objects_in(repo / ".dvc" / "cache")
    assert tdmvc("pull", code=6).err == pulled.err
    assert "delete that object on the remote" in pulled.err
    path.unlink()
    path.write_bytes(good)
    tdmvc("pull")
    tdmvc("verify")


def test_several_levels_of_reading_fetch_just_what_they_need(repo: Path, remote: Path) -> None:
    wanted = closure(repo)
    dvc.push(repo, wanted)
    forget(repo)
    store = Store(repo)
    oid = next(oid for oid in wanted if oid.endswith(".dir"))
    listing = store.listing(oid, "golden/t")
    assert objects_in(repo / ".dvc" / "cache") == {oid}
    one = listing.entries[0]
    (path,) = store.parts(listing, "golden/t", {one.content})
    assert path == store.objects.path(one.md5)
    assert objects_in(repo / ".dvc" / "cache") == {oid, one.md5}
    store.close()


def test_a_damaged_part_is_fetched_again_when_it_is_read(repo: Path) -> None:
    wanted = closure(repo)
    dvc.push(repo, wanted)
    store = Store(repo)
    listing = store.listing(next(oid for oid in wanted if oid.endswith(".dir")), "golden/t")
    path = store.objects.path(listing.entries[0].md5)
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(good[:-1])
    assert store.parts(listing, "golden/t")[0].read_bytes() == good
    assert (store.state_folder / "quarantine" / listing.entries[0].md5).read_bytes() == good[:-1]
    store.close()


def test_a_remote_that_cannot_be_reached_is_named(repo: Path, remote: Path) -> None:
    wanted = closure(repo)
    remote.write_text("a file where the remote's folder should be")
    with pytest.raises(StoreError) as caught:
        dvc.push(repo, wanted)
    assert caught.value.where == "remote origin"
    assert "dvc remote list" in caught.value.remedy


def test_without_a_remote_the_error_explains_how_to_add_one(repo: Path) -> None:
    wanted = closure(repo)
    (repo / ".dvc" / "config").write_text("")
    with pytest.raises(ConfigError, match="No DVC remote is configured") as caught:
        dvc.push(repo, wanted)
    assert "dvc remote add" in caught.value.remedy
    (repo / ".dvc" / "config").write_text("['remote \"store\"']\n    url = ../store\n")
    with pytest.raises(ConfigError, match="No DVC remote is the default one") as caught:
        dvc.push(repo, wanted)
    assert "dvc remote default" in caught.value.remedy
    (repo / ".dvc" / "config").write_text("")
    forget(repo)
    store = Store(repo)
    with pytest.raises(PartError) as missing:
        store.listing(next(oid for oid in wanted if oid.endswith(".dir")), "golden/t")
    assert "no remote (none is configured)" in missing.value.where
    store.close()


def test_an_unknown_remote_is_reported(repo: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        dvc.push(repo, closure(repo), remote="nowhere")


def test_dvc_is_imported_only_for_transfers(repo: Path) -> None:
    script = (
        "import sys; from tdmvc.cli.main import run; "
        "code = run(['-q', 'show', 'golden']) or run(['-q', 'diff']) or run(['-q', 'status']); "
        "sys.exit(code or 9 * any(name.split('.')[0] in ('dvc', 'dvc_data', 'pandas') for name in sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=repo, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_dvc_stays_silent_on_our_terminal(
    repo: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    dvc.push(repo, closure(repo))
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-q")
    dvc.init_repository(tmp_path / "new", is_subfolder=False)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_remote_is_listed_with_sizes_and_times_read_and_cleaned(repo: Path, remote: Path) -> None:
    store = Store(repo)
    cached = {path.parent.name + path.name for path in store.objects.folder.rglob("*") if path.is_file()}
    store.transfer.push(cached)
    (remote / "files" / "md5" / "readme.txt").write_text("not an object")
    with dvc.open_remote(repo, None) as there:
        listed = there.list_objects()
        assert set(listed) == cached
        for oid, stored in listed.items():
            facts = (remote / "files" / "md5" / oid[:2] / oid[2:]).stat()
            assert (stored.size_bytes, stored.modified) == (facts.st_size, facts.st_mtime)
        listing = next(oid for oid in cached if oid.endswith(".dir"))
        assert dict(there.read([listing])) == {listing: store.objects.path(listing).read_bytes()}
        assert there.remove({listing: listed[listing]}) == {listing}
        assert set(there.list_objects()) == cached - {listing}
    store.close()


def test_an_empty_remote_has_no_objects(repo: Path) -> None:
    with dvc.open_remote(repo, None) as there:
        assert there.list_objects() == {}


@pytest.mark.parametrize(
    ("facts", "seconds"),
    [
        ({"mtime": 12.5}, 12.5),
        ({"LastModified": datetime(1970, 1, 1, 0, 1, tzinfo=UTC)}, 60.0),
        ({"last_modified": datetime(1970, 1, 1, 0, 1)}, 60.0),
        ({"updated": "1970-01-01T00:01:00Z"}, 60.0),
        ({"modified": "yesterday"}, None),
        ({"size": 3}, None),
    ],
)
def test_the_time_of_a_file_is_read_in_the_notation_of_each_file_system(
    facts: dict[str, object], seconds: float | None
) -> None:
    assert remote_files._modified(facts) == seconds


def test_the_lock_is_the_one_that_dvc_commands_take(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dvc.lock.DEFAULT_TIMEOUT", 0.1)
    with dvc.repository_lock(repo), plain_dvc(repo) as opened, pytest.raises(Exception, match="lock"):
        opened.lock.lock()
    with (
        plain_dvc(repo) as opened,
        opened.lock,
        pytest.raises(StoreError, match="DVC command"),
        dvc.repository_lock(repo),
    ):
        pass
