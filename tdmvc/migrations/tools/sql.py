"""Reads folders of numbered SQL files for which there is no other reader."""

import re
from collections import Counter
from typing import Final

from tdmvc.errors import ConfigError
from tdmvc.migrations.base import Reading
from tdmvc.migrations.linear import MigrationFile, add_files, files_below, finish_linear, natural_rank
from tdmvc.migrations.paths import base_of, below, folder_of, is_left_out
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

DEFAULT_PATTERN: Final = r"^(?P<id>\d+)[_-](?P<name>.*)\.sql$"

_DOWN: Final = (".down.sql", "_down.sql", ".undo.sql")
_MODULE: Final = re.compile(r"(?!__init__).*\.py")
_NUMBERED_MODULE: Final = re.compile(r"[0-9].*\.py|env\.py")
_FOLDERS: Final = frozenset({"migrate", "migration", "migrations", "schema_migrations", "sql_migrations"})


class SqlReader:
    """Reads SQL files that match a pattern; the last one in natural order is the head."""

    name = "sql"

    def detect(self, tree: FileTree) -> set[str]:
        """Find folders called `migrations` or similar that contain numbered SQL files and no migrations in Python."""
        pattern = re.compile(DEFAULT_PATTERN, re.DOTALL)
        named = (path for path in tree.list_files() if base_of(folder_of(path)).lower() in _FOLDERS)
        paths = [path for path in named if not is_left_out(path)]
        found = {folder_of(path) for path in paths if pattern.match(base_of(path)) and not _is_down(path)}
        scripts = Counter(folder_of(path) for path in paths if path.endswith(".sql"))
        modules = Counter(folder_of(path) for path in paths if _MODULE.fullmatch(base_of(path)))
        in_python = {folder_of(path) for path in paths if _NUMBERED_MODULE.fullmatch(base_of(path))}
        # A module or two next to the scripts help or run them.
        return {folder for folder in found - in_python if modules[folder] <= scripts[folder]}

    def read(self, reading: Reading) -> MigrationState:
        """Read the files whose path relative to the location matches its pattern from the start.

        Raises:
            ConfigError: the pattern is not a regular expression with a group `id`.
            MigrationsError: no file matches.
        """
        pattern = _compile_pattern(reading.location)
        files = []
        for path in files_below(reading.tree, reading.path):
            match = None if _is_down(path) else pattern.match(below(path, reading.path))
            if match is not None and (id_ := match["id"]):
                name = match.groupdict().get("name") or base_of(path).removesuffix(".sql")
                files.append(MigrationFile(path, id_, name.removesuffix(".up"), natural_rank(id_)))
        looked_for = f"files that match {reading.location.pattern or DEFAULT_PATTERN}"
        return finish_linear(reading, add_files(reading, files), looked_for=looked_for)


def _compile_pattern(location: MigrationLocation) -> re.Pattern[str]:
    text = location.pattern or DEFAULT_PATTERN
    try:
        # A file's name may even contain a line break.
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
            remedy=f"use a regular expression such as {DEFAULT_PATTERN}",
        )
    return pattern


def _is_down(path: str) -> bool:
    return path.lower().endswith(_DOWN)
