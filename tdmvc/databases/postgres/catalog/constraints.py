"""What the constraints of tables in PostgreSQL mean: keys, references and conditions, also of partitions."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tdmvc.databases.postgres.catalog.queries import LEAVES, constraints_query
from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.catalog.types import DIALECT
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.model.declarations import Check, ForeignKey, ReferenceActions, UniqueKey
from tdmvc.sql.tokens import unwrapped

_ACTIONS: Mapping[str, str] = {
    "a": "no action",
    "r": "restrict",
    "c": "cascade",
    "n": "set null",
    "d": "set default",
}


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the constraints of a table declare."""

    key: tuple[str, ...] = ()
    unique: frozenset[str] = frozenset()
    """Columns that are unique by themselves, with nothing more to say."""
    unique_keys: tuple[UniqueKey, ...] = ()
    references: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    unvalidated_not_null: frozenset[str] = frozenset()
    """Columns declared NOT NULL in which older rows may have nulls."""
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the query for constraints."""

    name: str
    kind: str
    columns: Sequence[str]
    """Without expressions, which an exclusion constraint may have in their place."""
    is_deferrable: bool
    is_deferred: bool
    is_validated: bool
    is_not_inherited: bool
    on_delete: str
    on_update: str
    match: str
    target_schema: str | None
    target: str | None
    to: Sequence[str]
    expression: str | None
    text: str | None
    """Written whole, for kinds that have no field."""
    delete_columns: Sequence[str]
    nulls_not_distinct: bool
    include: Sequence[str]
    is_enforced: bool

    @property
    def deferrable(self) -> str | None:
        return ("deferred" if self.is_deferred else "immediate") if self.is_deferrable else None


OwnName = Callable[[str, str], str]
"""Returns the name in a dataset of a table in a schema."""


def read_constraints(
    connection: PostgresConnection, relations: Collection[Relation], own_name: OwnName
) -> dict[int, Constraints]:
    """Return the constraints of tables, by OID, with the references that all partitions of a table declare.

    What only some partitions declare, or what holds for the rows of each by themselves, is named as left out.
    """
    version = connection.info.server_version
    found: dict[int, Constraints] = {}
    oids = [relation.oid for relation in relations]
    for oid, *values in connection.execute(constraints_query(version), {"tables": oids}):
        found[oid] = _added(found.get(oid, Constraints()), _Row(*values), own_name)
    partitioned = [relation.oid for relation in relations if relation.kind == "p"]
    if not partitioned:
        return found
    root_of: dict[int, int] = dict(connection.execute(LEAVES, [partitioned]).fetchall())
    rows: dict[int, list[tuple[int, _Row]]] = defaultdict(list)
    query = constraints_query(version, of_partitions=True)
    for leaf, *values in connection.execute(query, {"tables": list(root_of), "roots": partitioned}):
        rows[root_of[leaf]].append((leaf, _Row(*values)))
    leaves = Counter(root_of.values())
    for root, own in rows.items():
        found[root] = _with_partitions(found.get(root, Constraints()), own, leaves[root], own_name)
    return found


def _with_partitions(
    before: Constraints, rows: Sequence[tuple[int, _Row]], leaves: int, own_name: OwnName
) -> Constraints:
    partitions: dict[ForeignKey, set[int]] = defaultdict(set)
    others: set[str] = set()
    for leaf, row in rows:
        if row.kind == "f" and row.text is None and row.is_enforced:
            partitions[_reference(row, own_name)].add(leaf)
        else:
            others.add(f"constraint {row.name} of a partition")
    known = {reference.ends for reference in before.references}
    new = {one: where for one, where in partitions.items() if one.ends not in known}
    some = [
        f"a reference of some partitions only: {one}" for one, where in new.items() if len(where) < leaves
    ]
    return replace(
        before,
        references=(*before.references, *(one for one, where in new.items() if len(where) == leaves)),
        left_out=(*before.left_out, *some, *sorted(others)),
    )


def _added(before: Constraints, row: _Row, own_name: OwnName) -> Constraints:
    columns = tuple(row.columns)
    if not row.is_enforced:
        return _without(before, f"constraint {row.name}, which is NOT ENFORCED")
    match row.kind:
        case "p":
            more = [f"{row.name} is checked at the end of a transaction"] if row.is_deferrable else []
            more += [f"INCLUDE of {row.name}"] if row.include else []
            more += [f"WITHOUT OVERLAPS of {row.name}"] if row.text is not None else []
            return replace(before, key=columns, left_out=(*before.left_out, *more))
        case "u" if row.text is not None:
            return _without(before, f"unique constraint {row.name}: {row.text}")
        case "u":
            return _with_unique(before, row)
        case "f" if row.text is not None:
            return _without(before, f"reference {row.name}: {row.text}")
        case "f":
            return replace(before, references=(*before.references, _reference(row, own_name)))
        case "c":
            check = Check(
                unwrapped(row.expression or ""), row.name, DIALECT, row.is_validated, not row.is_not_inherited
            )
            return replace(before, checks=(*before.checks, check))
        case "n":
            if row.is_validated:
                return before
            found = replace(before, unvalidated_not_null=before.unvalidated_not_null | frozenset(columns))
            return _without(found, f"NOT NULL of {', '.join(columns)}, which older rows need not keep")
        case "x":
            return _without(before, f"exclusion constraint {row.name}: {row.text}")
        case _:
            return _without(before, f"constraint trigger {row.name}")


def _reference(row: _Row, own_name: OwnName) -> ForeignKey:
    actions = ReferenceActions(
        _ACTIONS[row.on_delete],
        _ACTIONS[row.on_update],
        row.deferrable,
        row.match == "f",
        set_columns=tuple(row.delete_columns),
        is_validated=row.is_validated,
    )
    table = own_name(row.target_schema or "", row.target or "")
    return ForeignKey(tuple(row.columns), table, tuple(row.to), actions)


def _with_unique(before: Constraints, row: _Row) -> Constraints:
    columns = tuple(row.columns)
    key = UniqueKey(
        columns,
        row.name,
        is_declared=True,
        nulls_distinct=not row.nulls_not_distinct,
        include=tuple(row.include),
        deferrable=row.deferrable,
    )
    if key == UniqueKey(columns, row.name, is_declared=True) and len(columns) == 1:
        return replace(before, unique=before.unique | {columns[0]})
    return replace(before, unique_keys=(*before.unique_keys, key))


def _without(before: Constraints, what: str) -> Constraints:
    return replace(before, left_out=(*before.left_out, what))
