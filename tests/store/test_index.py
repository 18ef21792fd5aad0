"""The memory of files: right, or silent."""

import os
import sqlite3
import time
from pathlib import Path

import pytest

from tdmvc.store import index as index_module
from tdmvc.store.index import FileIndex, md5_of_file

SETTLED = 0.03
"""Seconds after which a file's time stamp is believed."""


def forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr(index_module, "md5_of_file", refuse)


def remembered(folder: Path, path: Path) -> None:
    """Let an index of its own hash a settled file and write that down."""
    time.sleep(SETTLED)
    memory = FileIndex(folder / "index.sqlite")
    memory.md5(path)
    memory.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "part.parquet"
    path.write_bytes(b"rows")
    return path


def test_a_file_that_was_hashed_once_is_not_read_again(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = md5_of_file(file)
    remembered(tmp_path, file)
    forbid_reading(monkeypatch)
    assert FileIndex(tmp_path / "index.sqlite").md5(file) == expected


@pytest.mark.parametrize("keeps_times", [False, True])
def test_a_changed_file_is_read_again_even_with_its_old_times(
    tmp_path: Path, file: Path, keeps_times: bool
) -> None:
    remembered(tmp_path, file)
    old = file.stat()
    file.write_bytes(b"swor")
    if keeps_times:
        os.utime(file, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert FileIndex(tmp_path / "index.sqlite").md5(file) == md5_of_file(file)


def test_a_replaced_file_is_read_again(tmp_path: Path, file: Path) -> None:
    remembered(tmp_path, file)
    other = tmp_path / "other"
    other.write_bytes(b"swor")
    os.replace(other, file)
    assert FileIndex(tmp_path / "index.sqlite").md5(file) == md5_of_file(file)


def test_a_file_hashed_within_the_clock_tick_of_its_last_write_is_hashed_again(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second write in that tick, after the hashing, would leave size and times as they were."""
    moment = file.stat().st_mtime_ns
    monkeypatch.setattr(time, "time_ns", lambda: moment + 1_000_000)
    memory = FileIndex(tmp_path / "index.sqlite")
    memory.md5(file)
    monkeypatch.setattr(time, "time_ns", lambda: moment + 10_000_000_000)
    memory.close()
    rows = sqlite3.connect(tmp_path / "index.sqlite").execute("select * from seen").fetchall()
    assert rows == []


def test_a_file_that_changes_while_it_is_hashed_is_not_remembered(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_and_write(path: Path) -> str:
        md5 = md5_of_file(path)
        path.write_bytes(b"more rows")
        return md5

    time.sleep(SETTLED)
    monkeypatch.setattr(index_module, "md5_of_file", hash_and_write)
    memory = FileIndex(tmp_path / "index.sqlite")
    memory.md5(file)
    memory.close()
    monkeypatch.undo()
    assert FileIndex(tmp_path / "index.sqlite").md5(file) == md5_of_file(file)


def test_a_written_file_that_did_not_change_is_not_hashed_again(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = FileIndex(tmp_path / "index.sqlite")
    memory.remember(file, "0" * 32)
    time.sleep(SETTLED)
    memory.close()
    forbid_reading(monkeypatch)
    assert FileIndex(tmp_path / "index.sqlite").md5(file) == "0" * 32


def test_a_damaged_index_is_rebuilt(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(b"this is no database, and it is long enough to be looked at" * 40)
    memory = FileIndex(path)
    assert memory.md5(file) == md5_of_file(file)
    memory.remember_rows("0" * 32, 7)
    memory.close()
    assert not path.exists()
    remembered(tmp_path, file)
    assert sqlite3.connect(path).execute("select count(*) from seen").fetchone() == (1,)


def test_an_index_damaged_in_its_middle_is_rebuilt_too(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "index.sqlite"
    memory = FileIndex(path)
    for number in range(3000):
        memory.remember_rows(f"{number:032x}", number)
    memory.close()
    with path.open("r+b") as raw:
        size = raw.seek(0, os.SEEK_END)
        for page in range(4096 * 4, size, 4096):
            raw.seek(page)
            raw.write(b"\xff" * 4096)
    memory = FileIndex(path)
    assert {memory.rows(f"{number:032x}") for number in range(0, 3000, 300)} <= {None, *range(3000)}
    memory.close()
    assert not path.exists()


def test_a_locked_index_is_left_alone(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.sqlite"
    remembered(tmp_path, file)
    holder = sqlite3.connect(path)
    holder.execute("begin exclusive")
    real_connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real_connect(*a, **{**k, "timeout": 0}))
    memory = FileIndex(path)
    assert memory.md5(file) == md5_of_file(file)
    memory.close()
    holder.rollback()
    assert path.exists()
    assert holder.execute("select count(*) from seen").fetchone() == (1,)


def test_without_write_access_everything_works_without_an_index(tmp_path: Path, file: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    memory = FileIndex(tmp_path / "state" / "index.sqlite")
    assert memory.md5(file) == md5_of_file(file)
    memory.remember_rows("0" * 32, 7)
    assert memory.rows("0" * 32) == 7
    memory.remember_pushed("origin", ["a"])
    assert memory.pushed("origin") == set()
    memory.close()


def test_rows_and_pushed_objects_are_known_to_the_next_process(tmp_path: Path) -> None:
    memory = FileIndex(tmp_path / "index.sqlite")
    memory.remember_rows("0" * 32, 7)
    memory.remember_pushed("origin", ["a", "b"])
    memory.remember_pushed("origin", ["b"], is_there=False)
    memory.close()
    again = FileIndex(tmp_path / "index.sqlite")
    assert again.rows("0" * 32) == 7
    assert again.rows("1" * 32) is None
    assert again.pushed("origin") == {"a"}
    assert again.pushed("other") == set()


def test_a_missing_file_is_an_os_error(tmp_path: Path, index: FileIndex) -> None:
    with pytest.raises(FileNotFoundError):
        index.md5(tmp_path / "nothing")
