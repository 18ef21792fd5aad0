"""Restores the rows of tables in the blocks that were written, from the template."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tdmvc.databases.postgres.connection import PostgresConnection, session_settings
from tdmvc.environments.postgres.failures import CannotRestoreError
from tdmvc.environments.postgres.table_files import TableDetails, TableFile, read_table_details
from tdmvc.environments.postgres.template import TemplateDatabase

_MOST_RUNS = 24
"""How many ranges of blocks one query reads; with more, the blocks between them are read, too."""
_LOCK_TIMEOUT = "2s"

Place = tuple[int, int]
"""Where a row is in its table: the block, and the number in it."""


@dataclass(slots=True)
class RowPlaces:
    """Where the seeded rows of a table are, as far as it differs from the template."""

    home: dict[Place, Place] = field(default_factory=dict)
    """For each row that was restored: the place now → the place in the template."""
    away: set[Place] = field(default_factory=set)
    """Places in the template of these rows."""
    seeded: dict[int, frozenset[Place]] = field(default_factory=dict)
    """The places of rows in blocks of the template, as far as they were read."""


class RowRestorer:
    """Knows where the seeded rows of a database are, and restores those that were written."""

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
        prepare_session(connection)
        connection.execute(
            "SELECT pg_catalog.set_config('session_replication_role', 'replica', false),"
            " pg_catalog.set_config('lock_timeout', %s, false)",
            [_LOCK_TIMEOUT],
        )

    def restore(self, blocks: Mapping[TableFile, Iterable[int]], first_new: int) -> int:
        """Restore the rows in some blocks of tables, in the open transaction, and return how many were written.

        Args:
            first_new: the lowest number of a transaction that may have written since the database was in the
                seeded state.

        Raises:
            CannotRestoreError: the rows of a table cannot be restored as they were.
        """
        return sum(self._restore(table, sorted(set(found)), first_new) for table, found in blocks.items())

    def _restore(self, table: TableFile, blocks: list[int], first_new: int) -> int:
        places = self._places[table.oid]
        runs = _runs(blocks)
        old, new = self._visible(table, runs, first_new)
        expected = self._expected(table, places, runs)
        missing = expected.keys() - old
        if old - expected.keys():
            raise CannotRestoreError(f"rows of {table.label} are where none were seeded")
        if not new and not missing:
            return 0
        details = self._details.get(table.oid)
        if details is None:
            details = self._details[table.oid] = read_table_details(self._connection, table)
        if details.has_lasting_triggers:
            raise CannotRestoreError(f"{table.label} has triggers or rules that always run")
        if new:
            self._connection.execute(
                f"DELETE FROM ONLY {_escaped(table.name)} WHERE ctid = ANY (%s::tid[])", [_texts(new)]
            )
        if missing:
            for place in missing:
                places.home.pop(place, None)
            self._insert(table, details, places, sorted(expected[place] for place in missing))
        return len(new) + len(missing)

    def _visible(
        self, table: TableFile, runs: list[tuple[int, int]], first_new: int
    ) -> tuple[set[Place], set[Place]]:
        """Return the places of the rows in ranges of blocks that were there before, and of those that are new."""
        old: set[Place] = set()
        new: set[Place] = set()
        selects = [
            f"SELECT ctid::text, xmin::text::bigint FROM ONLY {table.name} WHERE {_within(run)}"
            for run in runs
        ]
        for place, number in self._connection.execute(" UNION ALL ".join(selects)).fetchall():
            (new if number >= first_new else old).add(_place(place))
        return old, new

    def _expected(
        self, table: TableFile, places: RowPlaces, runs: list[tuple[int, int]]
    ) -> dict[Place, Place]:
        """Return where seeded rows were in ranges of blocks → their places in the template."""
        blocks = [block for first, last in runs for block in range(first, last + 1)]
        unknown = [block for block in blocks if block not in places.seeded]
        if unknown:
            self._read_seeded(table, places, unknown)
        expected = {
            place: place for block in blocks for place in places.seeded[block] if place not in places.away
        }
        wanted = set(blocks)
        expected |= {now: home for now, home in places.home.items() if now[0] in wanted}
        return expected

    def _read_seeded(self, table: TableFile, places: RowPlaces, blocks: list[int]) -> None:
        selects = [f"SELECT ctid::text FROM ONLY {table.name} WHERE {_within(run)}" for run in _runs(blocks)]
        found: defaultdict[int, set[Place]] = defaultdict(set)
        with self._template.reading() as connection:
            for (text,) in connection.execute(" UNION ALL ".join(selects)).fetchall():
                place = _place(text)
                found[place[0]].add(place)
        for block in blocks:
            places.seeded[block] = frozenset(found[block])

    def _insert(self, table: TableFile, details: TableDetails, places: RowPlaces, homes: list[Place]) -> None:
        """Insert rows of the template again."""
        with self._template.reading() as connection:
            read = connection.execute(
                f"SELECT one.ctid::text, one::text FROM ONLY {_escaped(table.name)} AS one"
                " WHERE one.ctid = ANY (%s::tid[]) ORDER BY one.ctid",
                [_texts(homes)],
            ).fetchall()
        if [_place(place) for place, _ in read] != homes:
            raise CannotRestoreError(f"the template misses rows of {table.label}")
        texts = [text for _, text in read]
        name = _escaped(table.name)
        columns = [_escaped(column) for column in details.columns]
        target = f"({', '.join(columns)}) OVERRIDING SYSTEM VALUE" if columns else ""
        values = ", ".join(f"(made.one).{column}" for column in columns)
        inserted = self._connection.execute(
            f"INSERT INTO {name} AS one {target} SELECT {values} FROM (SELECT given.text::{name} AS one"
            " FROM pg_catalog.unnest(%s::text[]) WITH ORDINALITY AS given (text, number)"
            " ORDER BY given.number OFFSET 0) AS made RETURNING one.ctid::text, one::text",
            [texts],
        ).fetchall()
        if [text for _, text in inserted] != texts:
            raise CannotRestoreError(f"rows of {table.label} change when they are inserted again")
        for (now, _), home in zip(inserted, homes, strict=True):
            places.home[_place(now)] = home
            places.away.add(home)


def prepare_session(connection: PostgresConnection) -> None:
    """Let a session read and write the texts of values without a loss; the driver's errors are passed on."""
    settings = session_settings(connection.info.server_version)
    # What indexes and computed columns call is found as in the sessions of applications.
    del settings["search_path"]
    calls = ", ".join(["pg_catalog.set_config(%s, %s, false)"] * len(settings))
    connection.execute(f"SELECT {calls}", [part for item in settings.items() for part in item])


def _escaped(name: str) -> str:
    """Return a name as it is written in a query with parameters."""
    return name.replace("%", "%%")


def _runs(blocks: list[int]) -> list[tuple[int, int]]:
    """Return ranges that have all of these blocks, which are sorted: the first and the last block of each."""
    runs = [[block, block] for block in blocks[:1]]
    for block in blocks[1:]:
        if block == runs[-1][1] + 1:
            runs[-1][1] = block
        else:
            runs.append([block, block])
    if len(runs) > _MOST_RUNS:
        gaps = sorted((after[0] - before[1] for before, after in itertools.pairwise(runs)), reverse=True)
        widest = gaps[_MOST_RUNS - 1]
        merged = [runs[0]]
        for run in runs[1:]:
            if run[0] - merged[-1][1] > widest:
                merged.append(run)
            else:
                merged[-1][1] = run[1]
        runs = merged
    return [(first, last) for first, last in runs]


def _within(run: tuple[int, int]) -> str:
    first, last = run
    return f"ctid >= '({first},0)'::tid AND ctid < '({last + 1},0)'::tid"


def _place(text: str) -> Place:
    block, _, number = text.strip("()").partition(",")
    return int(block), int(number)


def _texts(places: Iterable[Place]) -> list[str]:
    return [f"({block},{number})" for block, number in places]
