"""How many rows tables have: exactly if they are small, else by the server's estimate."""

from collections.abc import Mapping

from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.relations import Relation

_LARGE_BYTES = 16 << 20
_AT_ONCE = 200
_SIZES = """
SELECT o.oid::bigint, coalesce(sum(pg_relation_size(coalesce(p.relid, o.oid))), 0)::bigint,
    coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
FROM unnest(%s::oid[]) o (oid)
    LEFT JOIN LATERAL pg_partition_tree(o.oid::regclass) p ON p.isleaf
    JOIN pg_class c ON c.oid = coalesce(p.relid, o.oid)
GROUP BY o.oid
"""


def count_rows(connection: PostgresConnection, relations: Mapping[str, Relation]) -> dict[str, int]:
    """Return the number of rows of tables by name; never 0 for a table that has rows."""
    sizes = {
        oid: (size, estimate)
        for oid, size, estimate in connection.execute(_SIZES, [[one.oid for one in relations.values()]])
    }
    counts: dict[str, int] = {}
    counted: list[tuple[str, str]] = []
    for name, relation in relations.items():
        size, estimate = sizes.get(relation.oid, (0, 0))
        if not size or not relation.is_readable:
            counts[name] = max(estimate, 1) if size else 0
        elif size < _LARGE_BYTES:
            counted.append((name, f"SELECT count(*) FROM {relation.sql}"))
        else:
            counted.append(
                (
                    name,
                    f"SELECT CASE WHEN EXISTS (SELECT FROM {relation.sql}) THEN {max(estimate, 1)} ELSE 0 END",
                )
            )
    for start in range(0, len(counted), _AT_ONCE):
        part = counted[start : start + _AT_ONCE]
        queries = ", ".join(f"({query})" for _, query in part)
        (row,) = connection.execute(f"SELECT {queries}").fetchall()
        counts.update((name, int(count)) for (name, _), count in zip(part, row, strict=True))
    return counts
