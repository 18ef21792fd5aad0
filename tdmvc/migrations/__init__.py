"""Reads which schema an application has from its migration files, without ever running them.

A reader for each tool turns a tree of files (a Git revision or the work tree) into a
`MigrationState`: the heads, the migrations in an order in which they can be applied,
a digest that changes when a migration is edited, and the problems of the history. Python is
read as a syntax tree and SQL as text; no application code is imported. To add a tool,
write its file in `tools/` and add its reader to `READERS` there.
"""

from tdmvc.errors import ConfigError, MigrationsError, UnreadableFileError
from tdmvc.migrations.base import ContentDigest, Reading
from tdmvc.migrations.detection import find_locations, with_unique_names
from tdmvc.migrations.tools import READERS
from tdmvc.migrations.up_scripts import KeptTexts, UpScript, scripts_of
from tdmvc.model.migration import MigrationLocation, MigrationState, UnreadableLocation
from tdmvc.model.tree import FileTree

__all__ = ["READERS", "detect", "detect_readable", "read_scripts", "read_state"]


def detect(tree: FileTree) -> tuple[MigrationLocation, ...]:
    """Find the migration locations of every known tool; names are unique, `main` for the only one.

    A folder belongs to one tool. Folders of tests, vendored code and build output are left out.
    """
    return tuple(find_locations(tree, READERS))


def detect_readable(tree: FileTree) -> tuple[tuple[MigrationLocation, ...], tuple[UnreadableLocation, ...]]:
    """Find the migration locations that can be read, and separately those that cannot; each is read once."""
    readable: list[MigrationLocation] = []
    unreadable: list[UnreadableLocation] = []
    for location in detect(tree):
        try:
            read_state(tree, location)
        except MigrationsError as error:
            unreadable.append(UnreadableLocation(location, error.what, error.where, error.remedy))
        else:
            readable.append(location)
    return tuple(with_unique_names(readable)), tuple(unreadable)


def read_scripts(tree: FileTree, location: MigrationLocation) -> tuple[UpScript, ...]:
    """Return what each migration of one location runs, in an order in which they can be applied.

    Raises:
        ConfigError: the tool is not known, or the location's pattern is wrong.
        MigrationsError: it contains no migrations, or a file cannot be read.
    """
    kept = KeptTexts()
    return tuple(scripts_of(tree, read_state(tree, location, kept), kept))


def read_state(
    tree: FileTree, location: MigrationLocation, digest: ContentDigest | None = None
) -> MigrationState:
    """Read the migrations of one location.

    Args:
        digest: what takes the content of each migration.

    Raises:
        ConfigError: the tool is not known, or the location's pattern is wrong.
        MigrationsError: it contains no migrations, or a file cannot be read.
    """
    reader = READERS.get(location.tool)
    if reader is None:
        raise ConfigError.at(
            f"tdmvc cannot read migrations of the tool '{location.tool}'.",
            "tdmvc.yaml",
            key=f"migrations, {location.name}, tool",
            remedy=f"use one of: {', '.join(READERS)}.",
        )
    try:
        return reader.read(Reading(tree, location, digest=digest or ContentDigest()))
    except UnreadableFileError as error:
        raise MigrationsError.at(
            error.what, error.path or error.where, line=error.line, remedy=error.remedy
        ) from error
