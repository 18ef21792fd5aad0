"""The tables in which migration tools keep what they have applied: in a dataset, or in a live database.

A table is recognised by its name and columns. Names and columns are compared without schema, case and underscores,
because some tools and databases write them in other ways.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from tdmvc.migrations.migration_rows import (
    applied,
    current_version,
    hasura_rows,
    plain_columns,
    read_atlas,
    read_django,
    read_drizzle,
    read_flyway,
    read_golang_migrate,
    read_goose,
    read_hasura,
    read_liquibase,
    read_prisma,
    successful,
)
from tdmvc.migrations.migration_table import MigrationTable

OTHER_SCHEMAS: Final = ("sqitch", "atlas_schema_revisions")
"""Schemas that tools make for their tables; where a schema is a database, it is one beside the application's."""


def find_migration_tables(tables: Mapping[str, Collection[str]]) -> dict[str, MigrationTable]:
    """Return the migration tables among tables, by name.

    Args:
        tables: the columns of each table.
    """
    found: dict[str, MigrationTable] = {}
    for table, columns in tables.items():
        # Once for each of what may be ten thousand tables.
        plain = plain_columns(columns)
        kind = next((one for one in MIGRATION_TABLES if one.matches(table, plain)), None)
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
        checksum="checksum",
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
        checksum="checksum",
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
        ("sqlx",),
        "sqlx",
        "sqlxmigrations",
        ("version", "installedon", "success"),
        successful("version"),
        checksum="checksum",
    ),
    MigrationTable(("diesel",), "Diesel", "dieselschemamigrations", ("version", "runon"), applied("version")),
    MigrationTable(
        ("drizzle",),
        "Drizzle",
        "drizzlemigrations",
        ("hash", "createdat"),
        read_drizzle,
        ("createdat",),
        checksum="hash",
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
