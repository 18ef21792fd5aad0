"""Remembers which states kept a whole contract, so that the next command need not open them."""

import hashlib
from collections.abc import Mapping

from tdmvc.checks.validation.cache import CountCache, cache_name
from tdmvc.checks.validation.row_tests import CHECKER
from tdmvc.model.diff import TableSide
from tdmvc.sql.duckdb import duckdb_version


class KnownVerdict:
    """Whether the rows of some tables kept a contract when they were last validated: a count of broken rules."""

    def __init__(self, cache: CountCache, contract_text: str, tables: Mapping[str, TableSide]) -> None:
        self._cache = cache
        self._test = cache_name(CHECKER, duckdb_version(), "contract", contract_text)
        digest = hashlib.sha256()
        for name, side in sorted(tables.items()):
            digest.update(cache_name(name, *sorted(side.parts)).encode())
        self._rows = digest.hexdigest()

    @property
    def is_valid(self) -> bool:
        """Whether it is known that they keep all rules; False if nothing is known."""
        return self._cache.counts(self._test, [self._rows]).get(self._rows) == 0

    def remember(self) -> None:
        """Keep that they keep all rules."""
        self._cache.remember({self._test: {self._rows: 0}})
