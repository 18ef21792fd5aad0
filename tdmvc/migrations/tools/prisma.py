"""Knows how Prisma keeps migrations: a folder each, named by time, with a migration.sql."""

import re
from typing import Final

from tdmvc.migrations.base import Reading, locations_at, nothing_found
from tdmvc.migrations.collation import locale_rank
from tdmvc.migrations.layout import base_of, below, folder_of, inside, is_left_out, join, plain_folder
from tdmvc.migrations.listed import finish_listed
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

SCRIPT: Final = "migration.sql"
LOCK: Final = "migration_lock.toml"

_CONFIG: Final = re.compile(r"prisma\.config\.(?:[cm]?[jt]s)")
_CONFIGURED: Final = re.compile(r"\bmigrations\s*:\s*\{[^{}]{0,500}?\bpath\s*:\s*[\"'`]([^\"'`\n]{1,300})")
_TIME: Final = re.compile(r"^[0-9]{14}_?")


class PrismaReader:
    """Reads a folder `migrations` of Prisma; the last one by name is the head."""

    name = "prisma"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders with Prisma's lock file, those beside a schema, and those that a configuration names."""
        paths = [path for path in tree.list_files() if not is_left_out(path)]
        with_scripts = {folder_of(folder_of(path)) for path in paths if base_of(path) == SCRIPT}
        found = {folder_of(path) for path in paths if base_of(path) == LOCK}
        found.update(beside for path in paths if path.endswith(".prisma") for beside in _beside(path))
        configs = [path for path in paths if _CONFIG.fullmatch(base_of(path))]
        for path, text in tree.read_texts(configs):
            if (match := _CONFIGURED.search(text)) and (named := join(folder_of(path), match[1])) is not None:
                found.add(named)
        return locations_at(self.name, sorted(found & with_scripts))

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a location that is a folder of migrations, or the folder above it that holds the schema.

        Raises:
            MigrationsError: no migration is there.
        """
        reading = Reading(location)
        folder = _folder(tree, plain_folder(location.path))
        files = tree.list_files(folder)
        present = set(files)
        scripts = {name: inside(folder, f"{name}/{SCRIPT}") for name in _names(files, folder)}
        missing = {name for name, path in scripts.items() if path not in present}
        if len(missing) == len(scripts):
            raise nothing_found(tree, location, f"<time>_<name>/{SCRIPT}")
        for name in sorted(missing):
            path = folder_of(scripts[name])
            message = f"{path} has no {SCRIPT}; Prisma would stop there. Restore it, or remove the folder."
            reading.report("unreadable-file", message, path)
        for path, text in tree.read_texts(path for name, path in scripts.items() if name not in missing):
            id_ = base_of(folder_of(path))
            reading.add(Migration(id_, title(id_), path, touches=sql_tables(text)), text)
        return finish_listed(reading)


def title(name: str) -> str:
    """Return what the name of a folder says for people, without its time."""
    return _TIME.sub("", name).replace("_", " ") or name


def _names(files: list[str], folder: str) -> list[str]:
    """Return the folders that lie in a folder, as Prisma compares their names since it lists them in JavaScript."""
    split = (below(path, folder).split("/") for path in files)
    return sorted({parts[0] for parts in split if len(parts) > 1}, key=locale_rank)


def _beside(schema: str) -> list[str]:
    """Return where the migrations of a schema lie: beside it, or above the folder of several schema files."""
    folder = folder_of(schema)
    return [inside(place, "migrations") for place in (folder, folder_of(folder))]


def _folder(tree: FileTree, folder: str) -> str:
    """Return the folder of migrations that a location means."""
    if base_of(folder) == LOCK or folder.endswith(".prisma"):
        folder = folder_of(folder)
    for place in (folder, inside(folder, "migrations"), inside(folder, "prisma/migrations")):
        scripts = (path for path in tree.list_files(place) if base_of(path) == SCRIPT)
        if any(folder_of(folder_of(path)) == place for path in scripts):
            return place
    return folder
