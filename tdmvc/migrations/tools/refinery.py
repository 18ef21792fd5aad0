"""Reads refinery's migrations: SQL files and Rust modules that are named by a version."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import TablePatterns
from tdmvc.migrations.evidence import crate_signs, folders_with, has_signs
from tdmvc.migrations.linear import MigrationFile, add_files, files_below, finish_linear
from tdmvc.migrations.paths import base_of, outermost
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"[UV](?P<id>[0-9]+)__(?P<name>\w+)\.(?:sql|rs)")
_NEARLY: Final = re.compile(r"[UV][0-9].*\.(?:sql|rs)")
_SIGNS: Final = crate_signs(r"(?:[\w-]{1,50}-)?refinery", files=frozenset({"refinery.toml"}))
_NEVER: Final = re.compile(r"(?!)")
_TABLES: Final = TablePatterns(
    _NEVER,
    _NEVER,
    (
        re.compile(
            r"\.(?:create|change|drop)_table(?:_if_(?:not_)?exists)?\(\s*\"([^\"\n]{1,200})\""
            r"|\.rename_table(?:_if_exists)?\(\s*\"([^\"\n]{1,200})\"\s*,\s*\"([^\"\n]{1,200})\""
        ),
    ),
)


class RefineryReader:
    """Reads a folder of `V1__name.sql`, `V1__name.rs` and `U1__name.sql`, and its subfolders."""

    name = "refinery"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of versioned Rust modules, or of versioned SQL files in projects that use refinery."""
        folders = folders_with(tree, (".sql", ".rs"), _FILE)
        return outermost(
            folder
            for folder, paths in folders.items()
            if any(path.endswith(".rs") for path in paths) or has_signs(tree, folder, _SIGNS)
        )

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the greatest version.

        `U` is an up migration too, which may come out of order.
        """
        files = []
        for path in files_below(reading.tree, reading.path):
            match = _FILE.fullmatch(base_of(path))
            if match is not None:
                files.append(MigrationFile.numbered(path, match["id"], match["name"].replace("_", " ")))
            elif _NEARLY.fullmatch(base_of(path)):
                reading.add_file_problem(path, "is not named V<number>__<name>; refinery ignores it.")
        ranks = add_files(
            reading,
            files,
            tables=lambda path, text: sql_tables(text) if path.endswith(".sql") else _TABLES.tables(text),
        )
        return finish_linear(reading, ranks, looked_for="V<number>__<name>.sql or .rs")
