"""The data folder of a run: a copy of the template's, or that of an earlier run, brought back to the same state."""

import contextlib
import os
import shutil
from pathlib import Path

from tdmvc.environments.templates.metadata import SPARE, Template
from tdmvc.store.reflinks import copy_folder, restore_folder

DATA = "data"
COPIED = "copied"
"""The file of a template that names two databases by their numbers: the template, and its first copy. Their files are
equal, and are kept once."""
_MOST_SPARES = 4
"""How many data folders of earlier runs are kept, for runs and workers that start at once."""
_MOST_BYTES = 256 << 20
"""The largest data folder that is kept."""


class DataFolders:
    """Fills data folders from a template that nobody removes meanwhile.

    A file system takes long to make thousands of files soon after others were removed, as between two runs.
    """

    def __init__(self, template: Template) -> None:
        self._content = template.content
        self._secret = template.secret
        self._process = os.getpid()

    def fill(self, data: Path) -> str:
        """Fill a data folder, and return the administrator's password in it.

        Raises:
            OSError: there is no room.
        """
        if self._take(data):
            try:
                self._restore(data)
                return self._secret
            except OSError:
                shutil.rmtree(data)
        original, copied = self._databases()
        copy_folder(self._content / DATA, data)
        copy_folder(self._content / DATA / "base" / original, data / "base" / copied)
        return self._secret

    def keep(self, data: Path) -> None:
        """Keep the data folder of a server that has ended for a later run; what the run wrote is undone now.

        It stays where it is if there are enough, if it is large, or if it is on another file system.
        """
        # A process that was forked while the server ran does not own it.
        free = next((place for place in self._spares() if not place.exists()), None)
        if free is None or os.getpid() != self._process:
            return
        with contextlib.suppress(OSError):
            if data.stat().st_dev != self._content.stat().st_dev:
                return
            self._restore(data)
            if _size(data) <= _MOST_BYTES:
                os.rename(data, free)

    def _take(self, data: Path) -> bool:
        for place in self._spares():
            # Of several processes, one gets it.
            with contextlib.suppress(OSError):
                os.rename(place, data)
                return True
        return False

    def _restore(self, data: Path) -> None:
        original, copied = self._databases()
        base = self._content / DATA / "base"
        restore_folder(self._content / DATA, data, frozenset({"base"}))
        restore_folder(base, data / "base", frozenset({copied}))
        restore_folder(base / original, data / "base" / copied)

    def _databases(self) -> tuple[str, str]:
        original, copied = (self._content / COPIED).read_text(encoding="utf-8").split()
        return original, copied

    def _spares(self) -> list[Path]:
        return [self._content.with_name(f"{SPARE}{number}") for number in range(_MOST_SPARES)]


def _size(data: Path) -> int:
    return sum(
        os.lstat(os.path.join(folder, name)).st_size for folder, _, names in os.walk(data) for name in names
    )
