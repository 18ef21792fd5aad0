"""The keys that a person names for tables, by name or pattern, on the command line or in a file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tdmvc.errors import NotFoundError

Keys = Mapping[str, tuple[str, ...]]
"""Key columns by the name of a table, or a pattern for names; without columns, the table has no key."""


@dataclass(frozen=True, slots=True)
class NamedKeys:
    """What a person says about keys."""

    given: Keys = field(default_factory=dict)
    """For these tables only: each must exist."""
    listed: Keys = field(default_factory=dict)
    """For whichever of these tables there are; a file may serve several sources."""

    def of(self, table: str) -> tuple[str, ...] | None:
        """Return the key of a table, or None if nobody named one. A name counts more than a pattern."""
        for keys in (self.given, self.listed):
            if table in keys:
                return keys[table]
            for pattern, columns in keys.items():
                if fnmatchcase(table, pattern):
                    return columns
        return None

    def check_tables(self, tables: Iterable[str], *, where: str = "--key") -> None:
        """Refuse a given key without a table.

        Raises:
            NotFoundError: no table has its name, or matches its pattern.
        """
        known = sorted(tables)
        for name in self.given:
            if not any(table == name or fnmatchcase(table, name) for table in known):
                raise NotFoundError.named("table", name, known, where=where)


NO_KEYS = NamedKeys()
"""Nobody named a key."""
