"""A reader for each migration tool, in a file of the tool's name; files beside a reader belong to its tool alone.

What several tools share lies one folder up.
"""

from typing import Final

from tdmvc.migrations.base import Reader
from tdmvc.migrations.tools.alembic import AlembicReader
from tdmvc.migrations.tools.atlas import AtlasReader
from tdmvc.migrations.tools.dbmate import DbmateReader
from tdmvc.migrations.tools.diesel import DieselReader
from tdmvc.migrations.tools.django import DjangoReader
from tdmvc.migrations.tools.drizzle import DrizzleReader
from tdmvc.migrations.tools.efcore import EfCoreReader
from tdmvc.migrations.tools.flyway import FlywayReader
from tdmvc.migrations.tools.golang_migrate import GolangMigrateReader
from tdmvc.migrations.tools.goose import GooseReader
from tdmvc.migrations.tools.knex import KnexReader
from tdmvc.migrations.tools.liquibase import LiquibaseReader
from tdmvc.migrations.tools.prisma import PrismaReader
from tdmvc.migrations.tools.rails import RailsReader
from tdmvc.migrations.tools.sequelize import SequelizeReader
from tdmvc.migrations.tools.sqitch import SqitchReader
from tdmvc.migrations.tools.sql import SqlReader
from tdmvc.migrations.tools.sqlx import SqlxReader
from tdmvc.migrations.tools.typeorm import TypeOrmReader
from tdmvc.migrations.tools.yoyo import YoyoReader

READERS: Final[dict[str, Reader]] = {
    reader.name: reader
    for reader in (
        AlembicReader(),
        DjangoReader(),
        FlywayReader(),
        AtlasReader(),
        DrizzleReader(),
        LiquibaseReader(),
        PrismaReader(),
        SqitchReader(),
        YoyoReader(),
        DbmateReader(),
        DieselReader(),
        EfCoreReader(),
        GolangMigrateReader(),
        GooseReader(),
        KnexReader(),
        RailsReader(),
        SequelizeReader(),
        SqlxReader(),
        TypeOrmReader(),
        SqlReader(),
    )
}
"""Every reader by its tool's name, in the order in which their finds are listed and folders are claimed."""
