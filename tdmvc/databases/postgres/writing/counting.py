"""Asks the same question about many tables at once, which the server answers in several processes."""

from collections.abc import Iterator, Sequence
from typing import Any

from tdmvc.databases.postgres.connection import PostgresConnection

_AT_ONCE = 100
_SMALL_PAGES = 1024
"""Up to 8 MiB, which one process reads: the server shares larger tables out among processes by itself."""
IS_SMALL = f"(c.relkind = 'r' AND c.relpages <= {_SMALL_PAGES})"
"""SQL for whether a table `c` can be asked about together with others."""
_IN_PARALLEL = "SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0"
_AS_BEFORE = "SET LOCAL parallel_setup_cost TO DEFAULT; SET LOCAL parallel_tuple_cost TO DEFAULT"


def ask_of_all(
    connection: PostgresConnection, queries: Sequence[tuple[str, bool]]
) -> Iterator[tuple[Any, ...]]:
    """Yield the row that each query returns, in their order.

    Args:
        queries: with the same columns; and whether each is about small tables only.
    """
    found: dict[int, tuple[Any, ...]] = {}
    small = [place for place, (_, is_small) in enumerate(queries) if is_small]
    parts = [small[start : start + _AT_ONCE] for start in range(0, len(small), _AT_ONCE)]
    if parts:
        connection.execute(_IN_PARALLEL)
    for part in parts:
        one = " UNION ALL ".join(f"(SELECT {place}, q.* FROM ({queries[place][0]}) q)" for place in part)
        found |= {place: tuple(row) for place, *row in connection.execute(one)}
    if parts:
        connection.execute(_AS_BEFORE)
    for place, (query, is_small) in enumerate(queries):
        yield found[place] if is_small else connection.execute(query).fetchall()[0]
