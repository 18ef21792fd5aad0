"""Builds the table of a contract that a format declares, rule by rule, with the places of all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, is_number
from tdmvc.contracts.base import ImportedContract, Note
from tdmvc.contracts.gathering import place_of
from tdmvc.errors import ConfigError
from tdmvc.model.declarations import Check, ForeignKey, Index, TableOptions, UniqueKey
from tdmvc.model.finding import Severity
from tdmvc.model.rules import NO_ROWS, Condition, Place, Rule, RuleTest, Threshold, rule_id, with_unique_ids
from tdmvc.model.schema import UNTYPED, Column, Contract, TableSchema
from tdmvc.yaml.node import YamlNode

CATEGORIES: Mapping[str, pa.DataType] = {
    "text": SIMPLE["string"],
    "number": SIMPLE["float64"],
    "integer": SIMPLE["int64"],
    "boolean": SIMPLE["bool"],
    "date": SIMPLE["date"],
    "time": SIMPLE["time"],
    "timestamp": SIMPLE["timestamp"],
    "any": SIMPLE["string"],
}
"""The canonical type of a column of which a format says no more, and no contract that is there already."""


@dataclass(slots=True)
class TableBuilder:
    """A table that is being read."""

    name: str
    node: YamlNode
    known: TableSchema | None = None
    """The table in the contract that there is already."""
    columns: dict[str, Column] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    references: list[ForeignKey] = field(default_factory=list)
    unique_keys: list[UniqueKey] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    options: TableOptions | None = None
    rules: list[Rule] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    description: str | None = None
    declared: list[tuple[tuple[str, ...], str, YamlNode]] = field(default_factory=list)
    """Where what implies rules is declared: the columns, the name of the test in lower case, and the place.

    Of a condition, its expression instead of columns."""

    def note(self, node: YamlNode, message: str) -> None:
        """Report that something has no effect."""
        self.notes.append(Note(place_of(node), message))

    def open_type(self, column: str, category: str) -> tuple[pa.DataType, str | None]:
        """Return the type and physical type of a column of a category: those of the known column if it is of it."""
        known = self.known.column(column) if self.known is not None else None
        if known is not None and _is_of(known.type, category):
            return known.type, known.physical_type
        return CATEGORIES[category], UNTYPED if category == "any" else None

    def add_column(self, column: Column, node: YamlNode) -> None:
        """Add a column.

        Raises:
            ConfigError: there is one of its name already.
        """
        if column.name in self.columns:
            raise node.error(f"The column '{column.name[:80]}' appears twice.")
        self.columns[column.name] = column

    def order_columns(self, names: Iterable[str]) -> None:
        """Put all columns in an order."""
        self.columns = {name: self.columns[name] for name in names}

    def add_open_column(self, name: str, node: YamlNode) -> None:
        """Add a column that a rule names and nothing describes."""
        type_, physical = self.open_type(name, "any")
        self.add_column(Column(name, type_, physical), node)

    def add_check(self, check: Check, node: YamlNode) -> None:
        """Add a condition on single rows."""
        self.checks.append(check)
        self.declared.append(((check.expression,), "condition", node))

    def set_key(self, columns: tuple[str, ...], node: YamlNode) -> None:
        """Make columns the key, which allows no null."""
        self.key = self.check_names(columns, node)
        self.declare(columns, "unique", node)
        for name in columns:
            self.change(name, node, "required", required=True)

    def add_reference(self, reference: ForeignKey, node: YamlNode) -> None:
        """Add a reference, once."""
        if not any(one.ends == reference.ends for one in self.references):
            self.references.append(reference)
            self.declare(reference.columns, "references", node)

    def add_unique_key(self, unique: UniqueKey, node: YamlNode) -> None:
        """Add a unique key, once."""
        if unique not in self.unique_keys:
            self.unique_keys.append(unique)
            self.declare(unique.columns, "unique", node)

    def change(self, column: str, node: YamlNode, word: str, **changes: object) -> None:
        """Change fields of a column, and remember where the rule that follows is declared."""
        self.columns[column] = replace(self.columns[column], **changes)  # type: ignore[arg-type]
        self.declared.append(((column,), word, node))

    def declare(self, columns: tuple[str, ...], word: str, node: YamlNode) -> None:
        """Remember where a key, a unique key, a reference or a condition of the table is declared."""
        self.declared.append((columns, word, node))

    def add_rule(
        self,
        node: YamlNode,
        columns: tuple[str, ...],
        word: str,
        test: RuleTest,
        threshold: Threshold = NO_ROWS,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Add a rule that no other declaration of the table implies."""
        name = rule_id(self.name, columns, word)
        self.rules.append(Rule(name, self.name, columns, test, threshold, severity, place=place_of(node)))

    def place(self, columns: tuple[str, ...], word: str) -> YamlNode:
        """Return where something was declared; the table's own place if nobody said."""
        return next(
            (node for names, kind, node in self.declared if (names, kind) == (columns, word)), self.node
        )

    def check_names(self, names: tuple[str, ...], node: YamlNode) -> tuple[str, ...]:
        """Return names of columns of this table.

        Raises:
            ConfigError: it lacks one, or one is named twice, or there are none.
        """
        if not names:
            raise node.error("Expected the name of a column here.")
        for name in names:
            if name not in self.columns:
                raise node.error(
                    f"The table '{self.name}' has no column '{name[:80]}'.",
                    remedy=f"its columns: {', '.join(list(self.columns)[:20])}.",
                )
        if len(set(names)) < len(names):
            raise node.error("A column is named twice here.")
        return names

    def build(self) -> TableSchema:
        """Return the table."""
        schema = TableSchema(
            self.name,
            tuple(self.columns.values()),
            self.key,
            tuple(self.references),
            tuple(self.unique_keys),
            tuple(self.checks),
            tuple(self.indexes),
            self.options,
            description=self.description,
            further_rules=with_unique_ids(self.rules),
        )
        return replace(schema, places=self._places(schema))

    def _places(self, schema: TableSchema) -> dict[str, Place]:
        nodes = {(names, word): node for names, word, node in reversed(self.declared)}
        found = {}
        for rule in schema.rules:
            if rule.place is None:
                word = type(rule.test).__name__.lower()
                key = (rule.test.check.expression,) if isinstance(rule.test, Condition) else rule.columns
                found[rule.id] = place_of(nodes.get((key, word), self.node))
        return found


def imported(tables: list[TableBuilder], notes: list[Note], path: str) -> ImportedContract:
    """Return what was read of some tables.

    Raises:
        ConfigError: there is no table, or two have one name.
    """
    if not tables:
        why = f" {notes[-1].message}" if notes else ""
        raise ConfigError.at(f"The file declares no table.{why}", path)
    named: dict[str, TableSchema] = {}
    for table in tables:
        if table.name in named:
            raise table.node.error(f"The table '{table.name[:80]}' appears twice.")
        named[table.name] = table.build()
    contract = Contract(named)
    every = [*notes, *(note for table in tables for note in table.notes)]
    return ImportedContract(contract, contract.rules, tuple(every))


def _is_of(type_: pa.DataType, category: str) -> bool:
    match category:
        case "any":
            return True
        case "number":
            return is_number(type_)
        case "integer":
            return bool(pa.types.is_integer(type_)) or (bool(pa.types.is_decimal(type_)) and type_.scale == 0)
        case "timestamp":
            return bool(pa.types.is_timestamp(type_))
    return bool(type_ == CATEGORIES[category])
