"""Knows how sqlx keeps migrations: SQL files named by a number, with or without a way down beside."""

import re
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.evidence import configured_folders, folders_with, is_spoken_for
from tdmvc.migrations.layout import base_of, folder_of, plain_folder
from tdmvc.migrations.line import LineFile, folder_files, number_rank, plain_number, read_line
from tdmvc.migrations.rust_projects import crate_signs, named_folder
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

CONFIG: Final = "sqlx.toml"

_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>.*?)(?P<way>\.up|\.down)?\.sql")
_NAMED: Final = re.compile(r"[^_]*_.*\.sql")
_MAX: Final = number_rank(str(2**63 - 1))
_SIGNS: Final = crate_signs("sqlx", files=frozenset({CONFIG, "sqlx-data.json"}), folder=".sqlx")


class SqlxReader:
    """Reads a folder of `N_name.sql`, or of `N_name.up.sql` with `N_name.down.sql`."""

    name = "sqlx"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders of numbered SQL files, called `migrations` or named by sqlx.toml, in projects that use sqlx."""
        configured = configured_folders(
            tree,
            lambda name: name == CONFIG,
            lambda path, text: named_folder(path, text, "migrate", "migrations-dir"),
        )
        found = [
            folder
            for folder in folders_with(tree, ".sql", _FILE)
            if folder in configured or (_is_called(folder) and is_spoken_for(tree, folder, _SIGNS))
        ]
        return locations_at(self.name, found)

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a folder; its head is the greatest number.

        Raises:
            MigrationsError: no numbered SQL file is there.
        """
        reading = Reading(location)
        ups: list[LineFile] = []
        downs: list[LineFile] = []
        for path in folder_files(tree, plain_folder(location.path)):
            match = _FILE.fullmatch(base_of(path))
            if match is not None and number_rank(match["id"]) <= _MAX:
                id_ = plain_number(match["id"])
                file = LineFile(path, id_, match["name"].replace("_", " "), number_rank(id_))
                (downs if match["way"] == ".down" else ups).append(file)
            elif _NAMED.fullmatch(base_of(path)):
                message = f"{path} does not begin with a number and '_'; sqlx would refuse it."
                reading.report("unreadable-file", message, path)
        has_up = {file.id for file in ups}
        for file in downs:
            if file.id not in has_up:
                reading.report("gap", f"Migration {file.id} has a way down and none up.", file.path)
        return read_line(reading, tree, ups, looked_for="N_name.sql or N_name.up.sql")


def _is_called(folder: str) -> bool:
    """Tell whether a folder or the one above it is called for migrations: `migrations/postgres` is common."""
    return any("migration" in name.lower() for name in (base_of(folder), base_of(folder_of(folder))))
