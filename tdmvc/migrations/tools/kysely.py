"""Reads Kysely's migrations: scripts that are applied in the order of their file names."""

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import KYSELY
from tdmvc.migrations.linear import finish_linear
from tdmvc.migrations.script_tools import script_folders
from tdmvc.migrations.scripts import add_scripts
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree


class KyselyReader:
    """Reads a folder of scripts."""

    name = "kysely"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of scripts that use Kysely, or that a kysely.config names."""
        return script_folders(tree, self.name)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last file by name.

        The id is the file's name without its ending, as Kysely stores it. Kysely ignores scripts without an `up`.
        """
        ranks = add_scripts(reading, KYSELY.tables, with_ending=False, must_have_up=False)
        return finish_linear(reading, ranks, looked_for="scripts with an 'up'")
