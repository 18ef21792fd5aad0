"""What the constraints of tables in PostgreSQL mean: keys, references and conditions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tdmvc.databases.postgres.catalog.types import DIALECT
from tdmvc.model.declarations import Check, ForeignKey, ReferenceActions, UniqueKey
from tdmvc.sql.tokens import tokens

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
    places: Sequence[int] | None
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
    delete_places: Sequence[int]
    nulls_not_distinct: bool
    include_places: Sequence[int]
    is_enforced: bool

    @property
    def deferrable(self) -> str | None:
        return ("deferred" if self.is_deferred else "immediate") if self.is_deferrable else None


def read_constraints(
    rows: Sequence[Sequence[Any]],
    columns: Mapping[int, Mapping[int, str]],
    own_name: Callable[[str, str], str],
) -> dict[int, Constraints]:
    """Return the constraints of tables, by OID.

    Args:
        rows: what the query for constraints gave.
        columns: the names of each table's columns by their numbers.
        own_name: returns the name in a dataset of a table in a schema.
    """
    found: dict[int, Constraints] = {}
    for oid, *row in rows:
        before = found.get(oid, Constraints())
        found[oid] = _added(before, _Row(*row), columns.get(oid, {}), own_name)
    return found


def _added(
    before: Constraints, row: _Row, names: Mapping[int, str], own_name: Callable[[str, str], str]
) -> Constraints:
    # An exclusion constraint may have expressions in place of columns.
    columns = tuple(names[place] for place in row.places or () if place)
    if not row.is_enforced:
        return _without(before, f"constraint {row.name}, which is NOT ENFORCED")
    match row.kind:
        case "p":
            more = [f"{row.name} is checked at the end of a transaction"] if row.is_deferrable else []
            more += [f"INCLUDE of {row.name}"] if row.include_places else []
            more += [f"WITHOUT OVERLAPS of {row.name}"] if row.text is not None else []
            return replace(before, key=columns, left_out=(*before.left_out, *more))
        case "u" if row.text is not None:
            return _without(before, f"unique constraint {row.name}: {row.text}")
        case "u":
            return _with_unique(before, row, columns, names)
        case "f" if row.text is not None:
            return _without(before, f"reference {row.name}: {row.text}")
        case "f":
            reference = ForeignKey(
                columns,
                own_name(row.target_schema or "", row.target or ""),
                tuple(row.to),
                replace(
                    reference_actions(
                        row.on_delete,
                        row.on_update,
                        row.match,
                        is_deferrable=row.is_deferrable,
                        is_deferred=row.is_deferred,
                    ),
                    set_columns=tuple(names[place] for place in row.delete_places),
                    is_validated=row.is_validated,
                ),
            )
            if any(one.ends == reference.ends for one in before.references):
                return _without(before, f"reference {row.name}, which repeats another")
            return replace(before, references=(*before.references, reference))
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


def reference_actions(
    on_delete: str, on_update: str, match: str, *, is_deferrable: bool, is_deferred: bool
) -> ReferenceActions:
    """Return what a reference does, from the letters of pg_constraint."""
    when = ("deferred" if is_deferred else "immediate") if is_deferrable else None
    return ReferenceActions(_ACTIONS[on_delete], _ACTIONS[on_update], when, match == "f")


def _with_unique(
    before: Constraints, row: _Row, columns: tuple[str, ...], names: Mapping[int, str]
) -> Constraints:
    key = UniqueKey(
        columns,
        row.name,
        is_declared=True,
        nulls_distinct=not row.nulls_not_distinct,
        include=tuple(names[place] for place in row.include_places),
        deferrable=row.deferrable,
    )
    if key == UniqueKey(columns, row.name, is_declared=True) and len(columns) == 1:
        return replace(before, unique=before.unique | {columns[0]})
    return replace(before, unique_keys=(*before.unique_keys, key))


def _without(before: Constraints, what: str) -> Constraints:
    return replace(before, left_out=(*before.left_out, what))


def unwrapped(expression: str) -> str:
    """Return an expression without the brackets that the server writes around it."""
    parts = tokens(expression)
    if len(parts) < 3 or parts[0].keyword != "(":
        return expression
    depth = 0
    for token in parts[:-1]:
        depth += (token.keyword == "(") - (token.keyword == ")")
        if depth == 0:
            return expression
    return expression[1:-1]
