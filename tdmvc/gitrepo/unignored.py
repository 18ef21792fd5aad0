"""Knows which files of the work tree are the application's own: those that Git does not ignore."""

import os
from collections.abc import Callable
from pathlib import Path

from tdmvc.gitrepo.trees import WorkTree

ListUnignored = Callable[[str], list[str] | None]
"""From a folder (`''` is the root), the paths below it that Git tracks or would track; None where Git says no."""


class UnignoredTree(WorkTree):
    """The files on disk that Git does not ignore, each folder listed once: what a commit of everything would hold.

    Builds copy migrations (`build/lib/shop/migrations`, `build/resources/main/db/migration`);
    a copy must not count as one more migration.
    """

    def __init__(self, root: Path, list_unignored: ListUnignored) -> None:
        super().__init__(root)
        self._list_unignored = list_unignored
        self._listed: dict[str, list[str]] = {}

    def list_files(self, folder: str = "") -> list[str]:
        folder = folder.strip("/").removeprefix("./")
        folder = "" if folder == "." else folder
        if folder not in self._listed:
            self._listed[folder] = self._list(folder)
        return self._listed[folder]

    def _list(self, folder: str) -> list[str]:
        if not self.is_folder(folder):
            return []
        listed = self._list_unignored(folder)
        if listed is None:
            return super().list_files(folder)
        named = set(listed)
        holds = {above: self.is_folder(above) for above in {path.rpartition("/")[0] for path in named}}
        # Git may still track what somebody has removed, or put a link in the place of.
        found = [path for path in named if holds[path.rpartition("/")[0]] and self.is_file(path)]
        if found or not folder:
            return sorted(found, key=os.fsencode)
        # A folder that is ignored as a whole, or that is of another repository, was named on purpose.
        return super().list_files(folder)
