"""Copies of files and folders, and what is said if they cannot be made."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tdmvc.store.reflinks import copy_folder, restore_folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A folder with room for a little."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("needs to be root, and to mount")
    return folder


def test_a_folder_that_does_not_fit_is_an_error_with_its_reason_and_the_file(
    small_disk: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "big").write_bytes(bytes(1 << 20))
    try:
        with pytest.raises(OSError, match="No space left") as raised:
            copy_folder(source, small_disk / "copy")
        assert (raised.value.errno, raised.value.strerror) == (errno.ENOSPC, os.strerror(errno.ENOSPC))
        assert raised.value.filename == str(small_disk / "copy" / "deep" / "big")
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)


def test_a_folder_is_copied_with_its_modes_and_links(tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    (source / "deep" / "empty").mkdir(parents=True)
    (source / "deep" / "secret").write_bytes(b"x" * ((1 << 20) + 1))
    (source / "run").write_text("")
    (source / "away").symlink_to("nowhere")
    (source / "there").symlink_to("deep")
    for path, mode in (("deep/secret", 0o600), ("run", 0o777), ("deep/empty", 0o500), (".", 0o700)):
        (source / path).chmod(mode)

    copy_folder(source, copy)

    paths = sorted(path.relative_to(source) for path in source.rglob("*"))
    assert sorted(path.relative_to(copy) for path in copy.rglob("*")) == paths
    for path in (Path("."), *paths):
        old, new = source / path, copy / path
        assert new.lstat().st_mode == old.lstat().st_mode
        if old.is_symlink():
            assert new.readlink() == old.readlink()
        elif old.is_file():
            assert new.read_bytes() == old.read_bytes()


def test_a_copy_replaces_nothing_and_waits_for_no_pipe(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (tmp_path / "copy").mkdir()
    with pytest.raises(FileExistsError):
        copy_folder(source, tmp_path / "copy")
    os.mkfifo(source / "pipe")
    with pytest.raises(OSError, match="pipe is not a file, a folder or a link"):
        copy_folder(source, tmp_path / "other")


def test_a_copy_is_restored_by_copying_only_what_was_written(tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    names = [
        "same",
        "written",
        "longer",
        "removed",
        "replaced",
        "deep/same",
        "deep/er/removed",
        "turned/into",
    ]
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    (source / "link").symlink_to("same")
    copy_folder(source, copy)
    (source / "other").mkdir()
    inodes = {name: (copy / name).stat().st_ino for name in ("same", "deep/same")}
    (copy / "written").write_text("changed")
    (copy / "longer").write_text("longer!")
    (copy / "removed").unlink()
    shutil.rmtree(copy / "deep" / "er")
    (copy / "replaced").unlink()
    (copy / "replaced").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("replaced")
    shutil.rmtree(copy / "turned")
    (copy / "turned").write_text("a file")
    (copy / "link").unlink()
    (copy / "new").mkdir()
    (copy / "new" / "file").write_text("more")
    (copy / "other").write_text("left alone")
    restore_folder(source, copy, frozenset({"other"}))
    assert {name: (copy / name).read_text() for name in names} == {name: name for name in names}
    assert {name: (copy / name).stat().st_ino for name in inodes} == inodes
    assert (os.readlink(copy / "link"), (copy / "other").read_text()) == ("same", "left alone")
    assert not (copy / "new").exists()
    assert not (copy / "replaced").is_symlink()
    assert (tmp_path / "elsewhere").read_text() == "replaced"
