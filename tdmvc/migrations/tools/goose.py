"""Knows how goose keeps migrations: SQL files with marks and Go files, named by a number."""

import re
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.code_touches import go_tables
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.layout import base_of, plain_folder
from tdmvc.migrations.line import LineFile, folder_files, number_rank, plain_number, read_line
from tdmvc.migrations.sql_sections import up_sections
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>.*)\.(?:sql|go)")
_MARK: Final = re.compile(r"^[ \t]*--[ \t]*\+goose[ \t]+(?P<way>up|down)\b", re.IGNORECASE | re.MULTILINE)
_TELLING: Final = re.compile(
    r"^[ \t]*--[ \t]*\+goose[ \t]+\w|\bgoose\.Add(?:Named)?Migration|pressly/goose", re.MULTILINE
)
_MAX: Final = number_rank(str(2**63 - 1))


class GooseReader:
    """Reads a folder of numbered SQL and Go files, of a sequence and of timestamps alike."""

    name = "goose"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders with numbered SQL files that carry goose's marks, or Go files that call it."""
        found = folders_with(tree, (".sql", ".go"), _FILE)
        files = {folder: [p for p in paths if not p.endswith("_test.go")] for folder, paths in found.items()}
        folders = marked_folders(tree, files, _TELLING)
        return locations_at(self.name, folders)

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a folder; its head is the greatest number.

        Raises:
            MigrationsError: no numbered file is there.
        """
        reading = Reading(location)
        files = []
        for path in folder_files(tree, plain_folder(location.path)):
            name = base_of(path)
            match = None if name.endswith("_test.go") else _FILE.fullmatch(name)
            if match is not None and number_rank("0") < number_rank(match["id"]) <= _MAX:
                id_ = plain_number(match["id"])
                files.append(LineFile(path, id_, match["name"], number_rank(id_)))
            elif match is not None or name.endswith(".sql"):
                message = f"{path} does not begin with a number above zero and '_'; goose would refuse it."
                reading.report("unreadable-file", message, path)

        def up_part(path: str, text: str) -> str:
            up = up_sections(text, _MARK) if path.endswith(".sql") else text
            if up is None:
                message = f"{path} has no '-- +goose Up'; goose would refuse it."
                reading.report("unreadable-file", message, path)
            return text if up is None else up

        return read_line(
            reading,
            tree,
            files,
            looked_for="N_name.sql or N_name.go",
            up_part=up_part,
            tables=lambda path, text: sql_tables(text) if path.endswith(".sql") else go_tables(text),
        )
