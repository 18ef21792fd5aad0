"""What the table of a migration tool looks like, and how its rows are read."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tdmvc.migrations.checksums import checksum_of
from tdmvc.migrations.migration_rows import Entry, MigrationOutcome, Row, plain_name, rank, text_of
from tdmvc.model.migration import AppliedMigrations


@dataclass(frozen=True, slots=True)
class MigrationTable:
    """The table of one tool, or of several whose tables look alike."""

    tools: tuple[str, ...]
    """The names of the tools in tdmvc.yaml."""
    title: str
    """The tools' name for people."""
    name: str
    """A pattern for the table's name in lower case, without schema and underscores."""
    columns: tuple[str, ...]
    """Columns that identify it, in lower case without underscores."""
    read: Callable[[Row], Entry | None]
    """Returns what a row says; its columns are spelled as in `columns`. None for a row that is no migration."""
    order: tuple[str, ...] = ()
    """Columns that order the rows: a later row about a migration takes precedence."""
    only_columns: bool = False
    """Whether a further column means that the table is not the tool's."""
    history: str = ""
    """The column that names the project, application or database of a row, if each has a history of its own."""
    expand: Callable[[Row], Iterable[Row]] | None = None
    """Returns the migrations in a row that has all of them."""
    checksum: str = ""
    """The column with the checksum of a migration's text, if it can be computed."""
    is_single: bool = False
    """Whether its only row is the current version; several rows are all that was applied."""
    is_repeated: bool = False
    """Whether rows with the same id are different migrations, see `nth_time`."""

    def matches(self, table: str, columns: frozenset[str]) -> bool:
        """Return whether a table with these columns, as `plain_columns` returns them, is the tool's."""
        if not columns.issuperset(self.columns) or (self.only_columns and len(columns) > len(self.columns)):
            return False
        return re.fullmatch(self.name, plain_name(table.rpartition(".")[2])) is not None

    def read_histories(self, table: str, rows: Iterable[Mapping[str, object]]) -> list[AppliedMigrations]:
        """Return what the rows of a table say, at least one history.

        Args:
            table: the table's name, for messages.
        """
        plain: list[Row] = [{plain_name(column): value for column, value in row.items()} for row in rows]
        if self.expand is not None:
            plain = [one for row in plain for one in self.expand(row)]
        plain.sort(key=lambda row: tuple(rank(row.get(column)) for column in self.order))
        by_history: dict[str, list[Row]] = {}
        for row in plain:
            by_history.setdefault(text_of(row.get(self.history)) if self.history else "", []).append(row)
        return [self._history(table, name, one) for name, one in (by_history or {"": []}).items()]

    def _history(self, table: str, name: str, rows: Sequence[Row]) -> AppliedMigrations:
        entries: dict[str, MigrationOutcome] = {}
        checksums: dict[str, str] = {}
        for row, (id_, outcome) in self._entries(rows):
            entries.pop(id_, None)
            entries[id_] = outcome
            checksums[id_] = checksum_of(row.get(self.checksum)) if self.checksum else ""
        if self.is_single and len(entries) > 1:
            each = {
                MigrationOutcome.BASELINE: MigrationOutcome.APPLIED,
                MigrationOutcome.BEFORE: MigrationOutcome.FAILED,
            }
            entries = {id_: each.get(outcome, outcome) for id_, outcome in entries.items()}

        def those(*outcomes: MigrationOutcome) -> tuple[str, ...]:
            return tuple(id_ for id_, outcome in entries.items() if outcome in outcomes)

        return AppliedMigrations(
            self.tools,
            self.title,
            table,
            ids=those(MigrationOutcome.APPLIED, MigrationOutcome.BASELINE),
            checksums={id_: checksum for id_, checksum in checksums.items() if checksum},
            history=name,
            up_to=those(MigrationOutcome.BASELINE),
            before=those(MigrationOutcome.BEFORE),
            failed=those(MigrationOutcome.BEFORE, MigrationOutcome.FAILED),
        )

    def _entries(self, rows: Sequence[Row]) -> Iterator[tuple[Row, Entry]]:
        times: Counter[str] = Counter()
        for row in rows:
            found = self.read(row)
            if found is not None and found[0]:
                times[found[0]] += 1
                id_ = nth_time(found[0], times[found[0]]) if self.is_repeated else found[0]
                yield row, (id_, found[1])


def nth_time(name: str, time: int) -> str:
    """Return the id of a migration whose name an earlier one has, too: a change that was reworked."""
    return name if time == 1 else f"{name}#{time}"
