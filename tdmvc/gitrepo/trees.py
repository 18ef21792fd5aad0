"""Listing and reading files, in the work tree and in a Git revision, through one interface."""

import os
import posixpath
import stat
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from tdmvc.errors import UnreadableFileError
from tdmvc.model.tree import WORK_TREE, FileTree

_LEFT_OUT = frozenset({".git", ".dvc/cache", ".dvc/tmp"})


MAX_TEXT_BYTES = 1 << 25
"""The largest file that is read as text; larger ones are data."""

STRICT_FILES = frozenset({"tdmvc.yaml", "dataset.yaml", "contract.yaml", "dvc.yaml"})
"""Files that people and tdmvc both write: a character that cannot be read would be lost at the next change."""

ReadObjects = Callable[..., Iterator[tuple[bytes | None, int]]]
"""(ids, most_bytes=…) → (content, or None if it is too large; size) of each."""


class RevisionTree:
    """The files of one commit or of a merge, without links and submodules."""

    def __init__(
        self,
        label: str,
        blobs: Mapping[str, str],
        read_objects: ReadObjects,
        *,
        conflicts: Collection[str] = (),
        submodules: Collection[str] = (),
    ) -> None:
        self._label = label
        self._blobs = blobs
        self._read_objects = read_objects
        self.conflicts = conflicts
        self._names = sorted(map(_bytes, blobs))
        self.submodules = submodules

    @property
    def label(self) -> str:
        return self._label

    def list_files(self, folder: str = "") -> list[str]:
        prefix = _bytes(_as_prefix(folder))
        first = bisect_left(self._names, prefix)
        found = []
        for name in self._names[first:]:
            if not name.startswith(prefix):
                break
            found.append(name.decode("utf-8", "surrogateescape"))
        return found

    def read_text(self, path: str) -> str | None:
        return next((text for _, text in self.read_texts([path])), None)

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        there = [path for path in paths if path in self._blobs]
        for path in there:
            if path in self.conflicts:
                raise UnreadableFileError.in_conflict(path, self._label)
        read = self._read_objects([self._blobs[path] for path in there], most_bytes=MAX_TEXT_BYTES)
        for path, (content, size_bytes) in zip(there, read, strict=True):
            if content is None:
                raise UnreadableFileError.too_large(path, size_bytes, MAX_TEXT_BYTES)
            yield path, _decode(content, path)


class WorkTree:
    """The files on disk, without links and without Git's and DVC's own files."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)

    @property
    def label(self) -> str:
        return WORK_TREE

    def list_files(self, folder: str = "") -> list[str]:
        top = self._inside(folder.strip("/"))
        if top is None:
            return []
        found: list[str] = []
        for where, folders, files in os.walk(top):
            below = os.path.relpath(where, self._root).replace(os.sep, "/")
            prefix = "" if below == "." else below + "/"
            folders[:] = [
                name
                for name in folders
                if name != ".git"
                and prefix + name not in _LEFT_OUT
                and not os.path.islink(os.path.join(where, name))
            ]
            found.extend(
                prefix + name for name in files if name != ".git" and _is_file(os.path.join(where, name))
            )
        return sorted(found, key=_bytes)

    def read_text(self, path: str) -> str | None:
        full = self._inside(path)
        if full is None or not _is_file(full):
            return None
        try:
            with open(full, "rb") as file:
                size_bytes = os.fstat(file.fileno()).st_size
                if size_bytes > MAX_TEXT_BYTES:
                    raise UnreadableFileError.too_large(path, size_bytes, MAX_TEXT_BYTES)
                return _decode(file.read(), path)
        except FileNotFoundError:
            return None  # removed since we looked

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        for path in paths:
            text = self.read_text(path)
            if text is not None:
                yield path, text

    def is_folder(self, path: str) -> bool:
        """Return whether a path is a folder of this tree."""
        full = self._inside(path)
        return full is not None and os.path.isdir(full)

    def is_file(self, path: str) -> bool:
        """Return whether a path, in a folder of this tree, is a file."""
        return _is_file(os.path.join(self._root, path))

    def _inside(self, path: str) -> str | None:
        """Return the full path, or None if a link or `..` in it leads out of the tree."""
        if "\0" in path or os.path.isabs(path):
            return None
        full = os.path.normpath(os.path.join(self._root, path))
        is_inside = full == self._root or full.startswith(self._root.rstrip(os.sep) + os.sep)
        return full if is_inside and os.path.realpath(full) == full else None


class OverlaidTree:
    """A tree in which some files have other content or are missing."""

    def __init__(self, tree: FileTree, texts: Mapping[str, str | None]) -> None:
        self._tree = tree
        self._texts = texts

    @property
    def label(self) -> str:
        return self._tree.label

    def list_files(self, folder: str = "") -> list[str]:
        prefix = _as_prefix(folder)
        own = {path for path, text in self._texts.items() if text is not None and path.startswith(prefix)}
        return sorted((set(self._tree.list_files(folder)) - set(self._texts)) | own, key=_bytes)

    def read_text(self, path: str) -> str | None:
        return self._texts[path] if path in self._texts else self._tree.read_text(path)

    def read_texts(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        wanted = list(paths)
        below = dict(self._tree.read_texts([path for path in wanted if path not in self._texts]))
        for path in wanted:
            text = self._texts[path] if path in self._texts else below.get(path)
            if text is not None:
                yield path, text


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _as_prefix(folder: str) -> str:
    folder = folder.strip("/")
    return folder + "/" if folder not in {"", "."} else ""


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _decode(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if posixpath.basename(path) in STRICT_FILES:
            raise UnreadableFileError.not_utf8(path, data.count(b"\n", 0, error.start) + 1) from None
        return data.decode("utf-8-sig", errors="replace")


ListUnignored = Callable[[str], list[str] | None]
"""From a folder (`''` is the root), the paths below it that Git tracks or would track; None if Git fails."""


class UnignoredTree(WorkTree):
    """The files on disk that Git does not ignore, each folder listed once: what a commit of everything would contain.

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
        # Git may still track a file that was removed or replaced by a link.
        found = [path for path in named if holds[path.rpartition("/")[0]] and self.is_file(path)]
        if found or not folder:
            return sorted(found, key=os.fsencode)
        # A folder that is wholly ignored, or in another repository, was named on purpose.
        return super().list_files(folder)
