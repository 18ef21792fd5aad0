"""Why a database of MariaDB cannot be provided, and what to do."""

from collections.abc import Sequence

from tdmvc.errors import DatabaseError, format_names
from tdmvc.servers import MariadbBinaries


class CannotRestoreError(Exception):
    """Rows cannot be restored in place; another method must be used."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


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
