"""Conditions on single rows, and what evaluates them as a database does."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import pyarrow as pa

from tdmvc.model.schema import Column


class NotEvaluatedError(Exception):
    """A condition cannot be evaluated; the text says why, as a part of a sentence and without values."""


class RowCondition(Protocol):
    """A condition that rows are compared with, batch by batch."""

    def find_broken(self, rows: pa.RecordBatch) -> Sequence[int]:
        """Return the places of the rows that do not meet it, ascending; one that is null is met.

        Raises:
            NotEvaluatedError: it cannot be evaluated.
        """


class ConditionEngine(Protocol):
    """Evaluates conditions as one database does. A condition is not trusted: it reaches the rows only."""

    def open(
        self, expression: str, table: str, columns: Sequence[Column]
    ) -> AbstractContextManager[RowCondition]:
        """Return a condition on rows of these columns.

        Raises:
            NotEvaluatedError: it is no expression that can be evaluated.
        """

    def find_plain_sql(self, expression: str, table: str, columns: Sequence[Column]) -> str | None:
        """Return a condition on these columns as SQL of DuckDB that means the same in any connection.

        None if it is more than comparisons and arithmetic. A row may still make it fail, as by a number that is
        too large; then only `open` tells the rows that break it.
        """

    def close(self) -> None:
        """Give back what is held between conditions."""


ConditionEngines = Mapping[str, ConditionEngine]
"""By dialect."""
