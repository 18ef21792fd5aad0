"""What a killed process was preparing is removed by the next; what a running one prepares stays."""

import subprocess
import sys
from pathlib import Path

import pytest

from tdmvc.databases.staging import staging_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks on folders")
PREPARE = """
import sys, time
from pathlib import Path
from tdmvc.databases.staging import staging_folder
with staging_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_prepares_stays(tmp_path: Path) -> None:
    target = tmp_path / "out [1].sqlite"
    other = subprocess.Popen([sys.executable, "-c", PREPARE, str(target)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    theirs = Path(other.stdout.readline().strip())
    try:
        with staging_folder(target) as folder:
            assert folder.parent == tmp_path
            assert folder != theirs
            assert (theirs / "half").exists()
        assert not folder.exists()
    finally:
        other.kill()
        other.wait()
    assert theirs.exists()
    with staging_folder(target):
        assert not theirs.exists()


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    link = tmp_path / ".out.tdmvc-link"
    link.symlink_to(tmp_path / "mine")
    with staging_folder(tmp_path / "out"):
        pass
    assert (tmp_path / "mine").exists()
    assert link.is_symlink()
