"""Why a database of PostgreSQL cannot be made or reset, and what to do."""

from collections.abc import Sequence
from pathlib import Path

from tdmvc.errors import DatabaseError, another_folder, format_names


def busy_database(where: str, sessions: Sequence[str]) -> DatabaseError:
    """Return the error for a database to which somebody connects again and again."""
    return DatabaseError(
        f"The database cannot be reset, because it is in use: {format_names(list(dict.fromkeys(sessions)))}.",
        where=where,
        remedy="end the programs that connect to it in the background, or reset it when they are done.",
    )


def may_not_create(where: str, user: str) -> DatabaseError:
    """Return the error for a user of a server who cannot make databases."""
    return DatabaseError(
        f"The user {user} may not create databases, and a template is one.",
        where=where,
        remedy=f'let an administrator run `ALTER ROLE "{user}" CREATEDB`, or write `database: embedded`.',
    )


def full_server(folder: Path, reason: str) -> DatabaseError:
    """Return the error for a server of tdmvc that could not write; the reason is from its own log."""
    return DatabaseError(
        f"The database server has no room: {reason}",
        where=str(folder),
        remedy=another_folder("TMPDIR"),
    )


def ended_server(folder: Path) -> DatabaseError:
    """Return the error for a server of tdmvc that has ended while it is needed."""
    return DatabaseError(
        "The database server of this environment has ended.",
        where=str(folder),
        remedy="run the command again, which starts another one; if that happens again, see whether a test ends it, or "
        "the system, for want of memory.",
    )


def outside_tablespace(where: str) -> DatabaseError:
    """Return the error for migrations that put tables outside the folder of the server."""
    return DatabaseError(
        "The migrations made a tablespace. Its files are outside the server's folder, so that copies would share them.",
        where=where,
        remedy="leave out CREATE TABLESPACE where DATABASE_URL leads to a server for tests, or use a server by URL.",
    )
