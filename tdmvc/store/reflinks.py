"""Copies that share their blocks with the original, where the file system has them."""

import shutil
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_FICLONE = 0x40049409
"""The ioctl of Linux that makes a copy share its blocks with the original."""


def reflink(source: Path, target: Path) -> None:
    """Make a file that shares its blocks with another.

    Raises:
        OSError: this system or file system has no such copies, or the target exists.
    """
    if fcntl is None:
        raise OSError("there are no reflinks on this system")
    with source.open("rb") as old, target.open("xb") as new:
        fcntl.ioctl(new.fileno(), _FICLONE, old.fileno())


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
    """Copy a folder to a new one, with links and modes; the blocks of files are shared where that is possible.

    Raises:
        OSError: the target exists, or there is no room.
    """

    can_share = True

    def copy(old: str, new: str) -> None:
        nonlocal can_share
        if can_share:
            try:
                reflink(Path(old), Path(new))
            except FileExistsError:
                raise
            except OSError:
                # All files of a folder are on the same file system: the others are not tried.
                can_share = False
        try:
            if not can_share:
                shutil.copyfile(old, new)
            shutil.copymode(old, new)
        except OSError as error:
            raise _StoppedError(error) from error

    try:
        shutil.copytree(source, target, symlinks=True, copy_function=copy)
    except _StoppedError as stopped:
        error = stopped.error
        if error.filename2 is not None:
            # What cannot be written is the copy.
            error.filename, error.filename2 = error.filename2, None
        raise error from None
    except shutil.Error as error:
        # It has a list of what failed; each entry ends with the reason.
        raise OSError(str(error.args[0][0][2]) if error.args[0] else str(error)) from error


class _StoppedError(Exception):
    """The first file that cannot be copied: those after it need not be tried."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error
