"""Reads dbmate's migrations: SQL files that begin with digits and mark their up and down sections."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.linear import MigrationFile, add_files, files_in, finish_linear
from tdmvc.migrations.paths import base_of, folder_of, inside
from tdmvc.migrations.schema_file import add_schema_versions
from tdmvc.migrations.sql_tables import up_sections
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)(?P<name>.*)\.sql")
_MARKER: Final = re.compile(r"^--[ \t]*migrate:(?P<way>up|down)\b", re.MULTILINE)


class DbmateReader:
    """Reads a folder of SQL files whose names begin with digits."""

    name = "dbmate"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders with numbered SQL files that contain dbmate's markers."""
        return marked_folders(tree, folders_with(tree, ".sql", _FILE), _MARKER)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; the head is the last file by name, because dbmate compares text and not numbers."""
        matches = ((path, _FILE.fullmatch(base_of(path))) for path in files_in(reading.tree, reading.path))
        files = [
            MigrationFile(path, match["id"], match["name"].strip("_-"), base_of(path))
            for path, match in matches
            if match is not None
        ]

        def up_part(path: str, text: str) -> str:
            if (why := _why_refused(text)) is not None:
                reading.add_file_problem(path, f"{why}; dbmate would refuse it.")
            up = up_sections(text, _MARKER)
            return text if up is None else up

        ranks = add_files(reading, files, up_part=up_part)
        schemas = [inside(folder_of(reading.path), "schema.sql")] if reading.path else []
        ranks.update({version: version for version in add_schema_versions(reading, schemas)})
        return finish_linear(reading, ranks, looked_for="N_name.sql")


def _why_refused(text: str) -> str | None:
    """Return why dbmate refuses a text: up and down must alternate, with no statement before them."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    found = list(_MARKER.finditer(plain))
    ways = [marker["way"] for marker in found]
    if "up" not in ways:
        return "has no '-- migrate:up'"
    if ways != ["up", "down"] * (len(ways) // 2):
        return "does not have one '-- migrate:down' after each '-- migrate:up'"
    before = (line.lstrip() for line in plain[: found[0].start()].split("\n"))
    if any(line and not line.startswith("--") for line in before):
        return "has a statement before '-- migrate:up'"
    return None
