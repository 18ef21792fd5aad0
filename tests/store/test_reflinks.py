"""Copies of files and folders, and what is said if they cannot be made."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tdmvc.store.reflinks import copy_folder


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
