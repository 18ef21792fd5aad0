"""Where tdmvc keeps its own files of a work tree: locks, journals, the index, counts, quarantine.

They are in the folder of Git's own files, because nobody can send those: Git never takes a path with `.git` in it from
a commit. What lies in the work tree, such as `.dvc/tmp`, may come with a branch, and tdmvc would believe it.
"""

import os
from pathlib import Path

_NAME = "tdmvc"
_MOST_BYTES = 1 << 16
_GIT_FILE = "gitdir:"


def state_folder(root: Path) -> Path:
    """Return the folder of tdmvc's own files of a work tree; each linked work tree has one of its own.

    Args:
        root: the work tree's folder. If Git has none there, which only a store without Git has, it is in `.dvc`.
    """
    git = _git_folder(root)
    return root / ".dvc" / "tmp" / _NAME if git is None else git / _NAME


def _git_folder(root: Path) -> Path | None:
    """Return the folder of Git's own files of a work tree, without a process."""
    place = root / ".git"
    if place.is_dir():
        return place
    try:
        with place.open(encoding="utf-8", errors="surrogateescape") as file:
            text = file.read(_MOST_BYTES)
    except OSError:
        elsewhere = os.environ.get("GIT_DIR")
        return root / elsewhere if elsewhere else None
    # In a linked work tree and in a submodule, it is a file that names the folder.
    return root / text.removeprefix(_GIT_FILE).strip() if text.startswith(_GIT_FILE) else None
