"""Reads migrations of Sequelize and Umzug: scripts that are applied in the order of their file names."""

from collections.abc import Iterator

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_effects import code_effects
from tdmvc.migrations.code_tables import SEQUELIZE
from tdmvc.migrations.linear import finish_linear
from tdmvc.migrations.script_tools import script_folders
from tdmvc.migrations.scripts import add_scripts
from tdmvc.model.migration import Migration, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree


class SequelizeReader:
    """Reads a folder of scripts."""

    name = "sequelize"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of scripts that use Sequelize, or that a `.sequelizerc` names."""
        return script_folders(tree, self.name)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last file by name.

        The id is the file's name with its ending, as Sequelize stores it.
        """
        return finish_linear(
            reading, add_scripts(reading, SEQUELIZE.tables), looked_for="scripts with an 'up'"
        )

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what the up migration of a script adds and removes."""
        return code_effects(migration, text, SEQUELIZE)
