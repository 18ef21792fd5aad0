"""Copies that share their blocks with the original, where the file system has them."""

import os
import shutil
import stat
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_FICLONE = 0x40049409
"""The ioctl of Linux that makes a copy share its blocks with the original."""
_CHUNK_BYTES = 1 << 20


def reflink(source: Path, target: Path) -> None:
    """Make a file that shares its blocks with another.

    Raises:
        OSError: this system or file system has no such copies, or the target exists.
    """
    with source.open("rb") as old, target.open("xb") as new:
        _clone(old.fileno(), new.fileno())


def copy_file(source: Path, target: Path) -> None:
    """Copy the content of a file to a new one, whose blocks are shared where that is possible.

    Raises:
        OSError: the target exists, or there is no room.
    """
    try:
        reflink(source, target)
    except FileExistsError:
        raise
    except OSError:
        # The new file may be there, and empty.
        try:
            shutil.copyfile(source, target)
        except OSError:
            target.unlink(missing_ok=True)
            raise


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder to a new one, with links, modes and times; the blocks of files are shared where that is possible.

    Cost: a third of `shutil.copytree` for the many small files of a database server.

    Raises:
        OSError: the target exists, the source holds a socket or a device, or there is no room.
    """
    _FolderCopy().copy(str(source), str(target))


def restore_folder(source: Path, target: Path, other: frozenset[str] = frozenset()) -> None:
    """Make a copy of a folder equal to it again. Only what was written since is copied, which the times of files show.

    Args:
        target: what `copy_folder` made of the source.
        other: names in the two folders that are left alone.

    Raises:
        OSError: there is no room; the copy must not be used any more.
    """
    _FolderCopy().restore(str(source), str(target), other)


class _FolderCopy:
    """One copy of a folder, which learns whether files can share their blocks."""

    def __init__(self) -> None:
        self._can_share = True

    def copy(self, source: str, target: str) -> None:
        os.mkdir(target, 0o700)
        with os.scandir(source) as entries:
            for entry in entries:
                self._copy_entry(entry, os.path.join(target, entry.name))
        shutil.copymode(source, target)

    def restore(self, source: str, target: str, other: frozenset[str] = frozenset()) -> None:
        with os.scandir(source) as entries:
            missing = {entry.name: entry for entry in entries if entry.name not in other}
        with os.scandir(target) as found:
            for entry in found:
                if entry.name in other:
                    continue
                original = missing.get(entry.name)
                if original is not None and _is_same(original, entry):
                    del missing[entry.name]
                    if entry.is_dir():
                        self.restore(original.path, entry.path)
                elif entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)
        for name, original in missing.items():
            self._copy_entry(original, os.path.join(target, name))

    def _copy_entry(self, entry: "os.DirEntry[str]", new: str) -> None:
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), new)
        elif entry.is_dir():
            self.copy(entry.path, new)
        elif entry.is_file():
            self._copy_file(entry.path, new)
        else:
            raise shutil.SpecialFileError(f"{entry.path} is not a file, a folder or a link")

    def _copy_file(self, source: str, target: str) -> None:
        with open(source, "rb", buffering=0) as old:
            try:
                with open(target, "xb") as new:
                    if not self._share(old.fileno(), new.fileno()):
                        shutil.copyfileobj(old, new, _CHUNK_BYTES)
            except OSError as error:
                # A full disk is reported without the file that does not fit.
                error.filename = target
                raise
            status = os.fstat(old.fileno())
            os.chmod(target, stat.S_IMODE(status.st_mode))
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _share(self, old: int, new: int) -> bool:
        if self._can_share:
            try:
                _clone(old, new)
            except OSError:
                # All files of a folder are on the same file system: the others are not tried.
                self._can_share = False
        return self._can_share


def _is_same(original: "os.DirEntry[str]", copy: "os.DirEntry[str]") -> bool:
    """Whether something is as it was copied; a folder always is, apart from what is in it."""
    before, now = original.stat(follow_symlinks=False), copy.stat(follow_symlinks=False)
    if stat.S_IFMT(before.st_mode) != stat.S_IFMT(now.st_mode) or stat.S_ISLNK(now.st_mode):
        return False
    if stat.S_ISDIR(now.st_mode):
        return True
    return (before.st_size, before.st_mtime_ns) == (now.st_size, now.st_mtime_ns)


def _clone(old: int, new: int) -> None:
    """Let an empty file that is open share the blocks of another.

    Raises:
        OSError: this system or file system has no such copies.
    """
    if fcntl is None:
        raise OSError("there are no reflinks on this system")
    fcntl.ioctl(new, _FICLONE, old)
