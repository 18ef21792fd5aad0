"""Fits the tables of migration tools to the locations of tdmvc.yaml."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tdmvc.migrations.applied import AppliedState, fit_applied
from tdmvc.migrations.migration_table import MigrationTable
from tdmvc.model.migration import AppliedMigrations, MigrationState

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class MigrationRows:
    """A migration table that was found in a dataset or a database, and its rows."""

    name: str
    """For messages; with its schema if that was not selected."""
    kind: MigrationTable
    rows: Rows
    is_selected: bool = True
    """Whether its schema is one whose tables are read."""


@dataclass(frozen=True, slots=True)
class AppliedTable:
    """What a migration table says, and what that means in the ids of the location that it fits."""

    applied: AppliedMigrations
    fit: AppliedState

    @property
    def name(self) -> str:
        return self.applied.table


@dataclass(frozen=True, slots=True)
class FittedTables:
    """Migration tables by the location that each fits."""

    by_location: Mapping[str, AppliedTable]
    others: tuple[AppliedMigrations, ...]
    """Those that fit no location, of another tool or another application."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    rank: tuple[object, ...]
    location: str
    table: AppliedTable
    is_shared: bool
    """Whether a table may have histories of several locations, so that it fits even if it has none of this one's."""


def fit_tables(tables: Iterable[MigrationRows], states: Mapping[str, MigrationState]) -> FittedTables:
    """Return for each location the table that fits it best.

    A table that has migrations of one location is not taken for that of another location of
    which it has none: that one has no table here.
    """
    histories = [(one, applied) for one in tables for applied in one.kind.read_histories(one.name, one.rows)]
    candidates = [
        candidate
        for table, applied in histories
        for name, state in states.items()
        if (candidate := _candidate(table, applied, name, state)) is not None
    ]
    candidates.sort(key=lambda one: one.rank, reverse=True)
    claimed = {id(one.table.applied) for one in candidates if one.table.fit.known}
    found: dict[str, AppliedTable] = {}
    for one in candidates:
        is_others = not one.table.fit.known and id(one.table.applied) in claimed
        if one.location not in found and (one.is_shared or not is_others):
            found[one.location] = one.table
    fitting = {id(one.table.applied) for one in candidates}
    others = tuple(applied for _, applied in histories if id(applied) not in fitting)
    return FittedTables({name: found[name] for name in states if name in found}, others)


def _candidate(
    table: MigrationRows, applied: AppliedMigrations, name: str, state: MigrationState
) -> _Candidate | None:
    """Return how well a table fits a location; None if it cannot be its table."""
    is_its_tool = state.location.tool in table.kind.tools
    if not is_its_tool and state.location.tool != "sql":
        return None
    fit = fit_applied(applied, state)
    if not is_its_tool and not fit.known:
        return None
    # Numbers are often the same in two histories; then names decide.
    is_named = name.casefold() in {part.casefold() for part in (*table.name.split("."), applied.history)}
    strange = len(fit.unknown) + len(fit.removed)
    rank = (fit.known > 0, table.is_selected, is_its_tool, is_named, fit.known - strange)
    return _Candidate(rank, name, AppliedTable(applied, fit), state.is_per_app)
