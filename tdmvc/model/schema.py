"""What a table looks like: columns, key, references, and what else a contract or a database declares."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from tdmvc.arrow.types import format_type
from tdmvc.model.declarations import (
    Check,
    Collation,
    Default,
    ForeignKey,
    Generated,
    Identity,
    Index,
    TableOptions,
    UniqueKey,
    UserType,
    View,
)
from tdmvc.model.finding import Severity
from tdmvc.model.rules import (
    Condition,
    Length,
    Place,
    References,
    Required,
    Rule,
    Unique,
    Values,
    rule_id,
    short_hash,
    with_unique_ids,
)
from tdmvc.model.sensitive_names import kind_by_name
from tdmvc.model.service_levels import ServiceLevel

PERSONAL = frozenset(
    {
        *("personal", "personal data", "pii", "sensitive personal", "special category"),
        *("secret", "credential", "credentials", "confidential", "restricted", "sensitive"),
    }
)
"""Classifications whose values are never shown, in lower case."""


_CHARACTERS = re.compile(
    r"(?:national )?(?:n?varchar2?|n?char|bpchar|character(?: varying)?)(?: varying)? ?\( ?([1-9][0-9]{0,8}) ?\)"
)

_LABELS = re.compile(r"enum ?\( ?('(?:[^']|'')*'(?: ?, ?'(?:[^']|'')*')*) ?\)", re.IGNORECASE)

UNTYPED = "null"
"""The physical type of a column that holds nothing but nulls: any type may follow it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    type: pa.DataType
    """A canonical type (see `arrow.types`)."""
    physical_type: str | None = None
    """The type at the source (`NVARCHAR(160)`, `uuid`), if it differs from the canonical name; empty if it has none."""
    required: bool = False
    """No null is allowed."""
    unique: bool = False
    """No value may repeat."""
    classification: str | None = None
    """The contract's classification (`public`, `personal`, …)."""
    text_form: str | None = None
    """How the last texts that it was read from were written, if not in the canonical form (`True, False`)."""
    looks_like: str | None = None
    """What its values looked like when they were added, if they must not be shown: `a password hash`."""
    default: Default | None = None
    generated: Generated | None = None
    identity: Identity | None = None
    collation: Collation | None = None
    max_length: int | None = None
    """The most characters of a text, if the contract says so itself; see `length_limit`."""
    user_types: tuple[UserType, ...] = ()
    """Those that the physical type needs, in an order in which they can be made."""
    description: str | None = None

    @property
    def is_personal(self) -> bool:
        """Whether values of this column are kept out of every output."""
        return must_hide((self,))

    @property
    def is_declared_personal(self) -> bool:
        """Whether the contract classifies the column as one whose values are never shown."""
        return (self.classification or "").strip().lower() in PERSONAL

    @property
    def is_classified(self) -> bool:
        """Whether the contract says what the values are, which outranks what they look like."""
        return bool((self.classification or "").strip())

    @property
    def suspicion(self) -> str | None:
        """What the values or the name look like (`a password hash`), whatever the contract says; None for neither."""
        return self.looks_like or kind_by_name(self.name, self.type)

    @property
    def is_json(self) -> bool:
        """Whether the text holds JSON, and so compares by structure."""
        physical = (self.physical_type or "").strip().lower()
        return pa.types.is_string(self.type) and physical in {"json", "jsonb"}

    @property
    def is_untyped(self) -> bool:
        """Whether every value was null in its source, so that its type is a placeholder."""
        return self.physical_type == UNTYPED

    @property
    def type_text(self) -> str:
        """The canonical name of the type: `decimal(10,2)`."""
        return format_type(self.type)

    @property
    def declared_type(self) -> str:
        """The type as the source declares it, in lower case, else the canonical name."""
        if self.physical_type == "":
            return "no type"
        return " ".join((self.physical_type or self.type_text).lower().split())

    @property
    def length_limit(self) -> int | None:
        """The most characters that a text may have: what the contract says, or what `varchar(40)` means."""
        if self.max_length is not None or not pa.types.is_string(self.type):
            return self.max_length
        found = _CHARACTERS.fullmatch(self.declared_type)
        return int(found[1]) if found else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The values that a database's enum allows, a type of its own or `enum('a', 'b')`; empty for none."""
        if not pa.types.is_string(self.type):
            return ()
        own = next((one for one in self.user_types if one.name == self.physical_type), None)
        if own is not None:
            return own.labels
        found = _LABELS.fullmatch(" ".join((self.physical_type or "").split()))
        names = re.findall(r"'((?:[^']|'')*)'", found[1]) if found else []
        return tuple(name.replace("''", "'") for name in names)


def must_hide(columns: Iterable[Column]) -> bool:
    """Return whether values of a column must be hidden, by all that is known of it in several contracts.

    What one contract calls personal is hidden. Without a classification in any of them, what looks
    personal or secret in one is hidden.
    """
    columns = tuple(columns)
    if any(column.is_declared_personal for column in columns):
        return True
    return not any(column.is_classified for column in columns) and any(
        column.suspicion is not None for column in columns
    )


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of a table in their order, its key, and what else is declared about its rows."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """Column names, in key order; empty for a table without a key (a multiset of rows)."""
    references: tuple[ForeignKey, ...] = ()
    unique_keys: tuple[UniqueKey, ...] = ()
    """Those of several columns; a column that is unique by itself says so."""
    checks: tuple[Check, ...] = ()
    indexes: tuple[Index, ...] = ()
    options: TableOptions | None = None
    description: str | None = None
    further_rules: tuple[Rule, ...] = ()
    """Those that a contract declares beside the ones that follow from all of the above: ranges, patterns, queries, …"""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    """Where a contract declares what the other rules follow from, by rule id."""

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def personal_columns(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if column.is_personal)

    @property
    def unique_sets(self) -> list[tuple[str, ...]]:
        """The sets of columns whose values at most one row has: the key first, then unique keys and indexes."""
        return [
            *([self.key] if self.key else []),
            *((column.name,) for column in self.columns if column.unique),
            *(one.columns for one in self.unique_keys),
            *(one.columns for one in self.indexes if one.is_unique and one.columns),
        ]

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What the rows must keep, each kind in declared order: columns that are required, unique or limited in
        length or to some values, unique keys, the key, conditions, references; then the further rules.

        A column that a key requires or makes unique has no rule of its own.
        """
        named = with_unique_ids((*self._column_rules(), *self._table_rules(), *self.further_rules))
        return tuple(replace(one, place=self.places.get(one.id, one.place)) for one in named)

    def _column_rules(self) -> Iterator[Rule]:
        for column in self.columns:
            if column.required and column.name not in self.key:
                names = (column.name,)
                yield Rule(rule_id(self.name, names, "required"), self.name, names, Required())
        for unique in self._unique_keys():
            if len(unique.columns) == 1:
                yield self._unique_rule(unique)
        for column in self.columns:
            yield from self._type_rules(column)

    def _type_rules(self, column: Column) -> Iterator[Rule]:
        # A source may validly hold what its type does not allow by name: SQLite accepts any text for `varchar(5)`.
        names = (column.name,)
        if (limit := column.length_limit) is not None:
            severity = Severity.WARNING if column.max_length is None else Severity.ERROR
            name = rule_id(self.name, names, "length")
            yield Rule(name, self.name, names, Length(maximum=limit), severity=severity)
        if column.labels:
            severity = Severity.ERROR if column.user_types else Severity.WARNING
            name = rule_id(self.name, names, "enum")
            yield Rule(name, self.name, names, Values(column.labels), severity=severity)

    def _table_rules(self) -> Iterator[Rule]:
        for unique in self._unique_keys():
            if len(unique.columns) > 1:
                yield self._unique_rule(unique)
        if self.key:
            yield Rule(rule_id(self.name, (), "pk"), self.name, self.key, Unique(is_key=True))
        for check in self.checks:
            name = rule_id(self.name, (), check.name or f"check-{short_hash(check.expression)}")
            yield Rule(name, self.name, self.columns_in(check.expression), Condition(check))
        for reference in self.references:
            name = rule_id(self.name, reference.columns, "references")
            yield Rule(
                name, self.name, reference.columns, References(reference.ends, reference.declared is not None)
            )

    def _unique_keys(self) -> Iterator[UniqueKey]:
        """Yield the unique keys, each set of columns once, that the key does not make unique already."""
        singles = (UniqueKey((column.name,)) for column in self.columns if column.unique)
        found: dict[frozenset[str], UniqueKey] = {}
        indexed = (UniqueKey(one.columns) for one in self.indexes if one.is_unique)
        for unique in (*singles, *self.unique_keys, *indexed):
            first = found.setdefault(frozenset(unique.columns), unique)
            if first.nulls_distinct and not unique.nulls_distinct:
                found[frozenset(unique.columns)] = replace(first, nulls_distinct=False)
        for columns, unique in found.items():
            if columns and not (self.key and columns.issuperset(self.key)):
                yield unique

    def _unique_rule(self, unique: UniqueKey) -> Rule:
        name = (
            rule_id(self.name, (), unique.name)
            if unique.name
            else rule_id(self.name, unique.columns, "unique")
        )
        return Rule(name, self.name, unique.columns, Unique(unique.nulls_distinct))

    def columns_in(self, expression: str) -> tuple[str, ...]:
        """Return the columns whose names are in an SQL expression, as words in any case."""
        folded = expression.casefold()
        return tuple(
            name
            for name in self.column_names
            if name and re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", folded)
        )

    def has_reference(self, reference: ForeignKey) -> bool:
        """Whether the table declares a reference with the same ends."""
        return any(one.ends == reference.ends for one in self.references)

    def restricted(self, columns: tuple[Column, ...]) -> "TableSchema":
        """Return the declarations for some columns; those that name another of this table's are left out."""
        names = {column.name for column in columns}
        gone = replace(self, columns=tuple(column for column in self.columns if column.name not in names))
        return replace(
            self,
            columns=columns,
            key=self.key if names.issuperset(self.key) else (),
            references=tuple(one for one in self.references if names.issuperset(one.columns)),
            unique_keys=tuple(one for one in self.unique_keys if names.issuperset(one.columns)),
            checks=tuple(one for one in self.checks if not gone.columns_in(one.expression)),
            indexes=tuple(
                one
                for one in self.indexes
                if names.issuperset(one.columns) and not gone.columns_in(one.definition or "")
            ),
            further_rules=tuple(one for one in self.further_rules if names.issuperset(one.columns)),
        )

    def arrow_schema(self) -> pa.Schema:
        """Return the Arrow schema of the table's parts, without metadata."""
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])

    def with_columns(self, columns: tuple[Column, ...]) -> "TableSchema":
        return replace(self, columns=columns)


@dataclass(frozen=True, slots=True)
class Contract:
    """What must hold of a dataset, as far as it is written down."""

    tables: dict[str, TableSchema] = field(default_factory=dict)
    """By table name, in the file's order."""
    views: tuple[View, ...] = ()
    service_levels: tuple[ServiceLevel, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Everything that the contract declares for rows, by table in the file's order."""
        return tuple(rule for table in self.tables.values() for rule in table.rules)

    def table(self, name: str) -> TableSchema | None:
        return self.tables.get(name)
