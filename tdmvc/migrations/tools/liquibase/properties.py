"""Knows the values of Liquibase's properties while a master is written out."""

import re
from collections import defaultdict
from typing import Final

from tdmvc.migrations.tools.liquibase.changelog import Property

MAX_PUT_IN: Final = 10_000
"""How many characters are put into one text: properties that name each other could stand for billions."""

_PLACEHOLDER: Final = re.compile(r"\$\{([^${}]{1,200})\}")


class LiquibaseProperties:
    """Values by name, of which the first one counts; a local one counts in its own changelog only."""

    def __init__(self) -> None:
        self._everywhere: dict[str, str | None] = {}
        self._local: dict[str, dict[str, str | None]] = defaultdict(dict)

    def learn(self, path: str, given: Property) -> None:
        """Take in a property that the changelog at `path` gives."""
        known = self._everywhere if given.is_global else self._local[path]
        value = self.fill(path, given.value)
        if given.name not in known:
            known[given.name] = value
        elif given.is_conditional and known[given.name] != value:
            # It depends on the database; nobody can say which one is meant.
            known[given.name] = None

    def fill(self, path: str, text: str) -> str:
        """Put in the values that are known at `path`; Liquibase, too, leaves the others as they are."""
        if "${" not in text:
            return text
        local = self._local.get(path, {})
        room = MAX_PUT_IN

        def value(match: re.Match[str]) -> str:
            nonlocal room
            name = match[1].strip()
            known = self._everywhere.get(name) or local.get(name) or match[0]
            if len(known) > room:
                return match[0]
            room -= len(known)
            return known

        return _PLACEHOLDER.sub(value, text)
