"""Failures that all servers have in common: rows that cannot be restored alone, templates that somebody changed, and
addresses of production."""

from tdmvc.errors import DatabaseError
from tdmvc.model.location import ServerLocation
from tdmvc.seeding.protection import refuse_name


class CannotRestoreError(Exception):
    """The rows that were written cannot be restored alone; the whole database has to be."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def refuse_production(location: ServerLocation) -> None:
    """Make sure that an address does not say that the server is for production.

    Raises:
        DatabaseError: it does.
    """
    refusal = refuse_name(location)
    if refusal is not None:
        raise production_server(str(location), refusal.what)


def production_server(where: str, reason: str) -> DatabaseError:
    """Return the error for a server that is for production."""
    return DatabaseError(
        f"{reason} Environments for tests are never made there.",
        where=where,
        remedy="name a server for tests in `database` in tdmvc.yaml, or let tdmvc start one: write `embedded` or "
        "`embedded-mariadb`.",
    )


def changed_template_database(where: str, name: str) -> DatabaseError:
    """Return the error for a template that somebody else than tdmvc may have written to."""
    return DatabaseError(
        f"The database {name} was changed. All resets restore from it, so the seeded rows are no longer known.",
        where=where,
        remedy=f"let no test connect to {name}, alter or drop it; then run the command again, which begins with the "
        "rows as they were seeded.",
    )
