"""Reads migrations of Sequelize and Umzug: scripts that are applied in the order of their file names."""

import re
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.code_tables import SEQUELIZE
from tdmvc.migrations.evidence import configured_folders
from tdmvc.migrations.linear import finish_linear
from tdmvc.migrations.scripts import add_scripts, quoted_paths, script_folders
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

_CONFIG: Final = re.compile(r"\.sequelizerc")
_PATH: Final = re.compile(r"[\"']?\bmigrations-path[\"']?\s*:")


class SequelizeReader:
    """Reads a folder of scripts."""

    name = "sequelize"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders of scripts that use Sequelize, or that a `.sequelizerc` names."""
        configured = configured_folders(tree, _CONFIG, lambda text: quoted_paths(text, _PATH))
        return locations_at(self.name, script_folders(tree, self.name, configured))

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a folder; its head is the last file by name.

        The id is the file's name with its ending, as Sequelize stores it.
        """
        reading = Reading(tree, location)
        return finish_linear(
            reading, add_scripts(reading, SEQUELIZE.tables), looked_for="scripts with an 'up'"
        )
