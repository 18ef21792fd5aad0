"""Reads the tables in which migration tools keep what they have applied: in a dataset, or in a live database.

A table is recognised by its name and columns. Names and columns are compared without schema, case and underscores,
because some tools and databases write them in other ways.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from tdmvc.model.migration import AppliedMigrations

_LIKELY_NAME: Final = re.compile(
    r"migration|alembic|version|change|history|revision|goose|sequelizemeta|phinxlog|aerich"
)

Row = Mapping[str, object]
"""One row of a table, by column name."""


class _Outcome(Enum):
    """What became of one migration."""

    APPLIED = auto()
    BASELINE = auto()
    """It and all before it count as applied."""
    BEFORE = auto()
    """It failed, and all before it are applied."""
    FAILED = auto()
    UNDONE = auto()


_Entry = tuple[str, _Outcome]
"""An id, as the tool's table spells it, and what became of it."""


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
    read: Callable[[Row], _Entry | None]
    """Returns what a row says; its columns are spelled as in `columns`. None for a row that is no migration."""
    order: tuple[str, ...] = ()
    """Columns that order the rows: a later row about a migration takes precedence."""
    only_columns: bool = False
    """Whether a further column means that the table is not the tool's."""

    def matches(self, table: str, columns: Collection[str]) -> bool:
        """Return whether a table with these columns is the tool's."""
        plain = {_plain(column) for column in columns}
        if not plain.issuperset(self.columns) or (self.only_columns and len(plain) > len(self.columns)):
            return False
        return re.fullmatch(self.name, _plain(table.rpartition(".")[2])) is not None

    def read_rows(self, table: str, rows: Iterable[Row]) -> AppliedMigrations:
        """Return what the rows of a table say.

        Args:
            table: the table's name, for messages.
        """
        plain = [{_plain(column): value for column, value in row.items()} for row in rows]
        plain.sort(key=lambda row: tuple(_rank(row.get(column)) for column in self.order))
        entries: dict[str, _Outcome] = {}
        for row in plain:
            found = self.read(row)
            if found is not None and found[0]:
                entries.pop(found[0], None)
                entries[found[0]] = found[1]

        def those(*outcomes: _Outcome) -> tuple[str, ...]:
            return tuple(id_ for id_, outcome in entries.items() if outcome in outcomes)

        return AppliedMigrations(
            self.tools,
            self.title,
            table,
            ids=those(_Outcome.APPLIED, _Outcome.BASELINE),
            up_to=those(_Outcome.BASELINE),
            before=those(_Outcome.BEFORE),
            failed=those(_Outcome.BEFORE, _Outcome.FAILED),
        )


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


def may_be_migration_table(table: str) -> bool:
    """Return whether a table's name alone allows it to be a migration table, so that its columns are worth a look."""
    return _LIKELY_NAME.search(_plain(table.rpartition(".")[2])) is not None


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _rank(value: object) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return 0, float(value), ""
    text = _text(value)
    return (0, float(text), "") if re.fullmatch(r"[0-9]{1,300}", text) else (1, 0.0, text)


def _text(value: object) -> str:
    """Return an id as text, whichever type a source gave it."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _count(value: object) -> int:
    text = _text(value)
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


def _is_true(value: object) -> bool:
    """Return whether a value means yes, whichever type a source gave it."""
    if isinstance(value, bytes):
        return any(value) and value not in (b"0", b"f", b"false")
    return str(value).strip().lower() in {"true", "t", "1", "1.0", "y", "yes"}


def _is_null(value: object) -> bool:
    return value is None or value == ""


def _applied(column: str) -> Callable[[Row], _Entry]:
    """Return a reader for a table with a row for each applied migration."""
    return lambda row: (_text(row[column]), _Outcome.APPLIED)


def _successful(column: str) -> Callable[[Row], _Entry]:
    """Return a reader for a table that also says whether a migration succeeded."""
    return lambda row: (_text(row[column]), _Outcome.APPLIED if _is_true(row["success"]) else _Outcome.FAILED)


def _django(row: Row) -> _Entry | None:
    app, name = _text(row["app"]), _text(row["name"])
    return (f"{app}.{name}", _Outcome.APPLIED) if app and name else None


def _flyway(row: Row) -> _Entry | None:
    version, kind = _text(row["version"]), _text(row.get("type")).upper()
    if not version:
        # A repeatable migration, or the creation of the schema.
        return None
    if not _is_true(row["success"]):
        return version, _Outcome.FAILED
    if kind == "DELETE" or kind.startswith("UNDO"):
        return version, _Outcome.UNDONE
    return version, _Outcome.BASELINE if "BASELINE" in kind else _Outcome.APPLIED


def _liquibase(row: Row) -> _Entry:
    is_applied = _text(row.get("exectype")).upper() not in {"FAILED", "SKIPPED"}
    path = "::".join(_text(row[column]) for column in ("filename", "id", "author"))
    return path, _Outcome.APPLIED if is_applied else _Outcome.FAILED


def _golang_migrate(row: Row) -> _Entry | None:
    version = _text(row["version"])
    if not version or version.startswith("-"):
        return None
    return version, _Outcome.BEFORE if _is_true(row["dirty"]) else _Outcome.BASELINE


def _goose(row: Row) -> _Entry | None:
    version = _text(row["versionid"])
    if version in ("", "0"):
        return None
    return version, _Outcome.APPLIED if _is_true(row["isapplied"]) else _Outcome.UNDONE


def _prisma(row: Row) -> _Entry:
    outcome = _Outcome.FAILED if _is_null(row["finishedat"]) else _Outcome.APPLIED
    is_undone = not _is_null(row["rolledbackat"])
    return _text(row["migrationname"]), _Outcome.UNDONE if is_undone else outcome


def _atlas(row: Row) -> _Entry | None:
    version = _text(row["version"])
    if version.startswith("."):
        # Its own bookkeeping, such as `.atlas_cloud_identifier`.
        return None
    is_partial = _count(row["applied"]) < _count(row["total"])
    if is_partial or not _is_null(row.get("error")):
        return version, _Outcome.FAILED
    is_baseline = _text(row.get("type")) == "1"
    return version, _Outcome.BASELINE if is_baseline else _Outcome.APPLIED


def _version(column: str) -> Callable[[Row], _Entry]:
    """Return a reader for a table that holds only the current version."""
    return lambda row: (_text(row[column]), _Outcome.BASELINE)


MIGRATION_TABLES: Final[Sequence[MigrationTable]] = (
    MigrationTable(("django",), "Django", "djangomigrations", ("app", "name"), _django, ("id",)),
    MigrationTable(("alembic",), "Alembic", ".*", ("versionnum",), _version("versionnum"), only_columns=True),
    MigrationTable(
        ("flyway",),
        "Flyway",
        ".*",
        ("installedrank", "version", "script", "checksum", "success"),
        _flyway,
        ("installedrank",),
    ),
    MigrationTable(
        ("liquibase",),
        "Liquibase",
        ".*",
        ("id", "author", "filename", "dateexecuted", "orderexecuted"),
        _liquibase,
        ("orderexecuted",),
    ),
    MigrationTable(
        ("golang-migrate", "hasura"),
        "golang-migrate or Hasura",
        ".*",
        ("version", "dirty"),
        _golang_migrate,
        only_columns=True,
    ),
    MigrationTable(("ecto",), "Ecto", "schemamigrations", ("version", "insertedat"), _applied("version")),
    MigrationTable(
        ("rails", "dbmate"),
        "Rails or dbmate",
        "schemamigrations",
        ("version",),
        _applied("version"),
        only_columns=True,
    ),
    MigrationTable(
        ("knex",), "Knex", ".*migrations", ("name", "batch", "migrationtime"), _applied("name"), ("id",)
    ),
    MigrationTable(
        ("efcore",),
        "EF Core",
        "efmigrationshistory",
        ("migrationid", "productversion"),
        _applied("migrationid"),
    ),
    MigrationTable(
        ("prisma",),
        "Prisma",
        "prismamigrations",
        ("migrationname", "finishedat", "rolledbackat"),
        _prisma,
        ("startedat",),
    ),
    MigrationTable(("goose",), "goose", ".*", ("versionid", "isapplied"), _goose, ("id",)),
    MigrationTable(("kysely",), "Kysely", "kyselymigration", ("name", "timestamp"), _applied("name")),
    MigrationTable(
        ("typeorm",), "TypeORM", ".*migrations?", ("timestamp", "name"), _applied("name"), ("timestamp",)
    ),
    MigrationTable(
        ("laravel",), "Laravel", ".*migrations", ("migration", "batch"), _applied("migration"), ("id",)
    ),
    MigrationTable(("sequelize",), "Sequelize", "sequelizemeta", ("name",), _applied("name")),
    MigrationTable(
        ("sqlx",), "sqlx", "sqlxmigrations", ("version", "installedon", "success"), _successful("version")
    ),
    MigrationTable(
        ("diesel",), "Diesel", "dieselschemamigrations", ("version", "runon"), _applied("version")
    ),
    MigrationTable(
        ("drizzle",), "Drizzle", "drizzlemigrations", ("hash", "createdat"), _applied("hash"), ("createdat",)
    ),
    MigrationTable(
        ("atlas",), "Atlas", "atlasschemarevisions", ("version", "applied", "total"), _atlas, ("executedat",)
    ),
    MigrationTable(
        ("sqitch",),
        "Sqitch",
        "changes",
        ("changeid", "change", "project"),
        _applied("change"),
        ("committedat",),
    ),
    MigrationTable(
        ("yoyo",), "yoyo", "yoyomigrations?", ("migrationhash", "migrationid"), _applied("migrationid")
    ),
    MigrationTable(
        ("phinx",), "Phinx", ".*phinxlog", ("version", "migrationname"), _applied("version"), ("version",)
    ),
    MigrationTable(
        ("doctrine",),
        "Doctrine",
        ".*(?:doctrine|migration).*",
        ("version", "executedat", "executiontime"),
        _applied("version"),
    ),
    MigrationTable(
        ("node-pg-migrate",), "node-pg-migrate", "pgmigrations", ("name", "runon"), _applied("name")
    ),
    MigrationTable(("aerich",), "aerich", "aerich", ("version", "app"), _applied("version"), ("id",)),
    MigrationTable(
        ("mikroorm",), "MikroORM", "mikroormmigrations", ("name", "executedat"), _applied("name"), ("id",)
    ),
    MigrationTable(
        ("fluentmigrator",), "FluentMigrator", "versioninfo", ("version", "appliedon"), _applied("version")
    ),
    MigrationTable(
        ("seaorm",),
        "SeaORM",
        "seaqlmigrations",
        ("version", "appliedat"),
        _applied("version"),
        ("appliedat",),
    ),
    MigrationTable(
        ("piccolo",), "Piccolo", "migration", ("name", "appname", "ranon"), _applied("name"), ("id",)
    ),
    MigrationTable(
        ("refinery",),
        "refinery",
        "refineryschemahistory",
        ("version", "name", "appliedon", "checksum"),
        _applied("version"),
    ),
)
"""The first that matches is the table's; a table with fewer columns comes after one with more."""
