"""Why a database of PostgreSQL cannot be made or reset, and what to do."""

from collections.abc import Sequence

from tdmvc.errors import DatabaseError, format_names


class CannotRestoreError(Exception):
    """The rows that were written cannot be restored alone; a copy has to take the place of the database."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def busy_database(where: str, sessions: Sequence[str]) -> DatabaseError:
    """Return the error for a database to which somebody connects again and again."""
    return DatabaseError(
        f"The database cannot be reset, because it is in use: {format_names(list(dict.fromkeys(sessions)))}.",
        where=where,
        remedy="end the programs that connect to it in the background, or reset it when they are done.",
    )
