"""Reads MikroORM's migrations: classes in scripts that are applied in the order of their file names."""

from collections.abc import Iterator

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_effects import code_effects
from tdmvc.migrations.code_tables import MIKROORM
from tdmvc.migrations.linear import finish_linear
from tdmvc.migrations.script_tools import script_folders
from tdmvc.migrations.scripts import add_scripts, script_stem
from tdmvc.model.migration import Migration, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree


class MikroOrmReader:
    """Reads a folder of scripts."""

    name = "mikroorm"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of scripts that use MikroORM."""
        return script_folders(tree, self.name)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last file by name.

        The id is the file's name without its ending, as MikroORM stores it.
        """
        ranks = add_scripts(reading, MIKROORM.tables, id_of=script_stem)
        return finish_linear(reading, ranks, looked_for="scripts with an 'up'")

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what the up migration of a script adds and removes."""
        return code_effects(migration, text, MIKROORM)
