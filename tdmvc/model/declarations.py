"""What a database declares about tables beside names and types: defaults, constraints, indexes, views."""

from dataclasses import dataclass, replace
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Default:
    """What a column gets if an INSERT leaves it out: a literal, or an expression of one engine."""

    literal: str | None = None
    """The value as text, without SQL's quotes."""
    expression: str | None = None
    dialect: str | None = None
    """The engine whose SQL the expression is."""

    def __str__(self) -> str:
        return repr(self.literal) if self.literal is not None else str(self.expression)


@dataclass(frozen=True, slots=True)
class Generated:
    """How the database computes a column from others of its row."""

    expression: str
    is_stored: bool
    dialect: str

    def __str__(self) -> str:
        return f"{self.expression} ({'stored' if self.is_stored else 'virtual'})"


@dataclass(frozen=True, slots=True)
class Identity:
    """A column that the database numbers, and whose numbers it never gives twice."""

    is_always: bool = False
    """Whether an INSERT may not choose the number itself."""
    start: int | None = None
    increment: int | None = None
    sequence: str | None = None
    """The name of the sequence that gives the numbers, if an application may name it."""

    def __str__(self) -> str:
        return "identity (always)" if self.is_always else "identity"


@dataclass(frozen=True, slots=True)
class Collation:
    """How texts of a column compare."""

    name: str
    dialect: str

    def __str__(self) -> str:
        return self.name


class TypeKind(StrEnum):
    """How a type of a database's own is made."""

    ENUM = "enum"
    DOMAIN = "domain"
    """Another type, with conditions or a default."""
    COMPOSITE = "composite"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class UserType:
    """A type that the database does not come with."""

    name: str
    """As SQL writes it, with quotes where it needs them."""
    kind: TypeKind
    dialect: str
    labels: tuple[str, ...] = ()
    """The values of an enum, in their order."""
    definition: str | None = None
    """For other kinds, what follows AS in CREATE DOMAIN or CREATE TYPE."""

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.labels) if self.definition is None else self.definition})"


NO_ACTION = "no action"


@dataclass(frozen=True, slots=True)
class ReferenceActions:
    """What a database does when the row that a reference leads to changes."""

    on_delete: str = NO_ACTION
    """In lower case: `cascade`, `set null`, …"""
    on_update: str = NO_ACTION
    deferrable: str | None = None
    """When a deferrable reference is checked unless a transaction says otherwise: `immediate` or `deferred`."""
    is_full: bool = False
    """Whether either all columns are null or none is (MATCH FULL)."""
    set_columns: tuple[str, ...] = ()
    """The columns that `set null` or `set default` changes on delete, if not all."""
    is_validated: bool = True
    """False if rows that are there already need not keep it."""

    @property
    def words(self) -> list[str]:
        """What engines in general can declare, in lower case, without what is the default."""
        words = [f"on delete {self.on_delete}"] if self.on_delete != NO_ACTION else []
        words += [f"on update {self.on_update}"] if self.on_update != NO_ACTION else []
        return words + ([f"deferrable initially {self.deferrable}"] if self.deferrable else [])


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key: `columns` of this table name a row of `table` by its columns `to`."""

    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...]
    declared: ReferenceActions | None = None
    """How the database declares it; None if only a person or a file does."""

    @property
    def ends(self) -> "ForeignKey":
        """The reference alone: what identifies it among all others."""
        return replace(self, declared=None) if self.declared else self

    @property
    def actions(self) -> ReferenceActions:
        return self.declared or ReferenceActions()

    def __str__(self) -> str:
        text = f"({', '.join(self.columns)}) -> {self.table} ({', '.join(self.to)})"
        return " ".join([text, *self.actions.words])


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """Columns whose values, together, may not repeat; a null never repeats unless nulls are not distinct."""

    columns: tuple[str, ...]
    name: str | None = None
    is_declared: bool = False
    """Whether a database declares it, not only a person."""
    nulls_distinct: bool = True
    include: tuple[str, ...] = ()
    """Columns that its index holds as well."""
    deferrable: str | None = None
    """When a deferrable one is checked unless a transaction says otherwise: `immediate` or `deferred`."""

    def __str__(self) -> str:
        return f"({', '.join(self.columns)})" + ("" if self.nulls_distinct else " nulls not distinct")


OWN_DIALECT = "duckdb"
"""The dialect of SQL that people write in contracts."""


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that every row must meet; it is met if it is null."""

    expression: str
    name: str | None = None
    dialect: str | None = None
    """The engine that declares it; None if a person does."""
    is_validated: bool = True
    """False if rows that are there already need not meet it."""
    is_inherited: bool = True
    """Whether it holds for tables that inherit from this one, too."""

    def __str__(self) -> str:
        return f"({self.expression})"


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a table."""

    name: str
    columns: tuple[str, ...] = ()
    """Empty if the index needs more than columns in ascending order."""
    definition: str | None = None
    """What follows ON and the table's name, for an index with expressions, orders or a condition."""
    is_unique: bool = False
    dialect: str | None = None
    """The engine whose SQL the definition is."""

    def __str__(self) -> str:
        text = f"{self.name} {self.definition or '(' + ', '.join(self.columns) + ')'}"
        return f"unique {text}" if self.is_unique else text


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What one engine says about a whole table: `WITHOUT ROWID`, `STRICT`."""

    words: tuple[str, ...]
    dialect: str

    def __str__(self) -> str:
        return ", ".join(self.words)


@dataclass(frozen=True, slots=True)
class View:
    """A query with a name."""

    name: str
    query: str
    dialect: str
    columns: tuple[str, ...] = ()
    """The names of its columns, if they are declared beside the query."""
    is_materialized: bool = False
    """Whether the database keeps the rows of the query until it is told to compute them again."""

    def __str__(self) -> str:
        named = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.name}{named} as {' '.join(self.query.split())}"
