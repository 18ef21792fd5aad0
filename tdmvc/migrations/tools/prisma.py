"""Reads Prisma's migrations: folders that are named by a time and contain a migration.sql."""

import re
import unicodedata
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.checksums import digests
from tdmvc.migrations.evidence import configured_folders
from tdmvc.migrations.linear import finish_listed
from tdmvc.migrations.paths import base_of, below, folder_of, inside, own_files
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.tree import FileTree

SCRIPT: Final = "migration.sql"
LOCK: Final = "migration_lock.toml"

_CONFIG: Final = re.compile(r"prisma\.config\.(?:[cm]?[jt]s)")
_CONFIGURED: Final = re.compile(r"\bmigrations\s*:\s*\{[^{}]{0,500}?\bpath\s*:\s*[\"'`]([^\"'`\n]{1,300})")
_TIME: Final = re.compile(r"^[0-9]{14}_?")
_COLLATION: Final = str.maketrans(
    {char: chr(rank) for rank, char in enumerate(" _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789", start=1)}
)
"""Ranks of the characters that Unicode's collation sorts before letters."""


class PrismaReader:
    """Reads a folder `migrations` of Prisma; the last one by name is the head."""

    name = "prisma"

    def detect(self, tree: FileTree) -> set[str]:
        """Find folders with Prisma's lock file, next to a schema, or named by a configuration."""
        paths = own_files(tree)
        with_scripts = {folder_of(folder_of(path)) for path in paths if base_of(path) == SCRIPT}
        found = {folder_of(path) for path in paths if base_of(path) == LOCK}
        for schema in paths:
            if schema.endswith(".prisma"):
                # The schema may be split into several files, in a folder next to the migrations.
                folder = folder_of(schema)
                found |= {inside(folder, "migrations"), inside(folder_of(folder), "migrations")}
        found |= configured_folders(tree, _CONFIG, _CONFIGURED.findall)
        return found & with_scripts

    def read(self, reading: Reading) -> MigrationState:
        """Read a location that is a folder of migrations, or the folder above it with the schema."""
        folder = _migrations_folder(reading.tree, reading.path)
        files = reading.tree.list_files(folder)
        # Prisma compares the names in JavaScript since it lists folders there.
        names = {below(path, folder).partition("/")[0] for path in files if folder_of(path) != folder}
        scripts = [inside(folder, f"{name}/{SCRIPT}") for name in sorted(names, key=locale_rank)]
        missing = set(scripts).difference(files)
        if len(missing) == len(scripts):
            raise reading.nothing_found(f"<time>_<name>/{SCRIPT}")
        for path in sorted(missing):
            fault = f"has no {SCRIPT}; Prisma would stop there. Restore it, or remove the folder."
            reading.add_file_problem(folder_of(path), fault)
        for path, text in reading.tree.read_texts(path for path in scripts if path not in missing):
            id_ = base_of(folder_of(path))
            touches, checksums = sql_tables(text), digests(text, "sha256")
            reading.add(Migration(id_, title_of(id_), path, touches=touches, checksums=checksums), text)
        return finish_listed(reading)


def title_of(name: str) -> str:
    """Return a folder's name for people, without its time."""
    return _TIME.sub("", name).replace("_", " ") or name


def _migrations_folder(tree: FileTree, folder: str) -> str:
    if base_of(folder) == LOCK or folder.endswith(".prisma"):
        folder = folder_of(folder)
    for place in (folder, inside(folder, "migrations"), inside(folder, "prisma/migrations")):
        scripts = (path for path in tree.list_files(place) if base_of(path) == SCRIPT)
        if any(folder_of(folder_of(path)) == place for path in scripts):
            return place
    return folder


def locale_rank(name: str) -> tuple[str, list[str], str]:
    """Return what JavaScript's `localeCompare` sorts a name by: letters, then accents, then case.

    This holds for English and most languages with Latin letters.
    """
    letters: list[str] = []
    accents: list[str] = []
    for char in unicodedata.normalize("NFD", name):
        if letters and unicodedata.combining(char):
            accents[-1] += char
        else:
            letters.append(char)
            accents.append("")
    plain = "".join(letters)
    while accents and not accents[-1]:
        accents.pop()
    return plain.lower().translate(_COLLATION), accents, plain.swapcase()
