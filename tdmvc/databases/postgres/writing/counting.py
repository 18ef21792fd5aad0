"""Asks the same question about many tables at once, which the server answers in several processes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection

_AT_ONCE = 100
_SMALL_PAGES = 1024
"""Up to 8 MiB, which one process reads: the server shares larger tables out among processes by itself."""
IS_SMALL = f"(c.relkind = 'r' AND c.relpages <= {_SMALL_PAGES})"
"""SQL for whether a table `c` can be asked about together with others."""
_IN_PARALLEL = "SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0"
_AS_BEFORE = "SET LOCAL parallel_setup_cost TO DEFAULT; SET LOCAL parallel_tuple_cost TO DEFAULT"

_LARGE_BYTES = 16 << 20
_SIZES = """
SELECT o.oid::bigint, coalesce(sum(pg_relation_size(coalesce(p.relid, o.oid))), 0)::bigint,
    coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
FROM unnest(%s::oid[]) o (oid)
    LEFT JOIN LATERAL pg_partition_tree(o.oid::regclass) p ON p.isleaf
    JOIN pg_class c ON c.oid = coalesce(p.relid, o.oid)
GROUP BY o.oid
"""


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


def count_rows(connection: PostgresConnection, relations: Mapping[str, Relation]) -> dict[str, int]:
    """Return the number of rows of tables by name; never 0 for a table that has rows."""
    sizes = {
        oid: (size, estimate)
        for oid, size, estimate in connection.execute(_SIZES, [[one.oid for one in relations.values()]])
    }
    counts: dict[str, int] = {}
    queries: dict[str, str] = {}
    for name, relation in relations.items():
        size, estimate = sizes.get(relation.oid, (0, 0))
        if not size or not relation.is_readable:
            counts[name] = max(estimate, 1) if size else 0
        elif size < _LARGE_BYTES:
            queries[name] = f"SELECT count(*) FROM {relation.sql}"
        else:
            has_rows = f"EXISTS (SELECT FROM {relation.sql})"
            queries[name] = f"SELECT CASE WHEN {has_rows} THEN {max(estimate, 1)} ELSE 0 END"
    answers = ask_of_all(connection, [(query, True) for query in queries.values()])
    return counts | {name: int(count) for name, (count,) in zip(queries, answers, strict=True)}
