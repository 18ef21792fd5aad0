"""The tables in which migration tools keep what they have applied: in a dataset, or in a live database.

A table is recognised by its name and columns. Names and columns are compared without schema, case and underscores,
because some tools and databases write them in other ways.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.migration_rows import (
    Entry,
    Outcome,
    Row,
    applied,
    current_version,
    hasura_rows,
    plain_name,
    rank,
    read_atlas,
    read_django,
    read_flyway,
    read_golang_migrate,
    read_goose,
    read_hasura,
    read_liquibase,
    read_prisma,
    successful,
    text_of,
)
from tdmvc.model.migration import AppliedMigrations

OTHER_SCHEMAS: Final = ("sqitch", "atlas_schema_revisions")
"""Schemas that tools make for their tables; where a schema is a database, it is one beside the application's."""


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
    is_single: bool = False
    """Whether its only row is the current version; several rows are all that was applied."""
    is_repeated: bool = False
    """Whether rows with the same id are different migrations, see `nth_time`."""

    def matches(self, table: str, columns: Collection[str]) -> bool:
        """Return whether a table with these columns is the tool's."""
        plain = {plain_name(column) for column in columns}
        if not plain.issuperset(self.columns) or (self.only_columns and len(plain) > len(self.columns)):
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
        entries: dict[str, Outcome] = {}
        for id_, outcome in self._entries(rows):
            entries.pop(id_, None)
            entries[id_] = outcome
        if self.is_single and len(entries) > 1:
            each = {Outcome.BASELINE: Outcome.APPLIED, Outcome.BEFORE: Outcome.FAILED}
            entries = {id_: each.get(outcome, outcome) for id_, outcome in entries.items()}

        def those(*outcomes: Outcome) -> tuple[str, ...]:
            return tuple(id_ for id_, outcome in entries.items() if outcome in outcomes)

        return AppliedMigrations(
            self.tools,
            self.title,
            table,
            ids=those(Outcome.APPLIED, Outcome.BASELINE),
            history=name,
            up_to=those(Outcome.BASELINE),
            before=those(Outcome.BEFORE),
            failed=those(Outcome.BEFORE, Outcome.FAILED),
        )

    def _entries(self, rows: Sequence[Row]) -> Iterator[Entry]:
        times: Counter[str] = Counter()
        for row in rows:
            found = self.read(row)
            if found is not None and found[0]:
                times[found[0]] += 1
                yield (nth_time(found[0], times[found[0]]), found[1]) if self.is_repeated else found


def nth_time(name: str, time: int) -> str:
    """Return the id of a migration whose name an earlier one has, too: a change that was reworked."""
    return name if time == 1 else f"{name}#{time}"


def find_migration_tables(tables: Mapping[str, Collection[str]]) -> dict[str, MigrationTable]:
    """Return the migration tables among tables, by name.

    Args:
        tables: the columns of each table.
    """
    found: dict[str, MigrationTable] = {}
    for table, columns in tables.items():
        kind = next((one for one in MIGRATION_TABLES if one.matches(table, columns)), None)
        if kind is not None:
            found[table] = kind
    return found


MIGRATION_TABLES: Final[Sequence[MigrationTable]] = (
    MigrationTable(("django",), "Django", "djangomigrations", ("app", "name"), read_django, ("id",)),
    MigrationTable(
        ("alembic",), "Alembic", ".*", ("versionnum",), current_version("versionnum"), only_columns=True
    ),
    MigrationTable(
        ("flyway",),
        "Flyway",
        ".*",
        ("installedrank", "version", "script", "checksum", "success"),
        read_flyway,
        ("installedrank",),
    ),
    MigrationTable(
        ("liquibase",),
        "Liquibase",
        ".*",
        ("id", "author", "filename", "dateexecuted", "orderexecuted"),
        read_liquibase,
        ("orderexecuted",),
    ),
    MigrationTable(
        ("golang-migrate", "hasura"),
        "golang-migrate or Hasura",
        ".*",
        ("version", "dirty"),
        read_golang_migrate,
        only_columns=True,
        is_single=True,
    ),
    MigrationTable(
        ("hasura",),
        "Hasura",
        "hdbversion",
        ("hasurauuid", "version", "clistate"),
        read_hasura,
        ("version",),
        history="database",
        expand=hasura_rows,
    ),
    MigrationTable(("ecto",), "Ecto", "schemamigrations", ("version", "insertedat"), applied("version")),
    MigrationTable(
        ("rails", "dbmate"),
        "Rails or dbmate",
        "schemamigrations",
        ("version",),
        applied("version"),
        only_columns=True,
    ),
    MigrationTable(
        ("knex",), "Knex", ".*migrations", ("name", "batch", "migrationtime"), applied("name"), ("id",)
    ),
    MigrationTable(
        ("efcore",),
        "EF Core",
        "efmigrationshistory",
        ("migrationid", "productversion"),
        applied("migrationid"),
    ),
    MigrationTable(
        ("prisma",),
        "Prisma",
        "prismamigrations",
        ("migrationname", "finishedat", "rolledbackat"),
        read_prisma,
        ("startedat",),
    ),
    MigrationTable(("goose",), "goose", ".*", ("versionid", "isapplied"), read_goose, ("id",)),
    MigrationTable(("kysely",), "Kysely", "kyselymigration", ("name", "timestamp"), applied("name")),
    MigrationTable(
        ("typeorm",), "TypeORM", ".*migrations?", ("timestamp", "name"), applied("name"), ("timestamp",)
    ),
    MigrationTable(
        ("laravel",), "Laravel", ".*migrations", ("migration", "batch"), applied("migration"), ("id",)
    ),
    MigrationTable(("sequelize",), "Sequelize", "sequelizemeta", ("name",), applied("name")),
    MigrationTable(
        ("sqlx",), "sqlx", "sqlxmigrations", ("version", "installedon", "success"), successful("version")
    ),
    MigrationTable(("diesel",), "Diesel", "dieselschemamigrations", ("version", "runon"), applied("version")),
    MigrationTable(
        ("drizzle",), "Drizzle", "drizzlemigrations", ("hash", "createdat"), applied("hash"), ("createdat",)
    ),
    MigrationTable(
        ("atlas",),
        "Atlas",
        "atlasschemarevisions",
        ("version", "applied", "total"),
        read_atlas,
        ("executedat",),
    ),
    MigrationTable(
        ("sqitch",),
        "Sqitch",
        "changes",
        ("changeid", "change", "project"),
        applied("change"),
        ("committedat",),
        history="project",
        is_repeated=True,
    ),
    MigrationTable(
        ("yoyo",), "yoyo", "yoyomigrations?", ("migrationhash", "migrationid"), applied("migrationid")
    ),
    MigrationTable(
        ("phinx",), "Phinx", ".*phinxlog", ("version", "migrationname"), applied("version"), ("version",)
    ),
    MigrationTable(
        ("doctrine",),
        "Doctrine",
        ".*(?:doctrine|migration).*",
        ("version", "executedat", "executiontime"),
        applied("version"),
    ),
    MigrationTable(
        ("node-pg-migrate",), "node-pg-migrate", "pgmigrations", ("name", "runon"), applied("name")
    ),
    MigrationTable(
        ("aerich",), "aerich", "aerich", ("version", "app"), applied("version"), ("id",), history="app"
    ),
    MigrationTable(
        ("mikroorm",), "MikroORM", "mikroormmigrations", ("name", "executedat"), applied("name"), ("id",)
    ),
    MigrationTable(
        ("fluentmigrator",), "FluentMigrator", "versioninfo", ("version", "appliedon"), applied("version")
    ),
    MigrationTable(
        ("seaorm",),
        "SeaORM",
        "seaqlmigrations",
        ("version", "appliedat"),
        applied("version"),
        ("appliedat",),
    ),
    MigrationTable(
        ("piccolo",),
        "Piccolo",
        "migration",
        ("name", "appname", "ranon"),
        applied("name"),
        ("id",),
        history="appname",
    ),
    MigrationTable(
        ("refinery",),
        "refinery",
        "refineryschemahistory",
        ("version", "name", "appliedon", "checksum"),
        applied("version"),
    ),
)
"""The first that matches is the table's; a table with fewer columns comes after one with more."""
