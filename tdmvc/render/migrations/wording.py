"""The words for one migration that all formats share."""

import re
from typing import Final

from tdmvc.model.migration import Migration

_SEPARATORS: Final = re.compile(r"[\W_]+")


def title_of(migration: Migration) -> str:
    """Return a migration's name, or nothing if its id already contains it."""
    id_words = f" {_SEPARATORS.sub(' ', migration.id)} ".casefold()
    name = _SEPARATORS.sub(" ", migration.name).strip().casefold()
    # Classes of TypeORM are called by a name and a time, with nothing between.
    is_timed = migration.id[len(migration.name) :].isdigit() and migration.id.startswith(migration.name)
    return "" if f" {name} " in id_words or not name or is_timed else migration.name
