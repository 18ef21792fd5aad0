"""Reads golang-migrate's migrations: numbered pairs of up and down files."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.evidence import folders_with
from tdmvc.migrations.linear import (
    MigrationFile,
    add_files,
    files_in,
    finish_linear,
    number_rank,
    report_lone_downs,
)
from tdmvc.migrations.paths import base_of
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>.*)\.(?P<way>up|down)\.(?P<ending>.*)")
_SQL_UP: Final = re.compile(r"[0-9]+_.*\.up\.(?:sql|pgsql|psql|mysql|cql|cypher|json|js)")
_ENDINGS: Final = (".sql", ".pgsql", ".psql", ".mysql", ".cql", ".cypher", ".json", ".js")
_MAX: Final = number_rank(str(2**64 - 1))


class GolangMigrateReader:
    """Reads a folder of `N_name.up.sql` and `N_name.down.sql`, or of another database's endings."""

    name = "golang-migrate"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders with files of these names; a tool that recognises more of a folder takes precedence."""
        return list(folders_with(tree, _ENDINGS, _SQL_UP))

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the greatest number.

        A number that has only a down migration counts too: golang-migrate steps over it and does nothing.
        """
        files: dict[str, list[MigrationFile]] = {"up": [], "down": []}
        for path in files_in(reading.tree, reading.path):
            match = _FILE.fullmatch(base_of(path))
            if match is not None and number_rank(match["id"]) > _MAX:
                reading.add_file_problem(
                    path, "has a number that is too large; golang-migrate ignores the file."
                )
            elif match is not None:
                files[match["way"]].append(MigrationFile.numbered(path, match["id"], match["name"]))
        alone = report_lone_downs(reading, files["up"], files["down"])
        _report_equal_downs(reading, files["down"], {file.id for file in alone})
        empty = {file.path for file in alone}
        ranks = add_files(
            reading,
            [*files["up"], *alone],
            up_part=lambda path, text: "" if path in empty else text,
            tables=lambda path, text: () if path.endswith((".json", ".js")) else sql_tables(text),
        )
        return finish_linear(reading, ranks, looked_for="N_name.up.sql")


def _report_equal_downs(reading: Reading, files: list[MigrationFile], counted: set[str]) -> None:
    """Report numbers with two down migrations, which golang-migrate refuses, unless they are `counted`."""
    first: dict[str, str] = {}
    for file in files:
        other = first.setdefault(file.id, file.path)
        if other != file.path and file.id not in counted:
            message = f"{other} and {file.path} are both down migrations of {file.id}."
            reading.add_problem("duplicate-id", message, file.path)
