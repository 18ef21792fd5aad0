"""What schema an application stands at, read from its migration files and never from running them.

A reader per tool turns a tree of files (a Git revision or the work tree) into a
`MigrationState`: the heads, the migrations in an order in which they can be applied,
a digest that sees an edit in place, and what is wrong with the history. Python is
read by its syntax tree, SQL as text; no application code is imported. To add a tool,
write its file in `tools/` and name its reader in `READERS` there.
"""

from tdmvc.errors import ConfigError, MigrationsError, UnreadableFileError
from tdmvc.migrations.detection import find_locations
from tdmvc.migrations.layout import with_unique_names
from tdmvc.migrations.tools import READERS
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

__all__ = ["READERS", "detect", "read_state"]


def detect(tree: FileTree) -> tuple[MigrationLocation, ...]:
    """Find the migration locations of every known tool; names are unique, `main` for the only one.

    A folder is one tool's alone. Test folders, vendored folders and build output are left out.
    """
    return tuple(with_unique_names(find_locations(tree, READERS)))


def read_state(tree: FileTree, location: MigrationLocation) -> MigrationState:
    """Read the migrations of one location.

    Raises:
        ConfigError: the tool is not known, or the location's pattern is wrong.
        MigrationsError: there is no migration there, or a file cannot be understood.
    """
    reader = READERS.get(location.tool)
    if reader is None:
        raise ConfigError.at(
            f"tdmvc cannot read migrations of the tool '{location.tool}'.",
            "tdmvc.yaml",
            key=f"migrations, {location.name}, tool",
            remedy=f"give one of: {', '.join(READERS)}.",
        )
    try:
        return reader.read(tree, location)
    except UnreadableFileError as error:
        raise MigrationsError(error.what, where=error.where, remedy=error.remedy) from error
