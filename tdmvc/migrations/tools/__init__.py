"""A reader for each migration tool, in a file or folder of the tool's name.

What several tools share is one folder up.
"""

from typing import Final

from tdmvc.migrations.base import Reader
from tdmvc.model.registry import Registry

READERS: Final = Registry[Reader](
    __name__,
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
    },
)
"""All readers by the names of their tools, in the order in which they claim folders."""
