"""Remembers which states kept a whole contract, so that the next command need not open them."""

import hashlib
from collections.abc import Mapping

from tdmvc.checks.validation.cache import CountCache, cache_name
from tdmvc.model.diff import TableSide


class KnownVerdict:
    """Whether the rows of some tables kept a contract when they were last validated: a count of broken rules."""

    def __init__(self, cache: CountCache, contract_text: str, tables: Mapping[str, TableSide]) -> None:
        self._cache = cache
        self._test = cache_name("contract", contract_text)
        self._rows = _named(tables)

    @property
    def is_valid(self) -> bool:
        """Whether it is known that they keep all rules; False if nothing is known."""
        rows = self._rows
        return rows is not None and self._cache.counts(self._test, [rows]).get(rows) == 0

    def remember(self) -> None:
        """Keep that they keep all rules."""
        if self._rows is not None:
            self._cache.remember({self._test: {self._rows: 0}})


def _named(tables: Mapping[str, TableSide]) -> str | None:
    """Return a name for the bytes of tables; None if a part has no hash of them."""
    digest = hashlib.sha256()
    for name, side in sorted(tables.items()):
        if not side.digests.keys() >= set(side.parts):
            return None
        digest.update(cache_name(name, *sorted(side.digests[part] for part in side.parts)).encode())
    return digest.hexdigest()
