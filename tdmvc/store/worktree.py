"""A table's folder in the work tree: reading it, and writing a listing's files into it."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tdmvc.errors import StoreError
from tdmvc.store.index import FileIndex
from tdmvc.store.objects import Listing, ObjectStore, PartEntry, is_part_name
from tdmvc.store.reflinks import reflink


@dataclass(frozen=True, slots=True)
class Folder:
    """The files in a table's folder."""

    path: Path
    files: dict[str, str]
    """md5 by file name, without hidden files; a file in a subfolder has its relative path."""

    @property
    def listing(self) -> Listing | None:
        """The listing that these files form; None if one of them has no part's name."""
        if not self.path.is_dir() or not all(is_part_name(name) for name in self.files):
            return None
        return Listing(tuple(PartEntry(name, md5) for name, md5 in sorted(self.files.items())))


def read_folder(path: Path, index: FileIndex) -> Folder | None:
    """Read a table's folder, or return None if there is none.

    A plain file in its place counts, because an editor may have replaced the folder with one Parquet
    file. Cost: one stat per file, and one read of each changed file.

    Raises:
        StoreError: the folder holds a symbolic link or cannot be read.
    """
    if path.is_symlink():
        raise _link(path)
    if path.is_file():
        return Folder(path, {"": index.md5(path)})
    if not path.is_dir():
        return None
    files: dict[str, str] = {}
    try:
        for folder, folders, names in os.walk(path, onerror=_raise):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in folders:
                if (Path(folder) / name).is_symlink():
                    raise _link(Path(folder) / name)
            for name in sorted(names):
                if name.startswith((".", "_")):
                    continue
                file = Path(folder) / name
                if not file.is_file():
                    raise _link(file)
                files[file.relative_to(path).as_posix()] = index.md5(file)
    except OSError as error:
        raise StoreError(
            f"Cannot read the working copy: {error.strerror}.",
            where=str(error.filename or path),
            remedy="correct its permissions.",
        ) from error
    return Folder(path, files) if files else None


class WorkTreeWriter:
    """Writes parts from the cache into folders, by reflink or copy, or by links if DVC is configured so.

    Several threads may use it at once.
    """

    def __init__(self, objects: ObjectStore, index: FileIndex, link_types: tuple[str, ...]) -> None:
        self._objects = objects
        self._index = index
        self._types = tuple(link_types)

    def place(self, md5: str, target: Path, owner: str) -> None:
        """Write one verified object to a path that does not exist yet.

        Raises:
            StoreError: the disk is full or cannot be written.
        """
        source = self._objects.verified(md5, owner)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            for kind in (*self._types, "copy"):
                if self._try(kind, source, target):
                    break
                # A file system that refuses a kind once always refuses it.
                self._types = tuple(other for other in self._types if other != kind)
        except OSError as error:
            raise StoreError.disk(target, error) from error
        self._index.remember(target, md5)

    def _try(self, kind: str, source: Path, target: Path) -> bool:
        try:
            match kind:
                case "reflink":
                    reflink(source, target)
                case "hardlink":
                    os.link(source, target)
                case "symlink":
                    os.symlink(source, target)
                case _:
                    _copy(source, target)
        except OSError:
            target.unlink(missing_ok=True)
            if kind == "copy":
                raise
            return False
        return True


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _raise(error: OSError) -> None:
    raise error


def _link(path: Path) -> StoreError:
    return StoreError(
        "The working copy contains a symbolic link, which tdmvc does not follow.",
        where=str(path),
        remedy="replace it with the file that it points to, or remove it.",
    )
