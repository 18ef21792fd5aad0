"""Initialised data folders, kept in the user's cache, because a copy is made faster than a new one."""

import contextlib
import functools
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import platformdirs

from tdmvc.servers.accounts import Account

_UNUSED_DAYS = 30
_MARK = "complete"
"""The file that is written last; it holds what `make` returned, how many files there are, and their size together."""


def copy_template(name: str, target: Path, make: Callable[[Path], str], account: Account) -> str:
    """Make a folder as a copy of the template of that name; a template that is missing is made first.

    Processes that make the same template at once do not disturb each other: each makes its own, and the first
    that is complete stays. Without a folder for caches, the target is made by itself.

    Args:
        name: differs for each kind and version of a server's program.
        target: the folder, which must not exist.
        make: makes the content in the folder that it gets, which exists, and returns its password.
        account: the user that the target shall belong to, with all that is in it.

    Returns:
        What `make` returned when the content was made.

    Raises:
        OSError: the target cannot be written.
        DatabaseError: the content cannot be made.
    """
    template = Path(platformdirs.user_cache_dir("tdmvc", "tdmvc")) / "servers" / name
    try:
        password, _, size = (template / _MARK).read_text(encoding="utf-8").partition("\n")
        shutil.copytree(template / "data", target, symlinks=True)
        if measure_folder(target) != size:
            raise FileNotFoundError(template)
    except OSError:
        # There is none, or somebody empties the cache.
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(mode=0o700)
        account.own(target)
        password = make(target)
        with contextlib.suppress(OSError):
            _keep(target, password, template)
        return password
    remove_unused(template, _MARK)
    account.own_all(target)
    return password


def _keep(made: Path, password: str, template: Path) -> None:
    """Copy a folder that was just made to the place of the template, unless another process was faster.

    Raises:
        OSError: there is no room.
    """
    template.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = template.with_name(f".{template.name}-{secrets.token_hex(4)}")
    try:
        own.mkdir(mode=0o700)
        shutil.copytree(made, own / "data", symlinks=True)
        mark = os.open(own / _MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(mark, "w", encoding="utf-8") as file:
            file.write(f"{password}\n{measure_folder(own / 'data')}")
        if template.is_dir() and not _is_complete(template):
            shutil.rmtree(template)
        os.rename(own, template)
    finally:
        shutil.rmtree(own, ignore_errors=True)


def remove_unused(used: Path, mark: str) -> None:
    """Remember that a folder is used now, and remove those beside it that nobody has used for a long time.

    Args:
        mark: the file that is written last into each of them; a folder without it is no business of this.
    """
    with contextlib.suppress(OSError):
        os.utime(used / mark)
    since = time.time() - _UNUSED_DAYS * 86_400
    with contextlib.suppress(OSError):
        for folder in sorted(used.parent.iterdir()):
            # What was left unfinished has a name that begins with a dot, and perhaps no mark.
            dated = folder if folder.name.startswith(".") and folder.is_dir() else folder / mark
            if folder == used or not dated.exists() or dated.stat().st_mtime > since or _runs_from(folder):
                continue
            # Nobody must take a folder that is removed only in part for a whole one.
            going = folder.with_name(f".{folder.name.lstrip('.')}-old-{secrets.token_hex(4)}")
            os.rename(folder, going)
            shutil.rmtree(going, ignore_errors=True)


def _runs_from(folder: Path) -> bool:
    """Whether a program of a folder is running, as far as the system says so (Linux)."""
    for program in Path("/proc").glob("[0-9]*/exe"):
        with contextlib.suppress(OSError):  # it belongs to another user, or has ended
            if program.readlink().is_relative_to(folder):
                return True
    return False


def measure_folder(folder: Path, left_out: str = "") -> str:
    """Return how many files are in a folder, and their size together: what a cleaner of old files changes."""
    sizes = [
        os.lstat(os.path.join(path, file)).st_size
        for path, _, files in os.walk(folder)
        for file in files
        if file != left_out
    ]
    return f"{len(sizes)} files, {sum(sizes)} bytes"


def program_digest(program: Path) -> str:
    """Return a short text that differs for other programs, even of the same version.

    It is the same wherever the same program was installed, and whenever: templates are kept between jobs of CI.

    Raises:
        OSError: it cannot be read.
    """
    found = program.stat()
    return _content_digest(program, found.st_size, found.st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _content_digest(program: Path, size_bytes: int, changed_ns: int) -> str:
    with program.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def _is_complete(template: Path) -> bool:
    try:
        size = (template / _MARK).read_text(encoding="utf-8").partition("\n")[2]
    except OSError:
        return False
    return size == measure_folder(template / "data")
