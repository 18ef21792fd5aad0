"""Knows how golang-migrate keeps migrations: a file for the way up and one for the way down, named by a number."""

import re
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.evidence import folders_with
from tdmvc.migrations.layout import base_of, plain_folder
from tdmvc.migrations.line import LineFile, folder_files, number_rank, plain_number, read_line
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import MigrationLocation, MigrationProblem, MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>.*)\.(?P<way>up|down)\.(?P<ending>.*)")
_SQL_UP: Final = re.compile(r"[0-9]+_.*\.up\.(?:sql|pgsql|psql|mysql|cql|cypher|json|js)")
_ENDINGS: Final = (".sql", ".pgsql", ".psql", ".mysql", ".cql", ".cypher", ".json", ".js")
_MAX: Final = number_rank(str(2**64 - 1))


class GolangMigrateReader:
    """Reads a folder of `N_name.up.sql` and `N_name.down.sql`, or of another database's endings."""

    name = "golang-migrate"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders with files of these names; a tool that knows more of a folder goes before."""
        folders = folders_with(tree, _ENDINGS, _SQL_UP)
        return locations_at(self.name, folders)

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a folder; its head is the greatest number.

        A number with a way down alone is a migration all the same: golang-migrate steps
        over it with nothing to do.

        Raises:
            MigrationsError: no such file is there.
        """
        reading = Reading(location)
        ways: dict[str, list[LineFile]] = {"up": [], "down": []}
        for path in folder_files(tree, plain_folder(location.path)):
            match = _FILE.fullmatch(base_of(path))
            if match is None:
                continue
            if number_rank(match["id"]) > _MAX:
                message = f"The number of {path} is too great for golang-migrate, which leaves the file out."
                reading.report("unreadable-file", message, path)
                continue
            id_ = plain_number(match["id"])
            ways[match["way"]].append(LineFile(path, id_, match["name"], number_rank(id_)))
        has_up = {file.id for file in ways["up"]}
        alone = [file for file in ways["down"] if file.id not in has_up]
        for file in alone:
            reading.report("gap", f"Migration {file.id} has a way down and none up.", file.path)
        reading.problems.extend(_several_downs(ways["down"], {file.id for file in alone}))
        empty = {file.path for file in alone}
        return read_line(
            reading,
            tree,
            [*ways["up"], *alone],
            looked_for="N_name.up.sql",
            up_part=lambda path, text: "" if path in empty else text,
            tables=lambda path, text: () if path.endswith((".json", ".js")) else sql_tables(text),
        )


def _several_downs(files: list[LineFile], counted: set[str]) -> list[MigrationProblem]:
    """Report numbers with two ways down, which golang-migrate refuses; `counted` are reported as migrations."""
    seen: dict[str, str] = {}
    problems = []
    for file in files:
        other = seen.setdefault(file.id, file.path)
        if other != file.path and file.id not in counted:
            message = f"{other} and {file.path} both lead down from {file.id}."
            problems.append(MigrationProblem("duplicate-id", message, file.path))
    return problems
