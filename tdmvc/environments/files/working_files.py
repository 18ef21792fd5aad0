"""Files that runs make where programs expect a database: each has a mark, so that no other file is ever replaced."""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tdmvc.environments.files.failures import file_error, foreign_file
from tdmvc.environments.templates.locks import FileLock, lock_file
from tdmvc.environments.templates.store import templates_folder

_RECORDS = ".working-files"
"""The folder beside the templates with one record for each file."""
_LOCK_SUFFIX = ".lock"
_ATTRIBUTE = "user.tdmvc.working"


class InUseError(Exception):
    """Another run uses the file."""


class WorkingFile:
    """The place of a database that only this run uses; at the end, the file is removed."""

    def __init__(self, path: Path, side_suffixes: tuple[str, ...], lock: FileLock) -> None:
        self.path = path
        self._side_suffixes = side_suffixes
        self._lock = lock
        self._record = _record_of(lock)
        self._end = ExitStack()
        self._made_folders: list[Path] = []
        """Each before the one that it is in."""

    @classmethod
    def claim(cls, path: Path, side_suffixes: tuple[str, ...]) -> "WorkingFile":
        """Take a place.

        Args:
            side_suffixes: of files that belong to a database, and are removed with it.

        Raises:
            InUseError: another run has it.
            DatabaseError: there is a file that tdmvc did not make, or the folder cannot be written.
        """
        with file_error(path):
            path = path.resolve()
            folder = templates_folder() / _RECORDS
            folder.mkdir(exist_ok=True, mode=0o700)
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:24]
        with ExitStack() as stack:
            try:
                lock = stack.enter_context(
                    lock_file(folder / f"{name}{_LOCK_SUFFIX}", shared=False, wait=False)
                )
            except BlockingIOError:
                raise InUseError(path) from None
            stack.callback(lock.remove)
            working = cls(path, side_suffixes, lock)
            working._check_free()
            working._end = stack.pop_all()
        return working

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def new_path(self) -> Path:
        """Where a file is prepared that takes this place; removed if a run is killed."""
        return self.path.with_name(f".{self.path.name}.tdmvc-new")

    def place(self, make: Callable[[Path], None]) -> None:
        """Make the file again, and let it take its place in one step.

        Raises:
            DatabaseError: the folder cannot be written, or there is no room.
        """
        with file_error(self.path):
            try:
                self._make_folders()
                self.new_path.unlink(missing_ok=True)
                make(self.new_path)
                # Without the lock, another run would take the file for one that was left.
                if self._lock.is_there():
                    mark = _set_mark(self.new_path)
                    _write_record(self._record, self.path, self._side_suffixes, mark)
                # The engine would take unfinished work of the old file for that of the new one.
                for side in self._sides():
                    _remove(side)
                os.replace(self.new_path, self.path)
            finally:
                self.new_path.unlink(missing_ok=True)

    def release(self) -> None:
        """Remove the file and all that belongs to it, and let others take the place."""
        # What cannot be removed now keeps its record, so that a later run removes it.
        with self._end, contextlib.suppress(OSError):
            for path in (self.path, self.new_path, *self._sides(), self._record):
                _remove(path)
            for folder in self._made_folders:
                folder.rmdir()

    def _make_folders(self) -> None:
        missing = [folder for folder in self.path.parents if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir()
            self._made_folders.insert(0, folder)

    def _check_free(self) -> None:
        with file_error(self.path):
            _remove_marked(self._record)
        for path in (self.path, *self._sides()):
            if os.path.lexists(path):
                raise foreign_file(path)

    def _sides(self) -> Iterator[Path]:
        return (self.path.with_name(self.path.name + suffix) for suffix in self._side_suffixes)


def remove_abandoned() -> None:
    """Remove the files of runs that were killed."""
    for found in (templates_folder() / _RECORDS).glob(f"*{_LOCK_SUFFIX}"):
        with contextlib.suppress(OSError), lock_file(found, shared=False, wait=False) as lock:
            record = _record_of(lock)
            _remove_marked(record)
            record.unlink(missing_ok=True)
            lock.remove()


def _record_of(lock: FileLock) -> Path:
    return lock.path.with_suffix(".json")


def _write_record(record: Path, path: Path, side_suffixes: tuple[str, ...], mark: str) -> None:
    new = record.with_suffix(".new")
    text = json.dumps({"path": str(path), "sides": list(side_suffixes), "mark": mark})
    new.write_text(text, encoding="utf-8", errors="surrogateescape")
    os.replace(new, record)


def _remove_marked(record: Path) -> None:
    """Remove the file that a record names, if it is the one that was made then.

    Raises:
        OSError: it cannot be removed.
    """
    try:
        read = json.loads(record.read_text(encoding="utf-8", errors="surrogateescape"))
        path, sides, mark = Path(read["path"]), list(read["sides"]), str(read["mark"])
    except (OSError, ValueError, LookupError, TypeError):
        return
    _remove(path.with_name(f".{path.name}.tdmvc-new"))
    if os.path.lexists(path) and not (mark and _read_mark(path) == mark):
        return
    for one in (path, *(path.with_name(path.name + suffix) for suffix in sides)):
        _remove(one)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _set_mark(path: Path) -> str:
    """Mark a file, and return what `_read_mark` returns for it and for no other file, not even a copy of it.

    Empty if the file system has neither attributes nor times of birth: then nothing tells the file from one
    that a person makes in its place.
    """
    if hasattr(os, "setxattr"):
        with contextlib.suppress(OSError):
            os.setxattr(path, _ATTRIBUTE, secrets.token_hex(8).encode())
    return _read_mark(path)


def _read_mark(path: Path) -> str:
    found = path.lstat()
    unique = str(getattr(found, "st_birthtime", ""))
    if hasattr(os, "getxattr"):
        with contextlib.suppress(OSError):
            unique = os.getxattr(path, _ATTRIBUTE, follow_symlinks=False).decode()
    return f"{found.st_dev} {found.st_ino} {unique}" if unique else ""
