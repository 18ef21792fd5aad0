"""Knows how to read a folder of numbered SQL files that no tool of its own owns."""

import re
from collections import defaultdict
from typing import Final

from tdmvc.errors import ConfigError
from tdmvc.migrations.base import Reading
from tdmvc.migrations.layout import base_of, below, folder_of, is_left_out, plain_folder
from tdmvc.migrations.line import LineFile, folder_files_below, natural, read_line
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

DEFAULT_PATTERN: Final = r"^(?P<id>\d+)[_-](?P<name>.*)\.sql$"

_DOWN: Final = (".down.sql", "_down.sql", ".undo.sql")
_FOLDERS: Final = frozenset({"migrate", "migration", "migrations", "schema_migrations", "sql_migrations"})


class SqlReader:
    """Reads SQL files by a declared pattern; the last one in natural order is the head."""

    name = "sql"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders called `migrations` (and kin) that hold numbered SQL files and no Python."""
        pattern = re.compile(DEFAULT_PATTERN, re.DOTALL)
        counts: dict[str, int] = defaultdict(int)
        with_python = set()
        for path in tree.list_files():
            folder = folder_of(path)
            if base_of(folder).lower() not in _FOLDERS or is_left_out(path):
                continue
            if path.endswith(".py"):
                with_python.add(folder)
            elif pattern.match(base_of(path)) and not _is_down(path):
                counts[folder] += 1
        return [MigrationLocation(self.name, self.name, f) for f in sorted(counts) if f not in with_python]

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read the files whose path relative to the location matches its pattern from the start.

        Raises:
            ConfigError: the pattern is not a regular expression with a group `id`.
            MigrationsError: no file matches.
        """
        pattern = _compiled(location)
        folder = plain_folder(location.path)
        files = []
        for path in folder_files_below(tree, folder):
            match = None if _is_down(path) else pattern.match(below(path, folder))
            if match is not None and (id_ := match["id"]):
                name = match.groupdict().get("name") or base_of(path).removesuffix(".sql")
                files.append(LineFile(path, id_, name.removesuffix(".up"), natural(id_)))
        looked_for = f"files that match {location.pattern or DEFAULT_PATTERN}"
        return read_line(Reading(location), tree, files, looked_for=looked_for)


def _compiled(location: MigrationLocation) -> re.Pattern[str]:
    text = location.pattern or DEFAULT_PATTERN
    try:
        # Even a line break may stand in a file's name.
        pattern = re.compile(text, re.DOTALL)
    except re.error as error:
        why, pattern = str(error), None
    else:
        why = "it has no group named `id`"
    if pattern is None or "id" not in pattern.groupindex:
        raise ConfigError.at(
            f"The pattern of migration location '{location.name}' cannot be used: {why}.",
            "tdmvc.yaml",
            key=f"migrations, {location.name}, pattern",
            remedy=f"give a regular expression such as {DEFAULT_PATTERN}",
        )
    return pattern


def _is_down(path: str) -> bool:
    return path.lower().endswith(_DOWN)
