"""Reads node-pg-migrate's migrations: numbered scripts and SQL files."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_effects import code_effects
from tdmvc.migrations.code_tables import NODE_PG_MIGRATE
from tdmvc.migrations.evidence import ToolSigns, folders_with, has_signs, marked_folders
from tdmvc.migrations.linear import Rank, files_in, finish_linear, natural_rank, number_rank
from tdmvc.migrations.paths import base_of
from tdmvc.migrations.script_tools import script_folders
from tdmvc.migrations.scripts import script_sources
from tdmvc.migrations.sql_tables import sql_tables, up_sections
from tdmvc.model.migration import Migration, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree

_SQL: Final = re.compile(r"[0-9]+.*\.sql")
_MARKER: Final = re.compile(r"^[ \t]*--[ \t-]*(?P<way>up|down)[ \t]+migration", re.IGNORECASE | re.MULTILINE)
_SIGNS: Final = ToolSigns({"package.json": re.compile(r'"node-pg-migrate"\s*:')})
_NUMBER: Final = re.compile(r"[0-9]+")
_UTC_DIGITS: Final = 17
_EXPORTS: Final = re.compile(r"\b(?:up|down)\b")
_PUNCTUATION: Final = re.compile(r"[\W_]+")


class NodePgMigrateReader:
    """Reads a folder of scripts and SQL files, whose names begin with a time or an index."""

    name = "node-pg-migrate"

    def detect(self, tree: FileTree) -> set[str]:
        """Find folders of scripts that use node-pg-migrate, and of SQL files with its markers or in its projects."""
        folders = folders_with(tree, ".sql", _SQL)
        named = (folder for folder in folders if "migration" in base_of(folder).lower())
        found = {*script_folders(tree, self.name), *marked_folders(tree, folders, _MARKER)}
        return found | {folder for folder in named if has_signs(tree, folder, _SIGNS)}

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last file by number, then by name.

        The id is the file's name without its ending, as node-pg-migrate stores it. A number of 17 digits is a time in
        UTC, and counts as milliseconds, like the numbers of 13 digits.
        """
        files = files_in(reading.tree, reading.path)
        known = set(files)
        paths = {*script_sources(files), *(path for path in files if path.endswith(".sql"))}
        ranks: dict[str, Rank] = {}
        for path, text in reading.tree.read_texts(sorted(paths)):
            stem = base_of(path).rpartition(".")[0]
            if path.endswith(".down.sql") and path.replace(".down.sql", ".up.sql") in known:
                continue
            rank = _rank(base_of(path).replace(".up.sql", ".sql"))
            if rank is None:
                reading.add_file_problem(
                    path, "does not begin with a number; node-pg-migrate would refuse it."
                )
            elif not path.endswith(".sql") and _EXPORTS.search(text) is None:
                reading.add_file_problem(path, "exports no 'up'; node-pg-migrate would refuse it.")
            else:
                id_ = stem.removesuffix(".up")
                up, touches = _up_part(path, text)
                reading.add(Migration(id_, _title(id_), path, touches=touches), up)
                ranks[id_] = rank
        return finish_linear(reading, ranks, looked_for="N_name.js, N_name.ts or N_name.sql")

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what the up migration of a script adds and removes."""
        return code_effects(migration, text, NODE_PG_MIGRATE)


def _up_part(path: str, text: str) -> tuple[str, tuple[str, ...]]:
    """Return the up migration of a file, and the tables that it may affect."""
    if not path.endswith(".sql"):
        return text, NODE_PG_MIGRATE.tables(text)
    up = up_sections(text, _MARKER)
    text = text if up is None else up
    return text, sql_tables(text)


def _rank(name: str) -> Rank | None:
    """Return what a file's name is sorted by: number, then name without punctuation; None if it has no number."""
    number = _NUMBER.match(name)
    if number is None:
        return None
    digits = _milliseconds(number[0]) if len(number[0]) == _UTC_DIGITS else number[0]
    plain = _PUNCTUATION.sub("", name)
    return number_rank(digits), natural_rank(plain.lower()), plain.swapcase(), name


def _milliseconds(digits: str) -> str:
    try:
        time = datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return digits
    return f"{int(time.timestamp())}{digits[14:]}"


def _title(id_: str) -> str:
    return re.sub(r"^[0-9]+[_-]", "", id_).replace("_", " ").replace("-", " ") or id_
