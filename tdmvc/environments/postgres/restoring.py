"""Restores the rows of tables in the blocks that were written, from the template."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tdmvc.databases.postgres.connection import (
    PostgresConnection,
    Statement,
    run_together,
)
from tdmvc.environments.failures import CannotRestoreError
from tdmvc.environments.postgres.sequences import Sequences
from tdmvc.environments.postgres.table_files import (
    TableDetails,
    TableFile,
    details_statement,
    parse_details,
)
from tdmvc.environments.postgres.template import TemplateDatabase, session_statements

_MOST_RUNS = 50
"""How many ranges of blocks one query reads."""
_LOCK_TIMEOUT = "2s"

_OWN_NUMBER = "SELECT pg_catalog.pg_current_xact_id()::text::bigint"
_SET_SEQUENCE = "SELECT pg_catalog.setval(%s::bigint::regclass, %s, %s)"

Place = str
"""Where a row is in its table, as the server writes it: `(7,2)` is the second one in block 7."""
Run = tuple[int, int]
"""A range of blocks: the first and the last one."""


@dataclass(slots=True)
class RowPlaces:
    """Where the seeded rows of a table are, as far as it differs from the template."""

    home: defaultdict[int, dict[Place, Place]] = field(default_factory=lambda: defaultdict(dict))
    """For each row that was restored, by its block: the place now → the place in the template."""
    away: set[Place] = field(default_factory=set)
    """Places in the template of these rows."""
    seeded: dict[int, frozenset[Place]] = field(default_factory=dict)
    """The places of rows in blocks of the template, as far as they were read."""

    def expected(self, blocks: Iterable[int]) -> dict[Place, Place]:
        """Return where seeded rows are in some blocks → their places in the template."""
        found: dict[Place, Place] = {}
        for block in blocks:
            found |= {place: place for place in self.seeded[block] - self.away}
            if block in self.home:
                found |= self.home[block]
        return found

    def note(self, missing: Iterable[Place], restored: Iterable[tuple[Place, Place]]) -> None:
        """Note that rows are no longer where they were, and where they are now.

        Args:
            restored: the place now, and the place in the template, of each.
        """
        for place in missing:
            self.home[_block(place)].pop(place, None)
        for now, home in restored:
            self.away.add(home)
            self.home[_block(now)][now] = home


@dataclass(frozen=True, slots=True)
class TableDifference:
    """How the rows of a table differ from the seeded ones."""

    table: TableFile
    new: list[Place]
    """Where rows are that were not seeded."""
    missing: dict[Place, Place]
    """Where seeded rows were that are gone → their places in the template."""


class RowRestorer:
    """Tracks where the seeded rows of a database are, and restores those that were changed."""

    def __init__(self, connection: PostgresConnection, template: TemplateDatabase) -> None:
        """Prepare a session; the database is equal to the template, block by block.

        The driver's errors are passed on.

        Args:
            connection: to the database, of its administrator; commits by itself.
        """
        self._connection = connection
        self._template = template
        self._places: defaultdict[int, RowPlaces] = defaultdict(RowPlaces)
        self._details: dict[int, TableDetails] = {}
        run_together(
            connection,
            [
                *session_statements(connection),
                ("SELECT pg_catalog.set_config('session_replication_role', 'replica', false)", ()),
                ("SELECT pg_catalog.set_config('lock_timeout', %s, false)", [_LOCK_TIMEOUT]),
            ],
        )

    def compare(
        self, blocks: Mapping[TableFile, Iterable[int]], first_new: int, also: Sequence[Statement]
    ) -> tuple[list[TableDifference], list[list[Any]]]:
        """Return how tables differ from the seeded ones in some blocks, and the rows of other statements.

        The driver's errors are passed on.

        Args:
            first_new: the lowest number of a transaction that may have written since the database was in the
                seeded state.
            also: other statements that read the database.

        Raises:
            CannotRestoreError: rows are where none were seeded, though no such transaction wrote.
        """
        wanted = {table: sorted(set(found)) for table, found in blocks.items() if found}
        rows, others = self._read(self._connection, wanted, "ctid::text, xmin::text::bigint", also)
        self._read_seeded(wanted)
        changes = []
        for table, visible in rows.items():
            old = {place for place, number in visible if number < first_new}
            new = [place for place, number in visible if number >= first_new]
            expected = self._places[table.oid].expected(wanted[table])
            if old - expected.keys():
                raise CannotRestoreError(f"rows of {table.label} are where none were seeded")
            missing = {place: expected[place] for place in expected.keys() - old}
            if new or missing:
                changes.append(TableDifference(table, new, missing))
        return changes, others

    def apply(self, changes: Sequence[TableDifference], sequences: Sequences) -> int:
        """Restore rows and sequences in one transaction, and return its number.

        The driver's errors are passed on; then the session must not be used any more.

        Args:
            sequences: the states that some sequences get.

        Raises:
            CannotRestoreError: the rows of a table cannot be restored as they were; nothing was changed.
        """
        self._read_details(changes)
        homes = [sorted(change.missing.values(), key=_position) for change in changes]
        texts = self._read_rows(changes, homes)
        statements: list[Statement] = [("BEGIN", ()), (_OWN_NUMBER, ())]
        # In each table, new rows are deleted first: they may have the keys of those that are missing.
        for change, found in zip(changes, texts, strict=True):
            name = _escaped(change.table.name)
            statements.append((f"DELETE FROM ONLY {name} WHERE ctid = ANY (%s::tid[])", [change.new]))
            statements.append((_inserting(name, self._details[change.table.oid]), [found]))
        statements += [(_SET_SEQUENCE, [number, *state]) for number, state in sequences.items()]
        _, ((number,),), *rows = run_together(self._connection, statements)
        inserted = rows[1 : 2 * len(changes) : 2]
        for change, found, made in zip(changes, texts, inserted, strict=True):
            if [text for _, text in made] != found:
                self._connection.execute("ROLLBACK")
                raise CannotRestoreError(f"rows of {change.table.label} change when they are inserted again")
        self._connection.execute("COMMIT")
        for change, home, made in zip(changes, homes, inserted, strict=True):
            restored = zip((now for now, _ in made), home, strict=True)
            self._places[change.table.oid].note(change.missing, restored)
        return int(number)

    def _read_seeded(self, wanted: Mapping[TableFile, list[int]]) -> None:
        """Read where the rows of the template are, as far as that is not known."""
        unknown = {
            table: [block for block in found if block not in self._places[table.oid].seeded]
            for table, found in wanted.items()
        }
        unknown = {table: blocks for table, blocks in unknown.items() if blocks}
        if not unknown:
            return
        with self._template.reading() as connection:
            rows, _ = self._read(connection, unknown, "ctid::text", ())
        for table, blocks in unknown.items():
            seeded: defaultdict[int, set[Place]] = defaultdict(set)
            for (place,) in rows[table]:
                seeded[_block(place)].add(place)
            self._places[table.oid].seeded.update({block: frozenset(seeded[block]) for block in blocks})

    def _read(
        self,
        connection: PostgresConnection,
        wanted: Mapping[TableFile, list[int]],
        columns: str,
        also: Sequence[Statement],
    ) -> tuple[dict[TableFile, list[Any]], list[list[Any]]]:
        """Return columns of all rows in blocks of tables, and the rows of other statements."""
        queries = [
            (table, _reading(table, runs, columns))
            for table, blocks in wanted.items()
            for runs in _runs(blocks)
        ]
        rows = run_together(connection, [*(query for _, query in queries), *also])
        found: dict[TableFile, list[Any]] = {table: [] for table in wanted}
        for (table, _), some in zip(queries, rows, strict=False):
            found[table] += some
        return found, rows[len(queries) :]

    def _read_details(self, changes: Sequence[TableDifference]) -> None:
        unknown = [change.table for change in changes if change.table.oid not in self._details]
        rows = run_together(self._connection, [details_statement(table) for table in unknown])
        self._details |= {table.oid: parse_details(found) for table, found in zip(unknown, rows, strict=True)}
        for change in changes:
            if self._details[change.table.oid].has_lasting_triggers:
                raise CannotRestoreError(f"{change.table.label} has triggers or rules that always run")

    def _read_rows(self, changes: Sequence[TableDifference], homes: Sequence[list[Place]]) -> list[list[str]]:
        """Return the texts of rows of the template, in the order of their places."""
        if not any(homes):
            return [[] for _ in changes]
        statements: list[Statement] = [
            (
                f"SELECT one.ctid::text, one::text FROM ONLY {_escaped(change.table.name)} AS one"
                " WHERE one.ctid = ANY (%s::tid[]) ORDER BY one.ctid",
                [home],
            )
            for change, home in zip(changes, homes, strict=True)
        ]
        with self._template.reading() as connection:
            rows = run_together(connection, statements)
        for change, home, found in zip(changes, homes, rows, strict=True):
            if [place for place, _ in found] != home:
                raise CannotRestoreError(f"the template misses rows of {change.table.label}")
        return [[text for _, text in found] for found in rows]


def _inserting(name: str, details: TableDetails) -> str:
    """Return the statement that inserts rows by their texts, in their order."""
    columns = [_escaped(column) for column in details.columns]
    target = f"({', '.join(columns)}) OVERRIDING SYSTEM VALUE" if columns else ""
    values = ", ".join(f"(made.one).{column}" for column in columns)
    return (
        f"INSERT INTO {name} AS one {target} SELECT {values} FROM (SELECT given.text::{name} AS one"
        " FROM pg_catalog.unnest(%s::text[]) WITH ORDINALITY AS given (text, number)"
        " ORDER BY given.number OFFSET 0) AS made RETURNING one.ctid::text, one::text"
    )


def _reading(table: TableFile, runs: list[Run], columns: str) -> Statement:
    """Return the statement that reads the rows in ranges of blocks."""
    selects = [
        f"SELECT {columns} FROM ONLY {table.name}"
        f" WHERE ctid >= '({first},0)'::tid AND ctid < '({last + 1},0)'::tid"
        for first, last in runs
    ]
    return " UNION ALL ".join(selects), ()


def _escaped(name: str) -> str:
    """Return a name as it is written in a query with parameters."""
    return name.replace("%", "%%")


def _runs(blocks: list[int]) -> list[list[Run]]:
    """Return the ranges of blocks, which are sorted, in groups for one query each."""
    runs: list[Run] = []
    for block in blocks:
        if runs and runs[-1][1] == block - 1:
            runs[-1] = (runs[-1][0], block)
        else:
            runs.append((block, block))
    return [runs[start : start + _MOST_RUNS] for start in range(0, len(runs), _MOST_RUNS)]


def _position(place: Place) -> tuple[int, int]:
    """Return the block of a place, and the number in it."""
    block, _, number = place[1:-1].partition(",")
    return int(block), int(number)


def _block(place: Place) -> int:
    return int(place[1 : place.index(",")])
