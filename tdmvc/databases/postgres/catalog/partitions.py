"""What partitions declare by themselves, without the table that they are parts of."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from tdmvc.databases.postgres.catalog.constraints import Constraints, reference_actions
from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.model.declarations import ForeignKey

_LEAVES = """
SELECT r.oid::int8, pg_catalog.count(*) FROM pg_catalog.unnest(%s::oid[]) r (oid)
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) p WHERE p.isleaf GROUP BY r.oid
"""
_CONSTRAINTS = """
SELECT r.oid::int8, c.conrelid::int8, c.conname::text, c.contype::text,
    ARRAY (SELECT a.attname::text FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY k (num, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num ORDER BY k.place),
    tn.nspname::text, tc.relname::text,
    ARRAY (SELECT a.attname::text FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY k (num, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num ORDER BY k.place),
    c.confdeltype::text, c.confupdtype::text, c.condeferrable, c.condeferred, c.confmatchtype::text
FROM pg_catalog.unnest(%s::oid[]) r (oid)
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) p
JOIN pg_catalog.pg_constraint c ON c.conrelid = p.relid::oid
LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.confrelid AND c.contype = 'f'::"char"
LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
WHERE p.isleaf AND c.conislocal AND c.contype = ANY ('{f,c,u,x}'::"char"[])
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.oid = c.conparentid AND o.conrelid = ANY (%s::oid[]))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.oid = c.conparentid AND o.conrelid = c.conrelid)
ORDER BY c.conname
"""
_INDEXES = """
SELECT r.oid::int8, c.relname::text FROM pg_catalog.unnest(%s::oid[]) r (oid)
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.oid) p
JOIN pg_catalog.pg_index i ON i.indrelid = p.relid::oid AND p.level > 0::int4
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND NOT c.relispartition
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conindid = i.indexrelid
    AND o.contype = ANY ('{p,u,x}'::"char"[]))
ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class _Row:
    """A constraint of a partition."""

    partition: int
    name: str
    kind: str
    columns: list[str]
    target_schema: str | None
    target: str | None
    to: list[str]
    on_delete: str
    on_update: str
    is_deferrable: bool
    is_deferred: bool
    match: str


def with_partitions(
    connection: PostgresConnection,
    relations: Iterable[Relation],
    constraints: Mapping[int, Constraints],
    own_name: Callable[[str, str], str],
) -> dict[int, Constraints]:
    """Return the constraints of tables, with the references that all partitions of a table declare.

    What only some partitions declare, or what holds for the rows of each by themselves, is named as left out.

    Args:
        own_name: returns the name in a dataset of a table in a schema.
    """
    found = dict(constraints)
    oids = [relation.oid for relation in relations if relation.kind == "p"]
    if not oids:
        return found
    leaves: dict[int, int] = dict(connection.execute(_LEAVES, [oids]).fetchall())
    rows: dict[int, list[_Row]] = defaultdict(list)
    for oid, *row in connection.execute(_CONSTRAINTS, [oids, oids]):
        rows[oid].append(_Row(*row))
    for oid, own in rows.items():
        found[oid] = _added(found.get(oid, Constraints()), own, leaves.get(oid, 0), own_name)
    for oid, index in connection.execute(_INDEXES, [oids]):
        known = found.get(oid, Constraints())
        found[oid] = replace(known, left_out=(*known.left_out, f"index {index} of a partition"))
    return found


def _added(
    before: Constraints, rows: list[_Row], leaves: int, own_name: Callable[[str, str], str]
) -> Constraints:
    partitions: dict[ForeignKey, set[int]] = defaultdict(set)
    others: dict[str, None] = {}
    for row in rows:
        if row.kind == "f":
            actions = reference_actions(
                row.on_delete,
                row.on_update,
                row.match,
                is_deferrable=row.is_deferrable,
                is_deferred=row.is_deferred,
            )
            table = own_name(row.target_schema or "", row.target or "")
            partitions[ForeignKey(tuple(row.columns), table, tuple(row.to), actions)].add(row.partition)
        else:
            others[f"constraint {row.name} of a partition"] = None
    known = {reference.ends for reference in before.references}
    of_all = [one for one, where in partitions.items() if len(where) == leaves and one.ends not in known]
    some = [
        f"a reference of some partitions only: {one}"
        for one, where in partitions.items()
        if len(where) < leaves and one.ends not in known
    ]
    return replace(
        before,
        references=(*before.references, *of_all),
        left_out=(*before.left_out, *some, *others),
    )
