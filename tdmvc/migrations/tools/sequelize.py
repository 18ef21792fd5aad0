"""Knows how Sequelize and Umzug keep migrations: scripts that are applied in the order of their file names."""

import re
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.code_touches import SEQUELIZE
from tdmvc.migrations.evidence import configured_folders
from tdmvc.migrations.line import finish_line
from tdmvc.migrations.scripts import named_folders, script_folders, take_in_scripts
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

_PATH: Final = re.compile(r"[\"']?\bmigrations-path[\"']?\s*:")


class SequelizeReader:
    """Reads a folder of scripts, each named as it is applied."""

    name = "sequelize"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders of scripts that speak Sequelize, or that a `.sequelizerc` names."""
        named = configured_folders(
            tree,
            lambda name: name == ".sequelizerc",
            lambda path, text: named_folders(path, text, _PATH),
        )
        folders = script_folders(tree, self.name, named)
        return locations_at(self.name, folders)

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a folder; its head is the last file by name.

        The id is the file's name with its ending, as Sequelize stores it.

        Raises:
            MigrationsError: no script is there.
        """
        reading = Reading(location)
        ranks = take_in_scripts(reading, tree, SEQUELIZE.tables)
        return finish_line(reading, tree, ranks, looked_for="scripts with an 'up'")
