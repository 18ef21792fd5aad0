"""Reads what the tables of a PostgreSQL database declare, with a number of queries that does not depend on theirs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tdmvc.databases.postgres.catalog.columns import ColumnFacts, SequenceFacts, declared_column
from tdmvc.databases.postgres.catalog.constraints import Constraints, read_constraints
from tdmvc.databases.postgres.catalog.queries import (
    COLUMNS,
    INDEXES,
    SEQUENCES,
    left_out_query,
    types_query,
)
from tdmvc.databases.postgres.catalog.relations import Relation, Schemas, naming_from
from tdmvc.databases.postgres.catalog.types import (
    DIALECT,
    ColumnForm,
    TypeFacts,
    column_form,
    unmakeable,
    user_types,
    without_schema,
)
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.model.declarations import Index, TableOptions, UserType
from tdmvc.model.schema import TableSchema
from tdmvc.sql.quoting import quote_name


@dataclass(frozen=True, slots=True)
class DeclaredTable:
    """A table as the catalog declares it."""

    relation: Relation
    schema: TableSchema
    forms: Mapping[str, ColumnForm]
    """How each column is read."""
    sequences: Mapping[str, SequenceFacts] = field(default_factory=dict)
    """What gives the numbers of identity and serial columns."""
    notes: tuple[str, ...] = ()


def read_declared(
    connection: PostgresConnection, schemas: Schemas, relations: Mapping[str, Relation]
) -> dict[str, DeclaredTable]:
    """Return what tables declare, by name."""
    oids = [relation.oid for relation in relations.values()]
    with naming_from(connection, schemas):
        columns = _grouped(connection.execute(COLUMNS, [oids]), ColumnFacts)
        types = _read_types(connection, {facts.type for found in columns.values() for facts in found})
        money_digits = _money_digits(connection, types)
        constraints = read_constraints(connection, relations.values(), schemas.own_name)
        indexes = _read_indexes(connection, oids)
        sequences = {
            (row[0], row[1]): SequenceFacts(*row[2:])
            for row in connection.execute(SEQUENCES, {"tables": oids}).fetchall()
        }
        left_out = left_out_query(connection.info.server_version)
        others = _grouped(connection.execute(left_out, {"tables": oids}), str)
    catalog = _Catalog(schemas, types, money_digits, constraints, indexes, sequences, others)
    return {
        name: catalog.declared(name, relation, columns[relation.oid]) for name, relation in relations.items()
    }


def _grouped(rows: Any, make: Any) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(make(*row[1:]))
    return found


def _read_types(connection: PostgresConnection, oids: set[int]) -> dict[int, TypeFacts]:
    rows = connection.execute(types_query(connection.info.server_version), {"types": sorted(oids)})
    values: Iterator[list[Any]] = (
        [tuple(one) if isinstance(one, list) else one for one in row] for row in rows
    )
    return {facts.oid: facts for facts in (TypeFacts(*own) for own in values)}


def _money_digits(connection: PostgresConnection, types: Mapping[int, TypeFacts]) -> int:
    """Return how many digits the locale of the server gives an amount of money behind the point."""
    if not any(facts.name == "money" for facts in types.values()):
        return 2
    ((digits,),) = connection.execute("SELECT pg_catalog.scale('0'::money::numeric)").fetchall()
    return int(digits)


def _read_indexes(connection: PostgresConnection, oids: list[int]) -> Mapping[int, list["_IndexFacts"]]:
    return _grouped(connection.execute(INDEXES, [oids]), _IndexFacts)


@dataclass(frozen=True, slots=True)
class _IndexFacts:
    name: str
    is_unique: bool
    is_valid: bool
    definition: str
    prefix: str
    """What comes before USING."""
    columns: list[str]
    plain: str
    """What follows the prefix if the index has nothing but columns in ascending order."""

    @property
    def index(self) -> Index:
        words = self.definition.removeprefix(self.prefix)
        if words == self.plain:
            return Index(self.name, tuple(self.columns), is_unique=self.is_unique)
        return Index(self.name, (), words, self.is_unique, DIALECT)


@dataclass(frozen=True, slots=True)
class _Catalog:
    schemas: Schemas
    types: Mapping[int, TypeFacts]
    money_digits: int
    constraints: Mapping[int, Constraints]
    indexes: Mapping[int, list[_IndexFacts]]
    sequences: Mapping[tuple[int, int], SequenceFacts]
    others: Mapping[int, list[str]]
    forms: dict[tuple[int, int], tuple[ColumnForm, tuple[UserType, ...]]] = field(default_factory=dict)
    """What was found out about a type with a length, which many columns have."""

    def form(self, facts: ColumnFacts) -> tuple[ColumnForm, tuple[UserType, ...]]:
        """Return how a column is read, and the types that it needs."""
        known = self.forms.get((facts.type, facts.modifier))
        if known is None:
            declared = without_schema(facts.declared, self.types, facts.type, _quoted_if_needed)
            form = column_form(
                self.types, facts.type, facts.modifier, declared, money_digits=self.money_digits
            )
            known = self.forms[(facts.type, facts.modifier)] = (form, user_types(self.types, facts.type))
        return known

    def declared(self, name: str, relation: Relation, facts: Sequence[ColumnFacts]) -> DeclaredTable:
        """Return a table with all that the catalog says about it."""
        constraints = self.constraints.get(relation.oid, Constraints())
        indexes = self.indexes.get(relation.oid, [])
        valid = tuple(one.index for one in indexes if one.is_valid)
        forms, columns, sequences = {}, [], {}
        notes = [f"not kept: {one}" for one in self._left_out(relation, constraints)]
        notes += [f"not kept: index {one.name}, which is not valid" for one in indexes if not one.is_valid]
        unique = constraints.unique | {
            one.columns[0] for one in valid if one.is_unique and len(one.columns) == 1
        }
        for one in facts:
            form, needed = self.form(one)
            sequence = self.sequences.get((relation.oid, one.place))
            column, said = declared_column(one, form, sequence, self.schemas.own_name)
            if one.name in unique or needed or one.name in constraints.unvalidated_not_null:
                is_required = column.required and one.name not in constraints.unvalidated_not_null
                column = replace(column, required=is_required, unique=one.name in unique, user_types=needed)
            columns.append(column)
            forms[one.name] = form
            if sequence is not None and column.identity is not None:
                sequences[one.name] = sequence
            notes += [f"{one.name}: {text}" for text in said]
            if (missing := unmakeable(self.types, one.type)) is not None:
                notes.append(
                    f"{one.name}: its type {missing} is made in C, and only a database that has it can hold it"
                )
        schema = TableSchema(
            name,
            tuple(columns),
            constraints.key,
            constraints.references,
            constraints.unique_keys,
            constraints.checks,
            valid,
            TableOptions(("UNLOGGED",), DIALECT) if relation.persistence == "u" else None,
            relation.comment,
        )
        return DeclaredTable(relation, schema, forms, sequences, tuple(notes))

    def _left_out(self, relation: Relation, constraints: Constraints) -> Iterator[str]:
        if relation.partition_key is not None:
            yield f"PARTITION BY {relation.partition_key}; the rows of all partitions are one table"
        if relation.storage_options:
            yield f"storage options ({', '.join(relation.storage_options)})"
        yield from constraints.left_out
        yield from self.others.get(relation.oid, [])


def _quoted_if_needed(name: str) -> str:
    """Return a name as the server writes it."""
    is_plain = (
        name.isascii() and name.replace("_", "a").isalnum() and name == name.lower() and not name[0].isdigit()
    )
    return name if is_plain else quote_name(name)
