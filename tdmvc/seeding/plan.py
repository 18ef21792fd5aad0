"""What seeding a database will do, and what it finds there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tdmvc.databases.base import TargetTable
from tdmvc.model.database_names import TableNames
from tdmvc.model.declarations import ForeignKey, View
from tdmvc.model.diff import TableSide
from tdmvc.model.finding import Finding, Severity, has_errors
from tdmvc.model.schema import TableSchema
from tdmvc.model.seeding import SeededDataset
from tdmvc.seeding.columns import ColumnCheck
from tdmvc.seeding.states import StateToSeed

OTHER_MIGRATIONS = "other-migrations"
"""The rule of a finding: the database has other migrations than the rows were made for."""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """One table of a dataset, and where its rows go."""

    side: TableSide
    target: TargetTable | None
    """None if the table has to be made."""
    columns: Mapping[str, str]
    """The database's columns by the dataset's."""
    check: ColumnCheck | None = None
    """None if the table has to be made."""

    @property
    def name(self) -> str:
        """The table's name in the dataset."""
        return self.side.schema.name

    @property
    def target_name(self) -> str:
        """The table's name in the database."""
        return self.target.name if self.target else self.name


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """What seeding one state will do."""

    seeded: StateToSeed
    tables: tuple[TablePlan, ...]
    """Each after those that it refers to, as far as cycles allow."""
    views: tuple[View, ...] = ()
    """Views to make with the tables."""
    others: tuple[TargetTable, ...] = ()
    """Tables that no dataset has, and whose rows are deleted."""
    findings: tuple[Finding, ...] = ()
    """An error stands in the way."""

    @property
    def missing(self) -> list[tuple[TablePlan, TableSchema]]:
        """The tables to make; they refer to the tables that are there by the names that these have there."""
        there = {table.name: table for table in self.tables if table.target}
        return [
            (
                table,
                replace(
                    table.side.schema,
                    references=tuple(
                        _renamed(one, there.get(one.table)) for one in table.side.schema.references
                    ),
                ),
            )
            for table in self.tables
            if table.target is None
        ]

    @property
    def has_errors(self) -> bool:
        return has_errors(self.findings)


def _renamed(reference: ForeignKey, table: TablePlan | None) -> ForeignKey:
    """Return a reference by the names that the table it leads to has in the database."""
    if table is None:
        return reference
    to = tuple(table.columns.get(name, name) for name in reference.to)
    return replace(reference, table=table.target_name, to=to)


@dataclass(frozen=True, slots=True)
class KnownDatabase:
    """What a plan needs to know of a database."""

    catalog: Mapping[str, TargetTable]
    recorded: Mapping[str, SeededDataset]
    taken: Mapping[str, StateToSeed] = field(default_factory=dict)
    """The states before this one, by the names in the database of the tables that they load."""
    planned: frozenset[str] = frozenset()
    """The tables that they make."""
    checked: Mapping[str, ColumnCheck] = field(default_factory=dict)
    """What an earlier plan for the state found out, by the names of its tables."""

    @property
    def is_made_by_tdmvc(self) -> bool:
        """Whether no application made any of the tables."""
        return (self.catalog.keys() - self.planned) <= self._remembered(is_created=True)

    def has_own_rows(self, name: str) -> bool:
        """Whether a table has rows, and tdmvc never loaded it."""
        return bool(self.catalog[name].rows) and name not in self._remembered()

    def with_remedy(self, finding: Finding, table: TablePlan) -> Finding:
        """Return a finding about columns; if tdmvc made the table, no migration will change it."""
        if finding.severity is not Severity.ERROR or table.target_name not in self._remembered(
            is_created=True
        ):
            return finding
        remedy = "tdmvc made these tables for another version: drop them, or take an empty database, and seed again."
        return replace(finding, remedy=remedy)

    def _remembered(self, *, is_created: bool = False) -> set[str]:
        """Return the tables that tdmvc loaded, or only those that it made, by their names in the database."""
        names = TableNames(self.catalog)
        tables = [table for one in self.recorded.values() for table in one.tables]
        return {
            found
            for table in tables
            if (table.is_created or not is_created) and (found := names.find_only(table.name)) is not None
        }

    def with_plan(self, plan: SeedPlan) -> "KnownDatabase":
        """Return the database as it will be once a plan was carried out."""
        added = {
            table.name: TargetTable(table.name, table.side.schema, table.side.rows)
            for table in plan.tables
            if table.target is None
        }
        taken = {table.target_name: plan.seeded for table in plan.tables}
        return replace(
            self,
            catalog={**self.catalog, **added},
            taken={**self.taken, **taken},
            planned=self.planned.union(added),
        )
