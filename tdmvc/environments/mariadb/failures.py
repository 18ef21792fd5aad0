"""Why a database of MariaDB cannot be provided, and what to do."""

from collections.abc import Sequence

from tdmvc.errors import DatabaseError, format_names
from tdmvc.servers import MariadbBinaries

MARK = "_tdmvc_"
"""In the name of every database that tdmvc makes on a server."""


def other_major(major: int | None, found: MariadbBinaries) -> DatabaseError:
    """Return the error for a version that is not installed."""
    return DatabaseError(
        f"Cannot find the programs of MariaDB {major}; found {found.version}.",
        where=str(found.server),
        remedy="install that version, or write `embedded-mariadb` in `database` in tdmvc.yaml for any version.",
    )


def rows_in_memory(tables: Sequence[str]) -> DatabaseError:
    """Return the error for tables whose rows a template cannot keep."""
    return DatabaseError(
        f"Tables of the engine MEMORY have rows, which a server loses when it stops: {format_names(tables)}.",
        remedy="use another engine for them, or leave their rows out of the datasets.",
    )


def tables_with_history(tables: Sequence[str]) -> DatabaseError:
    """Return the error for tables whose history cannot be copied by statements."""
    return DatabaseError(
        f"A copy of tables WITH SYSTEM VERSIONING would have another history: {format_names(tables)}.",
        remedy="write `embedded-mariadb` in `database` in tdmvc.yaml: there, copies are made of the files.",
    )


def may_not_create(where: str, error: DatabaseError) -> DatabaseError:
    """Return the error for a user who may not make databases."""
    return DatabaseError(
        f"The user may not make databases for an environment. {error.what}",
        where=where,
        remedy=f"let an administrator run GRANT ALL PRIVILEGES ON `%{MARK}%`.* TO the user, and GRANT "
        "PROCESS ON *.* to end what other users began; or write `embedded-mariadb` in `database` in tdmvc.yaml.",
    )
