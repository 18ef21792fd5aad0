"""A template on a server that runs, from which databases are made."""

import contextlib
from collections.abc import Iterator

from tdmvc.environments.postgres.copies import Copies
from tdmvc.environments.postgres.database import PostgresDatabase
from tdmvc.errors import DatabaseError
from tdmvc.model.environment import TemplateOrigin


class PostgresSource:
    """Makes databases as copies of a template."""

    def __init__(
        self, origin: TemplateOrigin, copies: Copies, names: Iterator[str], *, has_first: bool = False
    ) -> None:
        """Take a template.

        Args:
            has_first: whether the database with the first of the names is there already.
        """
        self._has_next = has_first
        self._origin = origin
        self._copies = copies
        self._names = names
        self._made: list[PostgresDatabase] = []

    @property
    def origin(self) -> TemplateOrigin:
        return self._origin

    def create(self) -> PostgresDatabase:
        """Make a database in the seeded state.

        Raises:
            DatabaseError: there is no room, or the server refuses.
        """
        name = next(self._names)
        copies = self._copies
        copies.made.add(name)
        with copies.explained():
            if not self._has_next:
                copies.template.copy_to(copies.administrator, name)
            self._has_next = False
            database = PostgresDatabase(copies.administrator.location_of(name), copies)
        self._made.append(database)
        if not copies.is_embedded:
            copies.pool.refill()
        return database

    def close(self) -> None:
        """Drop all databases that were made; those of an embedded server are removed with it."""
        for database in self._made:
            database.close()
            if not self._copies.is_embedded:
                with contextlib.suppress(DatabaseError):
                    database.drop()
