"""The user of the operating system that a server runs as: this one, or `nobody` if this one is root."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tdmvc.servers.failures import no_servers_here

try:
    import pwd
except ImportError:  # Windows
    pwd = None  # type: ignore[assignment]

_NOBODY = 65534
"""The number of `nobody` where no list of users tells it."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int
    is_other: bool
    """Whether it is another user than that of this process."""
    is_listed: bool
    """Whether the system's list of users has it; PostgreSQL's initdb refuses to run for others."""

    @property
    def process_options(self) -> dict[str, Any]:
        """Arguments of `subprocess.Popen` that start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def own(self, path: Path) -> None:
        """Give a file or folder to this user."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def write_private(self, path: Path, text: str) -> None:
        """Write a new file that only this user can read."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        self.own(path)

    def own_all(self, folder: Path) -> None:
        """Give a folder and all that is in it to this user."""
        if self.is_other:
            for path, _, files in os.walk(folder):
                for name in [path, *(os.path.join(path, file) for file in files)]:
                    os.chown(name, self.uid, self.gid, follow_symlinks=False)


def server_account() -> Account:
    """Return the user that servers run as; they refuse to run as root.

    Raises:
        DatabaseError: tdmvc starts no servers on this operating system.
    """
    if pwd is None:
        raise no_servers_here()
    uid = os.geteuid()
    if uid != 0:
        return Account(uid, os.getegid(), is_other=False, is_listed=_is_listed(uid))
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(_NOBODY, _NOBODY, is_other=True, is_listed=_is_listed(_NOBODY))
    return Account(nobody.pw_uid, nobody.pw_gid, is_other=True, is_listed=True)


def own_account() -> Account:
    """Return the user of this process.

    Raises:
        DatabaseError: tdmvc starts no servers on this operating system.
    """
    if pwd is None:
        raise no_servers_here()
    return Account(os.geteuid(), os.getegid(), is_other=False, is_listed=_is_listed(os.geteuid()))


def listed_command(account: Account, command: list[str]) -> list[str]:
    """Return a command that finds its user in the list of users, if the system has a way.

    Linux has two: a user namespace, in which the user has the number of one that is listed, and
    the library nss_wrapper. Without them, the command comes back as it is, and says what it misses.
    """
    unshare = shutil.which("unshare")
    if account.is_listed or unshare is None:
        return command
    listed = next((user.pw_uid for user in pwd.getpwall() if user.pw_uid != 0), None)
    return command if listed is None else [unshare, "--user", f"--map-user={listed}", *command]


def _is_listed(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
