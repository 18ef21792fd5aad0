"""The folder of a running server, which belongs to the process that started it; orphans are found and removed."""

import contextlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tdmvc.servers.accounts import Account, own_account
from tdmvc.servers.base import LONGEST_SOCKET
from tdmvc.servers.failures import (
    foreign_server_folder,
    long_socket,
    no_servers_here,
    server_folder,
    unreachable_server_folder,
)
from tdmvc.servers.marked_processes import stop_marked
from tdmvc.servers.processes import find_servers, stop_processes

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PREFIX = "run-"
_OWNER = "owner"
"""The file on which the owner of a server holds a lock; the operating system releases it when the process ends."""


@contextmanager
def run_folder(account: Account) -> Iterator[Path]:
    """Yield a new folder for a server, and remove it at the end; before, remove those that killed runs left.

    Args:
        account: who must be able to reach the folder.

    Raises:
        DatabaseError: the folder for temporary files cannot be used.
    """
    process = os.getpid()
    try:
        parent = servers_folder()
        if account.is_other and not all(folder.stat().st_mode & stat.S_IXOTH for folder in parent.parents):
            raise unreachable_server_folder(parent)
        with _locked(parent / ".lock"):
            orphans = _take_orphans(parent)
            folder = parent / f"{_PREFIX}{secrets.token_hex(4)}"
            folder.mkdir(mode=_mode())
            owner = _lock_owner(folder)
    except OSError as error:
        raise server_folder(error.filename or "the folder for temporary files", error) from error
    try:
        for orphan, lock in orphans:
            remove_run_folder(orphan)
            os.close(lock)
        yield folder
    finally:
        # A process that was forked meanwhile does not own the server.
        if os.getpid() == process:
            remove_run_folder(folder)
        os.close(owner)


@contextmanager
def own_run_folder() -> Iterator[Path]:
    """Yield a new folder for what this process starts as its own user; see `run_folder`."""
    with run_folder(own_account()) as folder:
        yield folder


@contextmanager
def starting(stack: ExitStack, account: Account, *, socket: str) -> Iterator[Path]:
    """Yield a new folder for a server that is started now; it is removed when the stack closes.

    Args:
        socket: the longest path that a socket may have in the folder.

    Raises:
        DatabaseError: the folder cannot be made or written, or its path is too long for a socket.
    """
    folder = stack.enter_context(run_folder(account))
    if len(str(folder)) + len(socket) > LONGEST_SOCKET:
        raise long_socket(folder.parent)
    try:
        yield folder
    except OSError as error:
        raise server_folder(error.filename or folder, error) from error


def servers_folder() -> Path:
    """Return the folder of this user for servers, made if it is missing.

    Other users must not be able to replace what is in it. It is in the folder for temporary files because the
    name of a socket may have about 100 characters only, and because `nobody` can reach it if this user is root.

    Raises:
        OSError: it cannot be made.
        DatabaseError: it belongs to another user, or tdmvc starts no servers on this operating system.
    """
    if fcntl is None:
        raise no_servers_here()
    folder = Path(tempfile.gettempdir()).resolve() / f"tdmvc-{os.geteuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=_mode())
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise foreign_server_folder(folder)
    folder.chmod(_mode())
    return folder


def remove_run_folder(folder: Path) -> None:
    """Stop the servers that still run in a folder and what else its run started, and remove it."""
    stop_marked(folder)
    stop_processes(find_servers(folder))
    # A server that was told to stop may still remove its own files.
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


def _take_orphans(parent: Path) -> list[tuple[Path, int]]:
    """Return the folders whose owners are gone, with the locks on them, so that no other process takes them."""
    orphans: list[tuple[Path, int]] = []
    for folder in sorted(parent.glob(f"{_PREFIX}*")):
        with contextlib.suppress(OSError):
            orphans.append((folder, _lock_owner(folder)))
    return orphans


def _lock_owner(folder: Path) -> int:
    """Take the lock of a folder.

    Raises:
        OSError: another process holds it.
    """
    descriptor = os.open(folder / _OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _mode() -> int:
    """Return the mode of a folder that the server's user must be able to pass through."""
    return 0o711 if os.geteuid() == 0 else 0o700
