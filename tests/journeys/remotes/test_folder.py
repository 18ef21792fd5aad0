"""A folder as a remote: a full disk, a folder that cannot be written, and a push that is killed."""

import errno
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tdmvc.store import remote_files
from tests.builders import Tdmvc, commit_all
from tests.journeys.remotes.conftest import forget_rows
from tests.journeys.remotes.servers import FolderRemote, configure
from tests.series import long_only

Mount = Callable[..., None]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mount something on a folder, until the test ends."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a disk")
    mounted: list[str] = []

    def on(folder: Path, *words: str) -> None:
        folder.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *words, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"this machine refuses to mount: {done.stderr.strip()}")
        mounted.append(str(folder))

    yield on
    for folder in reversed(mounted):
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_said_and_leaves_nothing_behind(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path, mount: Mount
) -> None:
    far = FolderRemote(tmp_path / "far")
    mount(far.folder, "-t", "tmpfs", "-o", "size=96k", "tdmvc-test")
    configure(repo, far=far)
    tdmvc("push")
    before = far.names()
    rows = "".join(f"{n},{hashlib.sha256(b'%d' % n).hexdigest()}\n" for n in range(4_000))
    (tmp_path / "people.csv").write_text(f"id,name\n{rows}")
    tdmvc("add", "golden", tmp_path / "people.csv")
    error = tdmvc("push", code=6).err
    assert "The remote 'far' failed: its disk is full" in error
    assert "free some space there" in error
    assert far.names() == before
    assert tdmvc("status", "--remote", "--format", "json").json["datasets"][0]["not_pushed"] == 2
    subprocess.run(["mount", "-o", "remount,size=4m", str(far.folder)], check=True)
    tdmvc("push")
    assert tdmvc("verify", "--deep", "--format", "json").json["findings"] == []


@long_only
def test_a_full_disk_here_is_not_blamed_on_the_remote(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(repo, far=FolderRemote(tmp_path / "far"))
    tdmvc("push")
    forget_rows(repo)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(remote_files, "_transfer", full)
        error = tdmvc("pull", code=6).err
    assert "Cannot write: No space left on device" in error
    assert "remote" not in error
    tdmvc("pull")


def test_a_read_only_folder_gives_rows_and_says_why_it_takes_none(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path, mount: Mount
) -> None:
    far = FolderRemote(tmp_path / "far")
    configure(repo, far=far)
    commit_all(repo, "Remote")
    tdmvc("push")
    mount(far.folder, "--bind", str(far.folder))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(far.folder)], check=True)
    tdmvc("push")
    (tmp_path / "orders.csv").write_text("id,status\n1,open\n2,paid\n3,new\n")
    tdmvc("add", "golden", tmp_path / "orders.csv")
    error = tdmvc("push", code=6).err
    assert "The remote 'far' failed: it cannot be written" in error
    assert "HTTP" not in error
    commit_all(repo, "More orders")
    assert "was published, but not pushed" in tdmvc("publish", "golden", "--push", code=6).err
    tdmvc("gc", "--remote", "--alone", "--grace", "0")
    forget_rows(repo)
    tdmvc("pull", "golden@1.0.0")


def test_a_folder_that_may_not_be_entered_is_refused_without_a_word_of_http(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(repo, far=FolderRemote(tmp_path / "far"))
    # Tests may run as root, whom no permission stops: so the file system itself says no.
    real = os.stat

    def forbidden(path: object, *words: object, **more: object) -> os.stat_result:
        if str(tmp_path / "far") in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", forbidden)
    error = tdmvc("push", code=6).err
    assert "The remote 'far' failed: access is denied: " in error
    assert "correct the permissions of its folder" in error
    assert "HTTP" not in error


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3])
def test_a_push_that_is_killed_leaves_nothing_incomplete_under_an_objects_name(
    repo: Path, tdmvc: Tdmvc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    far = FolderRemote(tmp_path / "far")
    configure(repo, far=far)
    copied: list[Path] = []
    real = shutil.copyfile

    def half(source: Path, target: Path) -> None:
        if len(copied) == killed_after:
            # As SIGKILL does, leave the half and run no clean-up.
            target.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
            monkeypatch.setattr(remote_files, "remove_quietly", lambda path: None)
            raise KeyboardInterrupt
        copied.append(target)
        real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr("tdmvc.store.remote_files.shutil.copyfile", half)
        tdmvc("push", code=130)
    cache = repo / ".dvc/cache"
    kept = [name for name in far.names() if not name.endswith(".tmp")]
    assert len(kept) == killed_after
    assert len(far.names()) == killed_after + 1
    for name in kept:
        assert far.read(name) == (cache / name).read_bytes()
    tdmvc("push")
    assert tdmvc("verify", "--deep", "--format", "json").json["findings"] == []
