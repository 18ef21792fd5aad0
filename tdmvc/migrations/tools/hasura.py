"""Reads Hasura's migrations: numbered folders that contain `up.sql`."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.evidence import ToolSigns, folders_with, has_signs
from tdmvc.migrations.linear import MigrationFile, add_files, finish_linear, report_lone_downs
from tdmvc.migrations.paths import base_of, below, folder_of
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_UP: Final = re.compile(r"up\.sql")
_FOLDER: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>.*)", re.DOTALL)
_SIGNS: Final = ToolSigns(
    {"config.yaml": re.compile(r"^(?:metadata_directory|endpoint|admin_secret)[ \t]*:", re.MULTILINE)},
    frozenset({"metadata/version.yaml"}),
)


class HasuraReader:
    """Reads the folder of one database, such as `migrations/default`."""

    name = "hasura"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of numbered folders with `up.sql`, in projects with Hasura's configuration."""
        numbered = (f for f in folders_with(tree, "up.sql", _UP) if _FOLDER.fullmatch(base_of(f)))
        return [folder for folder in sorted(set(map(folder_of, numbered))) if has_signs(tree, folder, _SIGNS)]

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the greatest number."""
        files: dict[str, list[MigrationFile]] = {"up.sql": [], "down.sql": []}
        for path in reading.tree.list_files(reading.path):
            name, _, rest = below(path, reading.path).partition("/")
            match = _FOLDER.fullmatch(name)
            if match is not None and rest in files:
                title = match["name"].replace("_", " ")
                files[rest].append(MigrationFile.numbered(path, match["id"], title))
        report_lone_downs(reading, files["up.sql"], files["down.sql"])
        return finish_linear(
            reading, add_files(reading, files["up.sql"]), looked_for="<number>_<name>/up.sql"
        )
