"""Knows how Diesel keeps migrations: a folder each, with `up.sql` and `down.sql`."""

import re
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.evidence import configured_folders, folders_with, is_spoken_for
from tdmvc.migrations.layout import base_of, below, folder_of, inside, plain_folder
from tdmvc.migrations.line import LineFile, read_line
from tdmvc.migrations.rust_projects import crate_signs, named_folder
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

CONFIG: Final = "diesel.toml"

_UP: Final = re.compile(r"up\.sql")
_NUMBERED: Final = re.compile(r"[0-9][0-9-]*_.*")
_SIGNS: Final = crate_signs("diesel", files=frozenset({CONFIG}))


class DieselReader:
    """Reads a folder of folders, each a migration."""

    name = "diesel"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders of numbered folders with `up.sql`, named by diesel.toml or in projects that use Diesel."""
        configured = configured_folders(
            tree,
            lambda name: name == CONFIG,
            lambda path, text: named_folder(path, text, "migrations_directory", "dir"),
        )
        holders = {
            folder_of(folder): folder
            for folder in folders_with(tree, "up.sql", _UP)
            if _NUMBERED.fullmatch(base_of(folder))
        }
        found = [folder for folder in holders if folder in configured or is_spoken_for(tree, folder, _SIGNS)]
        return locations_at(self.name, sorted(found))

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a location; its head is the last version as a text, for Diesel compares no numbers.

        A version is a folder's name up to the first `_`, without its dashes.

        Raises:
            MigrationsError: no folder with `up.sql` is there.
        """
        reading = Reading(location)
        folder = plain_folder(location.path)
        holds_up: dict[str, bool] = {}
        for path in tree.list_files(folder):
            name, _, rest = below(path, folder).partition("/")
            # Diesel skips files and hidden folders, and refuses any other folder without an up.sql.
            if rest and not name.startswith("."):
                holds_up[name] = holds_up.get(name, False) or rest == "up.sql"
        files = []
        for name, has_up in holds_up.items():
            where = inside(folder, name)
            if has_up:
                version, _, title = name.partition("_")
                id_ = version.replace("-", "")
                files.append(LineFile(f"{where}/up.sql", id_, title or name, id_))
            else:
                reading.report(
                    "unreadable-file", f"{where} holds no up.sql; Diesel would refuse the folder.", where
                )
        return read_line(reading, tree, files, looked_for="folders with an up.sql")
