"""The file of a template, which stays readable even if somebody removes it while it is used."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tdmvc.environments.files.failures import changed_template, file_error
from tdmvc.environments.templates.store import missing_template
from tdmvc.store.reflinks import copy_file


class TemplateFile:
    """An open file that nobody may write to."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            DatabaseError: it is not there any more.
        """
        self._path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise missing_template(path) from error
        self._opened = os.fstat(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def copy_to(self, target: Path) -> None:
        """Copy it to a new file.

        Raises:
            DatabaseError: somebody wrote to it.
            OSError: there is no room.
        """
        self._check()
        if self._has_name():
            copy_file(self._path, target)
            return
        with target.open("xb") as new:
            self._file.seek(0)
            shutil.copyfileobj(self._file, new)

    @contextmanager
    def readable(self, beside: Path) -> Iterator[Path]:
        """Yield a path under which it can be read.

        Args:
            beside: where a copy is made if it was removed.

        Raises:
            DatabaseError: somebody wrote to it, or there is no room.
        """
        self._check()
        if self._has_name():
            yield self._path
            return
        beside.unlink(missing_ok=True)
        try:
            with file_error(beside):
                self.copy_to(beside)
            yield beside
        finally:
            beside.unlink(missing_ok=True)

    def _has_name(self) -> bool:
        try:
            return os.path.samestat(self._opened, self._path.stat())
        except OSError:
            return False

    def _check(self) -> None:
        now = os.fstat(self._file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self._opened.st_size, self._opened.st_mtime_ns):
            raise changed_template(self._path)
