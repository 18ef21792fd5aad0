"""A reader for each migration tool, in a file of the tool's name; files beside a reader belong to its tool alone.

What several tools share lies one folder up.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from tdmvc.migrations.base import Reader

_CLASSES: Final = {
    "alembic": "AlembicReader",
    "django": "DjangoReader",
    "flyway": "FlywayReader",
    "atlas": "AtlasReader",
    "drizzle": "DrizzleReader",
    "liquibase": "LiquibaseReader",
    "prisma": "PrismaReader",
    "sqitch": "SqitchReader",
    "yoyo": "YoyoReader",
    "dbmate": "DbmateReader",
    "diesel": "DieselReader",
    "efcore": "EfCoreReader",
    "golang-migrate": "GolangMigrateReader",
    "goose": "GooseReader",
    "knex": "KnexReader",
    "rails": "RailsReader",
    "sequelize": "SequelizeReader",
    "sqlx": "SqlxReader",
    "typeorm": "TypeOrmReader",
    "sql": "SqlReader",
}


class Readers(Mapping[str, Reader]):
    """The readers by their tools' names; one is imported when it is asked for.

    A repository uses one tool or two, and reading a commit should not wait for the others.
    """

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes
        self._made: dict[str, Reader] = {}

    def __getitem__(self, tool: str) -> Reader:
        if tool not in self._made:
            class_name = self._classes[tool]
            module = import_module(f"{__name__}.{tool.replace('-', '_')}")
            self._made[tool] = getattr(module, class_name)()
        return self._made[tool]

    def __contains__(self, tool: object) -> bool:
        return tool in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


READERS: Final = Readers(_CLASSES)
"""Every reader by its tool's name, in the order in which their finds are listed and folders are claimed."""
