"""Merges what another file declares into a contract: what is there stays, and the rest is added or said."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from tdmvc.arrow.types import is_widening
from tdmvc.contracts.base import ImportedContract
from tdmvc.contracts.declaring import declare_rules
from tdmvc.contracts.physical_types import logical_type
from tdmvc.model.database_names import TableNames, match_columns
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.rule_words import demand_words
from tdmvc.model.rules import References, Required, Rule, Unique, rule_id
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.model.text import plural

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class MergedContract:
    """A contract with what a file adds to it."""

    tables: Mapping[str, TableSchema]
    """The tables that the file speaks of, as they should be."""
    conflicts: tuple[str, ...] = ()
    """What the file says otherwise than the contract or its rows, which stay."""
    left_out: tuple[str, ...] = ()
    """The tables of the file that the dataset does not have."""


@dataclass(frozen=True, slots=True)
class ImportScope:
    """Which tables are merged, and which of them have rows."""

    with_rows: Collection[str] = ()
    """The tables whose columns, types and key are those of rows."""
    tables: Collection[str] = ()
    """Only these tables of the file, also if the dataset does not have them; empty means those that it has."""


def merge_contract(old: Contract, found: ImportedContract, scope: ImportScope) -> MergedContract:
    """Return a contract with the tables and rules of a file.

    Every rule of the file holds in the result, as far as it has the columns; rules of the contract stay. Rows
    decide about columns, types and keys. Where both say something that only one can say (a default, a
    description), the contract's stays. Merging the same file again changes nothing.
    """
    names = TableNames([*old.tables, *scope.with_rows])
    is_new = not old.tables and not scope.with_rows
    tables: dict[str, TableSchema] = {}
    conflicts: list[str] = []
    left_out: list[str] = []
    own_names: dict[str, str] = {}
    for name in found.contract.tables:
        own = names.find_only(name)
        is_wanted = name in scope.tables if scope.tables else is_new or own is not None
        if is_wanted:
            own_names[name] = own or name
        elif not scope.tables:
            left_out.append(name)
    by_table: dict[str, list[Rule]] = {}
    for rule in found.rules:
        by_table.setdefault(rule.table, []).append(rule)
    for name, own in own_names.items():
        theirs = found.contract.tables[name]
        mine = old.table(own)
        merging = _TableMerge(own, theirs, mine, own_names, has_rows=own in scope.with_rows)
        tables[own] = merging.merge(by_table.get(name, []))
        conflicts += merging.conflicts
    return MergedContract(tables, tuple(conflicts), tuple(left_out))


class _TableMerge:
    """The merge of one table."""

    def __init__(
        self,
        name: str,
        theirs: TableSchema,
        mine: TableSchema | None,
        tables: Mapping[str, str],
        *,
        has_rows: bool,
    ) -> None:
        self._name, self._theirs, self._mine, self._tables = name, theirs, mine, tables
        self._has_rows = has_rows
        known = mine.column_names if mine is not None else ()
        self._columns = match_columns(theirs.column_names, known)
        self.conflicts: list[str] = []

    def merge(self, rules: list[Rule]) -> TableSchema:
        if self._mine is None:
            # What follows from the table's own declarations needs no rule beside them.
            bare = replace(self._renamed_table(), further_rules=())
            return declare_rules(bare, (self._renamed(rule) for rule in rules))
        table = replace(
            self._mine,
            columns=tuple(self._merged_columns(self._mine)),
            description=self._chosen(
                f"{self._name}: description", self._mine.description, self._theirs.description
            ),
            indexes=self._mine.indexes or self._theirs.indexes,
            options=self._mine.options or self._theirs.options,
        )
        return declare_rules(self._with_key(table), self._own_rules(table, rules))

    def _renamed_table(self) -> TableSchema:
        references = tuple(self._reference(one) for one in self._theirs.references)
        return replace(self._theirs, name=self._name, references=references, places={})

    def _merged_columns(self, mine: TableSchema) -> Iterator[Column]:
        by_own = {own: name for name, own in self._columns.items()}
        lacking = [one.name for one in self._theirs.columns if one.name not in self._columns]
        if lacking and self._has_rows:
            columns = plural(len(lacking), "column")
            self._conflict(f"the rows of {self._name} lack {columns} of the file: {', '.join(lacking)}")
        for column in mine.columns:
            theirs = self._theirs.column(by_own.get(column.name, ""))
            yield self._merged_column(column, theirs) if theirs is not None else column
        for theirs in self._theirs.columns:
            if theirs.name in self._columns:
                continue
            if not self._has_rows:
                self._columns[theirs.name] = theirs.name
                # What the file demands of it is added with the other rules.
                yield replace(theirs, required=False, unique=False, max_length=None)

    def _merged_column(self, mine: Column, theirs: Column) -> Column:
        place = f"{self._name}.{mine.name}"
        if theirs.is_untyped:
            pass
        elif not _fits(mine, theirs) and not mine.is_untyped:
            self._conflict(f"{place} is {mine.type_text} in the contract, and {theirs.type_text} in the file")
        elif not self._has_rows and mine.is_untyped:
            mine = replace(mine, type=theirs.type, physical_type=theirs.physical_type)
        elif mine.physical_type is None and theirs.physical_type and mine.type == theirs.type:
            mine = replace(mine, physical_type=theirs.physical_type, user_types=theirs.user_types)
        return replace(
            mine,
            default=self._chosen(f"{place}: default", mine.default, theirs.default),
            generated=self._chosen(f"{place}: expression", mine.generated, theirs.generated),
            identity=self._chosen(f"{place}: identity", mine.identity, theirs.identity),
            collation=self._chosen(f"{place}: collation", mine.collation, theirs.collation),
            description=self._chosen(f"{place}: description", mine.description, theirs.description),
            classification=self._chosen(
                f"{place}: classification", mine.classification, theirs.classification
            ),
        )

    def _chosen(self, what: str, mine: _T | None, theirs: _T | None) -> _T | None:
        """Return what is kept of two declarations of which there can be only one."""
        if mine is not None and theirs is not None and mine != theirs and str(mine) != str(theirs):
            self._conflict(f"{what} is another one in the file")
        return theirs if mine is None else mine

    def _with_key(self, table: TableSchema) -> TableSchema:
        key = tuple(self._columns.get(name, name) for name in self._theirs.key)
        if not key or key == table.key or any(table.column(name) is None for name in key):
            return table
        if not table.key and not self._has_rows:
            return replace(table, key=key)
        own = f"({', '.join(table.key)})" if table.key else "none"
        self._conflict(
            f"{self._name}: the key of the file is ({', '.join(key)}), and its rows have {own};"
            f" to change it, run `tdmvc add` with --key {self._name}={','.join(key)}"
        )
        return table

    def _own_rules(self, table: TableSchema, rules: list[Rule]) -> Iterator[Rule]:
        """Yield the file's rules under the names of the table; of a key that is not taken over, what it demands."""
        for rule in rules:
            own = self._renamed(rule)
            lacking = [name for name in own.columns if table.column(name) is None]
            if lacking:
                if len(own.columns) > 1:
                    self._conflict(f"{demand_words(own)}: the table has no column {', '.join(lacking)}")
            elif isinstance(own.test, Unique) and own.test.is_key:
                for name in own.columns:
                    yield Rule(rule_id(self._name, (name,), "required"), self._name, (name,), Required())
                unique = rule_id(self._name, own.columns, "unique")
                yield Rule(unique, self._name, own.columns, Unique(), place=own.place)
            else:
                yield own

    def _renamed(self, rule: Rule) -> Rule:
        columns = tuple(self._columns.get(name, name) for name in rule.columns)
        test = rule.test
        if isinstance(test, References):
            test = References(self._reference(test.reference))
        if self._name == rule.table and columns == rule.columns and test == rule.test:
            return rule
        word = rule.id.removeprefix(rule_id(rule.table, rule.columns, ""))
        names = columns
        if word == rule.id:
            word, names = rule.id.removeprefix(rule_id(rule.table, (), "")), ()
        return replace(
            rule, id=rule_id(self._name, names, word), table=self._name, columns=columns, test=test
        )

    def _reference(self, reference: ForeignKey) -> ForeignKey:
        columns = tuple(self._columns.get(name, name) for name in reference.columns)
        return replace(reference, columns=columns, table=self._tables.get(reference.table, reference.table))

    def _conflict(self, message: str) -> None:
        self.conflicts.append(message)


def _fits(mine: Column, theirs: Column) -> bool:
    """Whether values of a column's type are values of the type that the file declares."""
    if mine.type == theirs.type or is_widening(mine.type, theirs.type):
        return True
    # A file that says no more than `integer` means any.
    return theirs.physical_type is None and logical_type(mine.type) == logical_type(theirs.type)
