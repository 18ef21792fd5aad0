"""Reads Rails' migrations: numbered Ruby files, and a schema file that outlives them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_effects import code_effects
from tdmvc.migrations.code_tables import RAILS
from tdmvc.migrations.evidence import configured_folders, folders_with, marked_folders
from tdmvc.migrations.linear import MigrationFile, add_files, files_below, finish_linear, number_rank
from tdmvc.migrations.paths import ancestors, base_of, folder_of, inside
from tdmvc.migrations.schema_file import add_schema_versions, read_schema_file
from tdmvc.model.migration import Migration, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>[_a-z0-9]*)\.?(?P<engine>[_a-z0-9]*)\.rb")
_NUMBERED: Final = re.compile(r"[0-9].*_.*\.rb")
_MIGRATION: Final = re.compile(r"^[ \t]*class[ \t]+\S+[ \t]*<[ \t]*\S*Migration\b", re.MULTILINE)
_CONFIG: Final = re.compile(r"database\.yml")
_PATHS: Final = re.compile(
    r"^[ \t]*migrations_paths:(?P<values>[^#\n]*(?:\n[ \t]*-[ \t][^#\n]*){0,100})", re.MULTILINE
)
_AFTER_DEPLOY: Final = "post_migrate"
"""A folder next to `migrate` whose migrations run after a deployment and belong to the same history."""


class RailsReader:
    """Reads `db/migrate`, or the folder of another database, with the schema file next to it."""

    name = "rails"

    def detect(self, tree: FileTree) -> set[str]:
        """Find folders called `migrate` or `…_migrate` with migrations, or with a schema file that replaced them.

        Folders that a `config/database.yml` names may have any name.
        """
        files: dict[str, list[str]] = defaultdict(list)
        named = configured_folders(tree, _CONFIG, _migrations_paths)
        for folder, paths in folders_with(tree, ".rb", _FILE).items():
            above = (place for place in ancestors(folder) if place in named)
            if (root := next(above, None) or _root(folder)) is not None:
                files[root].extend(paths)
        found = set(marked_folders(tree, files, _MIGRATION))
        after_deploy = {inside(folder_of(f), _AFTER_DEPLOY) for f in found if base_of(f) == "migrate"}
        found -= after_deploy
        for folder in folders_with(tree, "schema.rb", re.compile(r"schema\.rb")):
            migrate = f"{folder}/migrate"
            if base_of(folder) == "db" and migrate not in files:
                found |= {migrate} if read_schema_file(tree, _schema_paths(migrate)) else set()
        return found

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder and its subfolders; its head is the greatest version of the files and the schema file."""
        paths = files_below(reading.tree, reading.path)
        if base_of(reading.path) == "migrate":
            paths += files_below(reading.tree, inside(folder_of(reading.path), _AFTER_DEPLOY))
        files = []
        for path in paths:
            match = _FILE.fullmatch(base_of(path))
            if match is not None:
                files.append(MigrationFile.numbered(path, match["id"], match["name"]))
            elif _NUMBERED.fullmatch(base_of(path)):
                fault = "has a name with more than small letters, digits and '_'; Rails would refuse it."
                reading.add_file_problem(path, fault)
        ranks = add_files(reading, files, tables=lambda path, text: RAILS.tables(text))
        _report_equal_names(reading, files)
        removed = add_schema_versions(reading, _schema_paths(reading.path))
        ranks.update({version: number_rank(version) for version in removed})
        return finish_linear(reading, ranks, looked_for="N_name.rb, or a schema file next to the folder")

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what the up migration of a script adds and removes."""
        return code_effects(migration, text, RAILS)


def _root(folder: str) -> str | None:
    """Return the folder of migrations that a folder is or is inside."""
    parts = folder.split("/")
    for position in range(len(parts), 0, -1):
        if parts[position - 1] == "migrate" or parts[position - 1].endswith("_migrate"):
            return "/".join(parts[:position])
    return None


def _migrations_paths(text: str) -> Iterator[str]:
    """Yield the `migrations_paths` of all databases, relative to `config`, except those of a template."""
    for found in _PATHS.finditer(text):
        for part in re.split(r"[,\n]", found["values"]):
            name = part.strip(" \t-[]\"'")
            if name and "<%" not in name:
                yield f"../{name}"


def _schema_paths(folder: str) -> list[str]:
    """Return the possible schema files of a folder: `db/animals_schema.rb` for `db/animals_migrate`."""
    above, name = folder_of(folder), base_of(folder)
    if name != "migrate" and not name.endswith("_migrate"):
        return []
    prefix = inside(above, name[: -len("migrate")])
    return [f"{prefix}schema.rb", f"{prefix}structure.sql"]


def _report_equal_names(reading: Reading, files: Iterable[MigrationFile]) -> None:
    """Report names that two migrations have: their classes would be the same, which Rails refuses."""
    first: dict[str, MigrationFile] = {}
    for file in files:
        class_name = "".join(map(str.capitalize, file.name.split("_")))
        other = first.setdefault(class_name, file)
        if other.id != file.id:
            message = f"{other.path} and {file.path} have the same name '{class_name}', which Rails refuses."
            reading.add_problem("duplicate-id", message, file.path)
