"""The versions of datasets with which a failed test is compared, and which rows differ."""

from collections.abc import Iterator, Sequence

from tdmvc.api import Repository
from tdmvc.errors import TdmvcError
from tdmvc.model.diff import DatasetDiff, TableDiff
from tdmvc.model.verdict import ChangedRows
from tdmvc.pytest_plugin.tables import Touched
from tdmvc.render.table_terminal import key_text

_MOST_CHANGES = 10
_SAMPLE_ROWS = 5


def states_before(repository: Repository, states: Sequence[str]) -> tuple[str, ...]:
    """Return the states with the version before each; nothing if no dataset has one.

    Raises:
        TdmvcError: the versions cannot be read.
    """
    found = tuple(_before(repository, state) for state in states)
    return found if found != tuple(states) else ()


def _before(repository: Repository, state: str) -> str:
    dataset, _, at = state.partition("@")
    (summary,) = repository.list(dataset)
    versions = [f"{dataset}@{one.version}" for one in summary.versions if one.yank is None]
    if state in versions:
        position = versions.index(state)
        return versions[position - 1] if position else state
    return versions[-1] if versions and not at else state


def find_changes(
    repository: Repository, old: Sequence[str], new: Sequence[str], touched: Touched | None
) -> tuple[ChangedRows, ...]:
    """Return the first rows that differ between states: in the tables that a test used, or else in all."""
    names = {state.partition("@")[0]: state for state in new}
    diffs: list[DatasetDiff] = []
    for state in old:
        other = names.get(state.partition("@")[0])
        if other is not None and other != state:
            try:
                diffs.append(repository.diff(state, other, sample_rows=_SAMPLE_ROWS))
            except TdmvcError:
                continue
    changes = [change for diff in diffs for change in _changes(diff, touched)]
    if not changes:
        changes = [change for diff in diffs for change in _changes(diff, None)]
    return tuple(changes[:_MOST_CHANGES])


def _changes(diff: DatasetDiff, touched: Touched | None) -> Iterator[ChangedRows]:
    for table in diff.tables:
        if touched is None or table.name.rpartition(".")[2].lower() in touched.all:
            yield from _table_changes(diff.dataset, table)


def _table_changes(dataset: str, table: TableDiff) -> Iterator[ChangedRows]:
    if not table.key:
        for kind, count in (("removed", table.rows.removed), ("added", table.rows.added)):
            if count:
                yield ChangedRows(dataset, table.name, kind, rows=count)
        return
    for row in table.samples.changed:
        columns = tuple(cell.column for cell in row.cells)
        yield ChangedRows(dataset, table.name, "changed", key_text(row.key, table.personal_columns), columns)
    for kind, rows in (("removed", table.samples.removed), ("added", table.samples.added)):
        for one in rows:
            yield ChangedRows(dataset, table.name, kind, key_text(one.key, table.personal_columns))
