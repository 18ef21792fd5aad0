"""What a table looks like: columns, key and references."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

import pyarrow as pa

from tdmvc.arrow.types import format_type

PERSONAL = frozenset({"personal", "personal data", "pii", "sensitive personal", "special category"})
"""Classifications whose values are never shown, in lower case."""


UNTYPED = "null"
"""The physical type of a column that holds nothing but nulls: any type may follow it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    type: pa.DataType
    """A canonical type (see `arrow.types`)."""
    physical_type: str | None = None
    """The type at the source (`NVARCHAR(160)`, `uuid`), if it differs from the canonical name."""
    required: bool = False
    """No null is allowed."""
    unique: bool = False
    """No value may repeat."""
    classification: str | None = None
    """The contract's classification (`public`, `personal`, …)."""
    text_form: str | None = None
    """How the last texts that it was read from were written, if not in the canonical form (`True, False`)."""

    @property
    def is_personal(self) -> bool:
        """Whether values of this column are kept out of every output."""
        return (self.classification or "").strip().lower() in PERSONAL

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


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key: `columns` of this table name a row of `table` by its columns `to`."""

    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...]


class RuleKind(StrEnum):
    """What a contract can declare for the rows of a table."""

    REQUIRED = "required"
    UNIQUE = "unique"
    KEY = "key"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class DeclaredRule:
    """One declaration of a contract as a rule, whatever the form in which the contract's file writes it."""

    kind: RuleKind
    table: str
    columns: tuple[str, ...]
    reference: ForeignKey | None = None
    """Set if the rule is a reference."""


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of a table in their order, its key and what it refers to."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """Column names, in key order; empty for a table without a key (a multiset of rows)."""
    references: tuple[ForeignKey, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def personal_columns(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if column.is_personal)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def rules(self) -> tuple[DeclaredRule, ...]:
        """What the rows must keep: required and unique columns, the key, the references, each in declared order.

        A column that a key requires or makes unique has no rule of its own.
        """
        rules = [
            DeclaredRule(RuleKind.REQUIRED, self.name, (column.name,))
            for column in self.columns
            if column.required and column.name not in self.key
        ]
        rules += [
            DeclaredRule(RuleKind.UNIQUE, self.name, (column.name,))
            for column in self.columns
            if column.unique and self.key != (column.name,)
        ]
        if self.key:
            rules.append(DeclaredRule(RuleKind.KEY, self.name, self.key))
        return (
            *rules,
            *(
                DeclaredRule(RuleKind.REFERENCE, self.name, reference.columns, reference)
                for reference in self.references
            ),
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

    @property
    def rules(self) -> tuple[DeclaredRule, ...]:
        """Everything that the contract declares for rows, by table in the file's order."""
        return tuple(rule for table in self.tables.values() for rule in table.rules)

    def table(self, name: str) -> TableSchema | None:
        return self.tables.get(name)
