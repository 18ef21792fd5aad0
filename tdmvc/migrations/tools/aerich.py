"""Reads aerich's migrations for Tortoise ORM: numbered Python files, in older versions SQL files."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import TablePatterns
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.linear import MigrationFile, add_files, files_in, finish_linear, number_rank
from tdmvc.migrations.paths import base_of
from tdmvc.migrations.sql_tables import sql_tables, up_sections
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>.*)\.(?:py|sql)", re.DOTALL)
_UPGRADE: Final = re.compile(r"^(?:async[ \t]+)?def[ \t]+upgrade\b", re.MULTILINE)
_MARKER: Final = re.compile(r"^[ \t]*--[ \t]*(?P<way>up|down)grade[ \t]*--", re.IGNORECASE | re.MULTILINE)
_SIGN: Final = re.compile(
    rf"\bBaseDBAsyncClient\b|^[ \t]*async[ \t]+def[ \t]+upgrade\(|{_MARKER.pattern}", re.MULTILINE
)
_TIME: Final = re.compile(r"^[0-9]{14}_")
_TABLES: Final = TablePatterns(
    _UPGRADE, re.compile(r"^(?:(?:async[ \t]+)?def[ \t]+downgrade\b|MODELS_STATE\b)", re.MULTILINE)
)


class AerichReader:
    """Reads the folder of one application, such as `migrations/models`."""

    name = "aerich"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of numbered files with aerich's functions or markers."""
        return marked_folders(tree, folders_with(tree, (".py", ".sql"), _FILE), _SIGN)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last file by number.

        The id is the file's name with its ending, as aerich stores it. Files without a number do not count.
        """
        files = []
        for path in files_in(reading.tree, reading.path):
            match = _FILE.fullmatch(base_of(path))
            if match is not None:
                title = _TIME.sub("", match["name"]).replace("_", " ") or match["id"]
                rank = (number_rank(match["id"]), base_of(path))
                files.append(MigrationFile(path, base_of(path), title, rank))
        without_upgrade: list[str] = []

        def up_part(path: str, text: str) -> str:
            if path.endswith(".py") and _UPGRADE.search(text) is None:
                without_upgrade.append(path)
            return (up_sections(text, _MARKER) if path.endswith(".sql") else None) or text

        ranks = add_files(
            reading,
            files,
            up_part=up_part,
            tables=lambda path, text: sql_tables(text) if path.endswith(".sql") else _TABLES.tables(text),
        )
        for path in without_upgrade:
            reading.add_file_problem(path, "defines no 'upgrade'; aerich would refuse it.")
        return finish_linear(reading, ranks, looked_for="<number>_<time>_<name>.py")
