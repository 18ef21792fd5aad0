"""Knows how to read a folder of numbered SQL files that no tool of its own owns."""

import re
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import Final

from tdmvc.errors import ConfigError
from tdmvc.migrations.base import Reading, nothing_found
from tdmvc.migrations.graph import chain, find_duplicates
from tdmvc.migrations.layout import base_of, below, folder_of, is_left_out, plain_folder
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import Migration, MigrationLocation, MigrationProblem, MigrationState
from tdmvc.model.tree import FileTree

DEFAULT_PATTERN: Final = r"^(?P<id>\d+)[_-](?P<name>.*)\.sql$"

_DOWN: Final = (".down.sql", "_down.sql", ".undo.sql")
_FOLDERS: Final = frozenset({"migrate", "migration", "migrations", "schema_migrations", "sql_migrations"})


class SqlReader:
    """Reads SQL files by a declared pattern; the last one in natural order is the head."""

    name = "sql"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders called `migrations` (and kin) that hold numbered SQL files and no Python."""
        pattern = re.compile(DEFAULT_PATTERN)
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
        reading = Reading(location)
        pattern = _compiled(location)
        folder = plain_folder(location.path)
        matches: dict[str, re.Match[str]] = {}
        for path in tree.list_files(folder):
            inside = below(path, folder)
            match = None if _is_down(path) or is_left_out(inside) else pattern.match(inside)
            if match is not None and match["id"]:
                matches[path] = match
        for path, text in tree.read_texts(matches):
            name = matches[path].groupdict().get("name") or base_of(path).removesuffix(".sql")
            migration = Migration(
                matches[path]["id"], name.removesuffix(".up"), path, touches=sql_tables(text)
            )
            reading.add(migration, text)
        if not reading.migrations:
            raise nothing_found(tree, location, f"files that match {location.pattern or DEFAULT_PATTERN}")
        ordered = sorted(reading.migrations, key=lambda m: (natural(m.id), m.id, m.path))
        reading.problems.extend(find_duplicates(ordered) or _same_numbers(ordered))
        before = chain(ordered)
        in_line = [replace(m, parents=before[m.id]) for m in ordered]
        return reading.finish(in_line, [ordered[-1].id], is_linear=True)


def natural(id_: str) -> tuple[tuple[int, str], ...]:
    """Return what an id sorts by: numbers as numbers, before texts."""
    parts = re.split(r"([0-9]+)", id_)
    # A number sorts by its length without zeros and its digits: however long, it costs no big integer.
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if part.isdigit() else (1 << 30, part)
        for part in parts
        if part
    )


def _compiled(location: MigrationLocation) -> re.Pattern[str]:
    text = location.pattern or DEFAULT_PATTERN
    try:
        pattern = re.compile(text)
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


def _same_numbers(ordered: list[Migration]) -> list[MigrationProblem]:
    """Report ids that are one number though they are written differently (7 and 007)."""
    return [
        MigrationProblem("duplicate-id", f"{old.path} and {new.path} have the same number.", new.path)
        for old, new in pairwise(ordered)
        if old.id != new.id and natural(old.id) == natural(new.id)
    ]
