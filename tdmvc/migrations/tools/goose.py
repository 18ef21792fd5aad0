"""Reads goose's migrations: numbered SQL files with markers, and numbered Go files."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import go_tables
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.linear import MigrationFile, add_files, files_in, finish_linear, number_rank
from tdmvc.migrations.paths import base_of
from tdmvc.migrations.sql_tables import sql_tables, up_sections
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>.*)\.(?:sql|go)(?<!_test\.go)")
_MARKER: Final = re.compile(r"^[ \t]*--[ \t]*\+goose[ \t]+(?P<way>up|down)\b", re.IGNORECASE | re.MULTILINE)
_SIGN: Final = re.compile(
    r"^[ \t]*--[ \t]*\+goose[ \t]+\w|\bgoose\.Add(?:Named)?Migration|pressly/goose", re.MULTILINE
)
_MAX: Final = number_rank(str(2**63 - 1))


class GooseReader:
    """Reads a folder of SQL and Go files that are numbered in sequence or by timestamps."""

    name = "goose"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders with numbered SQL files that contain goose's markers, or Go files that call it."""
        return marked_folders(tree, folders_with(tree, (".sql", ".go"), _FILE), _SIGN)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the greatest number."""
        files = []
        for path in files_in(reading.tree, reading.path):
            match = _FILE.fullmatch(base_of(path))
            if match is not None and number_rank("0") < number_rank(match["id"]) <= _MAX:
                files.append(MigrationFile.numbered(path, match["id"], match["name"]))
            elif match is not None or path.endswith(".sql"):
                reading.add_file_problem(
                    path, "does not begin with a positive number and '_'; goose would refuse it."
                )

        def up_part(path: str, text: str) -> str:
            up = up_sections(text, _MARKER) if path.endswith(".sql") else text
            if up is None:
                reading.add_file_problem(path, "has no '-- +goose Up'; goose would refuse it.")
            return text if up is None else up

        ranks = add_files(
            reading,
            files,
            up_part=up_part,
            tables=lambda path, text: sql_tables(text) if path.endswith(".sql") else go_tables(text),
        )
        return finish_linear(reading, ranks, looked_for="N_name.sql or N_name.go")
