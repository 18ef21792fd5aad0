"""One writer at a time: the others wait, and the dead hold nothing."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tdmvc.errors import StoreError
from tdmvc.store import lock as lock_module
from tdmvc.store.lock import exclusive, try_exclusive

HOLDER = """
import sys, time
from pathlib import Path
from tdmvc.store.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


COUNTER = """
import sys, time
from pathlib import Path
from tdmvc.store.lock import exclusive
for _ in range(5):
    with exclusive(Path(sys.argv[1])):
        value = int(Path(sys.argv[2]).read_text())
        time.sleep(0.002)
        Path(sys.argv[2]).write_text(str(value + 1))
"""
"""Adds to a number in a file, slowly enough to lose additions without a lock."""


def test_eight_processes_lose_no_addition(tmp_path: Path) -> None:
    (tmp_path / "counter").write_text("0")
    words = [sys.executable, "-c", COUNTER, str(tmp_path / "state" / "l.lock"), str(tmp_path / "counter")]
    processes = [subprocess.Popen(words) for _ in range(8)]
    assert [process.wait() for process in processes] == [0] * 8
    assert (tmp_path / "counter").read_text() == "40"


def test_a_waiting_process_reports_it_once_and_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_module, "_PATIENCE_SECONDS", 0.05)
    said: list[str] = []
    order: list[str] = []
    path = tmp_path / "l.lock"

    def wait() -> None:
        with exclusive(path, on_wait=lambda: said.append("waiting")):
            order.append("second")

    with exclusive(path):
        other = threading.Thread(target=wait)
        other.start()
        time.sleep(0.3)
        order.append("first")
    other.join()
    assert said == ["waiting"]
    assert order == ["first", "second"]


def test_a_lock_that_is_never_released_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "_PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(lock_module, "_WAIT_SECONDS", 0.05)
    path = tmp_path / "l.lock"
    with exclusive(path):
        assert try_exclusive(path) is None
        with pytest.raises(StoreError, match="Another tdmvc process") as caught, exclusive(path):
            raise AssertionError("two writers")
    assert str(path) in caught.value.where
    free = try_exclusive(path)
    assert free is not None
    free.release()


def test_a_killed_process_releases_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "l.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    assert try_exclusive(path) is None
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    free = try_exclusive(path)
    assert free is not None
    free.release()


def test_a_folder_that_cannot_be_created_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Cannot write"), exclusive(tmp_path / "file" / "l.lock"):
        raise AssertionError("no lock")
