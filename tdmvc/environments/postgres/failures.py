"""Why a database of PostgreSQL cannot be made or reset, and what to do."""

from collections.abc import Sequence

from tdmvc.errors import DatabaseError, format_names


def busy_database(where: str, sessions: Sequence[str]) -> DatabaseError:
    """Return the error for a database to which somebody connects again and again."""
    return DatabaseError(
        f"The database cannot be reset, because it is in use: {format_names(list(dict.fromkeys(sessions)))}.",
        where=where,
        remedy="end the programs that connect to it in the background, or reset it when they are done.",
    )
