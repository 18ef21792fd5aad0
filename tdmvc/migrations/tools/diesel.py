"""Reads Diesel's migrations: folders that contain `up.sql` and `down.sql`."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.evidence import configured_folders, crate_signs, folders_with, has_signs
from tdmvc.migrations.linear import MigrationFile, add_files, finish_linear
from tdmvc.migrations.paths import base_of, below, folder_of, inside
from tdmvc.migrations.text import parse_toml_texts
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_CONFIG: Final = re.compile(r"diesel\.toml")
_UP: Final = re.compile(r"up\.sql")
_NUMBERED: Final = re.compile(r"[0-9][0-9-]*_.*")
_SIGNS: Final = crate_signs("diesel", files=frozenset({"diesel.toml"}))


class DieselReader:
    """Reads a folder that has a folder for each migration."""

    name = "diesel"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of numbered folders with `up.sql`, named by diesel.toml or in projects that use Diesel."""
        configured = configured_folders(
            tree, _CONFIG, lambda text: parse_toml_texts(text, "migrations_directory", "dir")
        )
        numbered = (
            folder for folder in folders_with(tree, "up.sql", _UP) if _NUMBERED.fullmatch(base_of(folder))
        )
        parents = set(map(folder_of, numbered))
        return [f for f in parents if f in configured or has_signs(tree, f, _SIGNS)]

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last version as text, because Diesel compares no numbers.

        A version is a folder's name up to the first `_`, without dashes.
        """
        has_up: dict[str, bool] = {}
        for path in reading.tree.list_files(reading.path):
            name, _, rest = below(path, reading.path).partition("/")
            # Diesel skips files and hidden folders, and refuses any other folder without an up.sql.
            if rest and not name.startswith("."):
                has_up[name] = has_up.get(name, False) or rest == "up.sql"
        files = []
        for name in has_up:
            folder = inside(reading.path, name)
            version, _, title = name.partition("_")
            id_ = version.replace("-", "")
            if has_up[name]:
                files.append(MigrationFile(f"{folder}/up.sql", id_, title or name, id_))
            else:
                reading.add_file_problem(folder, "has no up.sql; Diesel would refuse the folder.")
        return finish_linear(reading, add_files(reading, files), looked_for="folders with an up.sql")
