"""A clone's work trees, their indexes, and heads that no ref names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tdmvc.gitrepo.repository import GitRepo

_ID = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{7,64}(?![0-9A-Za-z])")
_STATE_FOLDERS = ("rebase-merge", "rebase-apply", "sequencer")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LinkedTree:
    """A work tree of a clone, the main one or a linked one."""

    root: Path
    git_folder: Path
    """The folder of its HEAD and its index."""

    @property
    def is_here(self) -> bool:
        return self.root.is_dir()


def work_trees(git: GitRepo) -> list[LinkedTree]:
    """Return the work trees of a clone, the main one first."""
    common = git.common_folder.resolve()
    root = common.parent if git.is_main else _first_root(git)
    # A bare repository has linked work trees only.
    found = [LinkedTree(root, common)] if (root / ".git").exists() else []
    for folder in sorted((common / "worktrees").glob("*")):
        try:
            place = Path((folder / "gitdir").read_text(encoding="utf-8", errors="surrogateescape").strip())
        except OSError:
            continue
        found.append(LinkedTree((folder / place).parent, folder))
    return found


def _first_root(git: GitRepo) -> Path:
    """Return the folder that Git lists as the main work tree; in a bare repository, the repository."""
    listed = git.commands.run("worktree", "list", "--porcelain")
    return Path(listed.partition("\n")[0].removeprefix("worktree "))


def other_roots(git: GitRepo) -> list[Path]:
    """Return the folders of the clone's other work trees, the main one first."""
    here = git.root.resolve()
    return [tree.root for tree in work_trees(git) if tree.is_here and tree.root.resolve() != here]


def extra_heads(git: GitRepo) -> set[str]:
    """Return commits that a merge, a rebase, a fetch or another work tree refers to without a ref."""
    common = git.common_folder.resolve()
    words: set[str] = set()
    for folder in (common, *sorted((common / "worktrees").glob("*"))):
        for path in _head_files(folder, is_main=folder == common):
            words |= set(_ID.findall(_read(path)))
    commits = {git.commands.object_id(f"{word}^{{commit}}") for word in words}
    return {commit for commit in commits if commit}


def refs_stamp(git: GitRepo) -> str:
    """Return a text that changes whenever a ref, a HEAD or an index changes."""
    lines = [git.commands.run("for-each-ref", "--format=%(objectname) %(refname)")]
    for tree in work_trees(git):
        lines.append(_read(tree.git_folder / "HEAD"))
        try:
            lines.append(str((tree.git_folder / "index").stat().st_mtime_ns))
        except OSError:
            lines.append("no index")
    return "\n".join(lines)


def _head_files(folder: Path, *, is_main: bool) -> Iterator[Path]:
    yield folder / "HEAD"
    yield from folder.glob("*_HEAD")
    for name in _STATE_FOLDERS:
        yield from (folder / name).glob("*")
    if not is_main:
        # Refs that belong to one work tree only, such as those of a bisect.
        yield from (folder / "refs").rglob("*")


def _read(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size <= _MOST_BYTES:
            return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        pass
    return ""
