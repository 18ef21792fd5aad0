"""The programs of MariaDB, from the system's package."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tdmvc.servers.failures import no_mariadb
from tdmvc.servers.processes import read_output
from tdmvc.servers.templates import program_digest

_FOLDERS = ("/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/opt/homebrew/bin", "/usr/local/bin")
_VERSION = re.compile(r"Ver (?P<version>\d[\d.]*)\S*-MariaDB")


@dataclass(frozen=True, slots=True)
class MariadbBinaries:
    """MariaDB's programs."""

    server: Path
    installer: Path
    """`mariadb-install-db`"""
    version: str
    """`10.11.14`"""

    @property
    def digest(self) -> str:
        """A short text that differs for other programs, even of the same version."""
        return program_digest(self.server)


def find_mariadb() -> MariadbBinaries:
    """Return the programs of MariaDB on PATH, or in the folders where packages put servers.

    Raises:
        DatabaseError: there are none.
    """
    server, installer = _find("mariadbd"), _find("mariadb-install-db")
    version = _read_version(server) if server else None
    if server is None or installer is None or version is None:
        raise no_mariadb()
    return MariadbBinaries(server, installer, version)


def _find(name: str) -> Path | None:
    found = shutil.which(name) or next(
        (path for folder in _FOLDERS if (path := shutil.which(name, path=folder))), None
    )
    return Path(found) if found else None


def _read_version(server: Path) -> str | None:
    version = _VERSION.search(read_output([server, "--no-defaults", "--version"]))
    return version["version"] if version else None
