"""A reader for each migration tool, in a file or folder of the tool's name.

What several tools share is one folder up.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from tdmvc.migrations.base import Reader


class Readers(Mapping[str, Reader]):
    """The readers by the names of their tools; each is imported when it is first used.

    A repository uses one or two tools, and should not wait for the others to be imported.
    """

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes
        self._readers: dict[str, Reader] = {}

    def __getitem__(self, tool: str) -> Reader:
        if tool not in self._readers:
            name, _, class_name = self._classes[tool].rpartition(".")
            module = import_module(f"{__name__}.{name}")
            self._readers[tool] = getattr(module, class_name)()
        return self._readers[tool]

    def __contains__(self, tool: object) -> bool:
        return tool in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


READERS: Final = Readers(
    {
        "alembic": "alembic.reader.AlembicReader",
        "django": "django.reader.DjangoReader",
        "refinery": "refinery.RefineryReader",
        "flyway": "flyway.FlywayReader",
        "atlas": "atlas.AtlasReader",
        "drizzle": "drizzle.DrizzleReader",
        "liquibase": "liquibase.reader.LiquibaseReader",
        "prisma": "prisma.PrismaReader",
        "sqitch": "sqitch.reader.SqitchReader",
        "yoyo": "yoyo.YoyoReader",
        "aerich": "aerich.AerichReader",
        "dbmate": "dbmate.DbmateReader",
        "hasura": "hasura.HasuraReader",
        "diesel": "diesel.DieselReader",
        "doctrine": "doctrine.DoctrineReader",
        "ecto": "ecto.EctoReader",
        "efcore": "efcore.EfCoreReader",
        "fluentmigrator": "fluentmigrator.FluentMigratorReader",
        "golang-migrate": "golang_migrate.GolangMigrateReader",
        "goose": "goose.GooseReader",
        "knex": "knex.KnexReader",
        "kysely": "kysely.KyselyReader",
        "laravel": "laravel.LaravelReader",
        "mikroorm": "mikroorm.MikroOrmReader",
        "node-pg-migrate": "node_pg_migrate.NodePgMigrateReader",
        "phinx": "phinx.PhinxReader",
        "piccolo": "piccolo.PiccoloReader",
        "rails": "rails.RailsReader",
        "seaorm": "seaorm.SeaOrmReader",
        "sequelize": "sequelize.SequelizeReader",
        "sqlx": "sqlx.SqlxReader",
        "typeorm": "typeorm.TypeOrmReader",
        "sql": "sql.SqlReader",
    }
)
"""All readers by the names of their tools, in the order in which they claim folders."""
