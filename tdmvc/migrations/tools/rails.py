"""Knows how Rails keeps migrations: Ruby files named by a number, and a schema file beside that outlives them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.code_touches import RAILS
from tdmvc.migrations.evidence import configured_folders, folders_with, marked_folders
from tdmvc.migrations.layout import ancestors, base_of, folder_of, inside, join, plain_folder
from tdmvc.migrations.line import (
    LineFile,
    finish_line,
    folder_files_below,
    number_rank,
    plain_number,
    take_in,
)
from tdmvc.migrations.schema_file import read_schema_file, take_in_schema
from tdmvc.model.migration import MigrationLocation, MigrationProblem, MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>[_a-z0-9]*)\.?(?P<engine>[_a-z0-9]*)\.rb")
_NUMBERED: Final = re.compile(r"[0-9].*_.*\.rb")
_MIGRATION: Final = re.compile(r"^[ \t]*class[ \t]+\S+[ \t]*<[ \t]*\S*Migration\b", re.MULTILINE)
_CONFIG: Final = "database.yml"
_PATHS: Final = re.compile(
    r"^[ \t]*migrations_paths:(?P<values>[^#\n]*(?:\n[ \t]*-[ \t][^#\n]*){0,100})", re.MULTILINE
)
_AFTER_DEPLOY: Final = "post_migrate"
"""A folder beside `migrate` whose migrations run after a deployment, in the same history."""


class RailsReader:
    """Reads `db/migrate`, or the folder of another database, with the schema file beside."""

    name = "rails"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders called `migrate` or `…_migrate` that hold migrations, or whose schema file stands for them.

        Folders that a `config/database.yml` names may be called anything.
        """
        files: dict[str, list[str]] = defaultdict(list)
        named = configured_folders(tree, lambda name: name == _CONFIG, _named_folders)
        for folder, paths in folders_with(tree, ".rb", _FILE).items():
            above = (place for place in ancestors(folder) if place in named)
            if (root := next(above, None) or _root(folder)) is not None:
                files[root].extend(paths)
        found = set(marked_folders(tree, files, _MIGRATION))
        found -= {folder for folder in found if base_of(folder) == _AFTER_DEPLOY and _main(folder) in found}
        for folder in folders_with(tree, "schema.rb", re.compile(r"schema\.rb")):
            migrate = f"{folder}/migrate"
            if base_of(folder) == "db" and migrate not in files:
                found |= {migrate} if read_schema_file(tree, _schema_paths(migrate)) else set()
        return locations_at(self.name, sorted(found))

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a folder with all folders below; its head is the greatest version of the files and of the schema file.

        Raises:
            MigrationsError: neither a migration nor a schema file with a version is there.
        """
        reading = Reading(location)
        folder = plain_folder(location.path)
        paths = folder_files_below(tree, folder)
        if base_of(folder) == "migrate":
            paths += folder_files_below(tree, f"{folder[: -len('migrate')]}{_AFTER_DEPLOY}")
        files = []
        for path in paths:
            match = _FILE.fullmatch(base_of(path))
            if match is not None:
                id_ = plain_number(match["id"])
                files.append(LineFile(path, id_, match["name"], number_rank(id_)))
            elif _NUMBERED.fullmatch(base_of(path)):
                message = f"{path} is no name of small letters, digits and '_'; Rails would refuse it."
                reading.report("unreadable-file", message, path)
        ranks = take_in(reading, tree, files, tables=lambda path, text: RAILS.tables(text))
        reading.problems.extend(_same_names(files))
        schema = read_schema_file(tree, _schema_paths(folder))
        if schema is not None:
            ranks.update({version: number_rank(version) for version in take_in_schema(reading, schema)})
        return finish_line(reading, tree, ranks, looked_for="N_name.rb, or a schema file beside")


def _root(folder: str) -> str | None:
    """Return the folder of migrations that a folder is or lies in."""
    parts = folder.split("/")
    for position in range(len(parts), 0, -1):
        if parts[position - 1] == "migrate" or parts[position - 1].endswith("_migrate"):
            return "/".join(parts[:position])
    return None


def _named_folders(path: str, text: str) -> Iterator[str | None]:
    """Yield the `migrations_paths` of all databases; what a template computes stays unknown."""
    application = folder_of(folder_of(path))
    for found in _PATHS.finditer(text):
        for part in re.split(r"[,\n]", found["values"]):
            name = part.strip(" \t-[]\"'")
            if name and "<%" not in name:
                yield join(application, name)


def _main(folder: str) -> str:
    return inside(folder_of(folder), "migrate")


def _schema_paths(folder: str) -> list[str]:
    """Return where the schema of a folder's database may lie: `db/animals_schema.rb` for `db/animals_migrate`."""
    above, name = folder_of(folder), base_of(folder)
    if name != "migrate" and not name.endswith("_migrate"):
        return []
    prefix = inside(above, name[: -len("migrate")])
    return [f"{prefix}schema.rb", f"{prefix}structure.sql"]


def _same_names(files: list[LineFile]) -> list[MigrationProblem]:
    """Report names that two migrations have, for their classes would be one; Rails refuses that."""
    seen: dict[str, LineFile] = {}
    problems = []
    for file in files:
        class_name = "".join(map(str.capitalize, file.name.split("_")))
        other = seen.setdefault(class_name, file)
        if other.id != file.id:
            message = f"{other.path} and {file.path} have the same name '{class_name}', which Rails refuses."
            problems.append(MigrationProblem("duplicate-id", message, file.path))
    return problems
