"""`install`: makes this clone's Git show and merge rows instead of pointers, and undoes it."""

import os
import posixpath
from pathlib import Path

from tdmvc.errors import UsageError
from tdmvc.formats.config import read_config
from tdmvc.gitrepo.attributes import ATTRIBUTES_FILE, with_attributes, without_attributes
from tdmvc.gitrepo.config import DRIVER, remove_settings, wanted_settings, write_settings
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.dataset import RepoConfig
from tdmvc.model.report import GitSetup
from tdmvc.store.atomic_files import write_atomic
from tdmvc.workspace.redaction_key import ensure_redaction_key


def install(path: Path | str = ".") -> GitSetup:
    """Write the two drivers into the clone's configuration, and pointers and manifests into .gitattributes.

    A second call changes nothing, or updates the settings if another interpreter runs
    tdmvc now.

    Raises:
        UsageError: a setting belongs to another tool; nothing was written.
    """
    git = GitRepo.find(Path(path))
    config = read_config(git.work_tree())
    text = _read_attributes(git.root)
    written = write_settings(git, wanted_settings())
    ensure_redaction_key(git)
    changed = _write_attributes(git.root, text, with_attributes(text, config.datasets_folder))
    return GitSetup(str(git.root), written, changed, _is_effective(git, config))


def uninstall(path: Path | str = ".") -> GitSetup:
    """Remove what `install` wrote, and nothing else. The redaction key stays, so that old marks stay comparable."""
    git = GitRepo.find(Path(path))
    config = read_config(git.work_tree())
    text = _read_attributes(git.root)
    removed, kept = remove_settings(git)
    changed = _write_attributes(git.root, text, without_attributes(text))
    return GitSetup(str(git.root), removed, changed, _is_effective(git, config), kept)


def _is_effective(git: GitRepo, config: RepoConfig) -> bool:
    pointer = posixpath.join(posixpath.normpath(config.datasets_folder), "golden", "orders.dvc")
    return all(git.attribute(pointer, name) == DRIVER for name in ("diff", "merge"))


def _read_attributes(root: Path) -> str:
    path = root / ATTRIBUTES_FILE
    if path.is_symlink():
        raise UsageError(
            "Git does not read .gitattributes if it is a symbolic link.",
            where=str(path),
            remedy="replace the link with a file, then run the same command again.",
        )
    return os.fsdecode(path.read_bytes()) if path.is_file() else ""


def _write_attributes(root: Path, old: str, new: str) -> bool:
    if new == old:
        return False
    path = root / ATTRIBUTES_FILE
    if new:
        write_atomic(path, os.fsencode(new), writer="install")
    else:
        path.unlink(missing_ok=True)
    return True
