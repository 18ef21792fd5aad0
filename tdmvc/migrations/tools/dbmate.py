"""Knows how dbmate keeps migrations: one SQL file each, named by digits, both ways behind marks."""

import re
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.layout import base_of, folder_of, inside, plain_folder
from tdmvc.migrations.line import LineFile, finish_line, folder_files, take_in
from tdmvc.migrations.schema_file import read_schema_file, take_in_schema
from tdmvc.migrations.sql_sections import up_sections
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)(?P<name>.*)\.sql")
_MARK: Final = re.compile(r"^--[ \t]*migrate:(?P<way>up|down)\b", re.MULTILINE)


class DbmateReader:
    """Reads a folder of SQL files whose names begin with digits."""

    name = "dbmate"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders with numbered SQL files that carry dbmate's marks."""
        folders = marked_folders(tree, folders_with(tree, ".sql", _FILE), _MARK)
        return locations_at(self.name, folders)

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a folder; the head is the last file by name, for dbmate compares texts and not numbers.

        Raises:
            MigrationsError: no SQL file there begins with a digit.
        """
        reading = Reading(location)
        folder = plain_folder(location.path)
        files = []
        for path in folder_files(tree, folder):
            if match := _FILE.fullmatch(base_of(path)):
                files.append(LineFile(path, match["id"], match["name"].strip("_-"), base_of(path)))

        def up_part(path: str, text: str) -> str:
            up = up_sections(text, _MARK)
            if (why := _why_refused(text)) is not None:
                reading.report("unreadable-file", f"{path} {why}; dbmate would refuse it.", path)
            return text if up is None else up

        ranks = take_in(reading, tree, files, up_part=up_part)
        above = folder_of(folder)
        schema = read_schema_file(tree, [inside(above, "schema.sql")] if folder else [])
        if schema is not None:
            ranks.update({version: version for version in take_in_schema(reading, schema)})
        return finish_line(reading, tree, ranks, looked_for="N_name.sql")


def _why_refused(text: str) -> str | None:
    """Return why dbmate refuses a text: ways up and down take turns, and no statement stands before them."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    found = list(_MARK.finditer(plain))
    ways = [mark["way"] for mark in found]
    if "up" not in ways:
        return "has no '-- migrate:up'"
    if ways != ["up", "down"] * (len(ways) // 2):
        return "does not lead from each '-- migrate:up' to one '-- migrate:down'"
    before = (line.lstrip() for line in plain[: found[0].start()].split("\n"))
    if any(line and not line.startswith("--") for line in before):
        return "has a statement before '-- migrate:up'"
    return None
