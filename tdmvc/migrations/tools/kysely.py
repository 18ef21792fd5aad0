"""Reads Kysely's migrations: scripts that are applied in the order of their names."""

import re
from collections.abc import Iterator
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_effects import code_effects
from tdmvc.migrations.code_tables import KYSELY
from tdmvc.migrations.linear import finish_linear
from tdmvc.migrations.paths import inside
from tdmvc.migrations.script_tools import script_folders
from tdmvc.migrations.scripts import ENDINGS, add_scripts, script_name_rank, script_stem
from tdmvc.model.migration import Migration, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree

_FILE: Final = r"[\"']\./(?P<file>[^\"'\n]{1,300})[\"']"
_EXPORTED: Final = re.compile(rf"^[ \t]*export\s+\*\s+as\s+(?P<name>[\w$]+)\s+from\s+{_FILE}", re.MULTILINE)
_IMPORTED: Final = re.compile(
    rf"^[ \t]*import\s+(?:\*\s+as\s+)?(?P<name>[\w$]+)\s+from\s+{_FILE}", re.MULTILINE
)
_ENTRY: Final = re.compile(
    r"^[ \t]*(?:[\"']?(?P<key>[\w$.-]+)[\"']?[ \t]*:[ \t]*)?(?P<name>[\w$]+)[ \t]*+,?[ \t]*+(?://.*)?$",
    re.MULTILINE,
)


class KyselyReader:
    """Reads a folder of scripts."""

    name = "kysely"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of scripts that use Kysely, or that a kysely.config names."""
        return script_folders(tree, self.name)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last name.

        The id is the file's name without its ending, as Kysely stores it, or the name that an index of the folder
        gives to the file. Kysely ignores scripts without an `up`.
        """
        index = _index(reading.tree, reading.path)

        def id_of(path: str) -> str | None:
            stem = script_stem(path) or ""
            return index.get(stem) if index else stem

        add_scripts(reading, KYSELY.tables, id_of=id_of, must_have_up=False)
        ranks = {migration.id: script_name_rank(migration.id) for migration in reading.migrations}
        return finish_linear(reading, ranks, looked_for="scripts with an 'up'")

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what the up migration of a script adds and removes."""
        return code_effects(migration, text, KYSELY)


def _index(tree: FileTree, folder: str) -> dict[str, str]:
    """Return the names that an index gives to the files of a folder; empty if there is none with names."""
    names: dict[str, str] = {}
    for _, text in tree.read_texts([inside(folder, f"index{ending}") for ending in ENDINGS]):
        text = text.replace("\r\n", "\n")
        names |= {_stem(found["file"]): found["name"] for found in _EXPORTED.finditer(text)}
        files = {found["name"]: found["file"] for found in _IMPORTED.finditer(text)}
        for entry in _ENTRY.finditer(text):
            if entry["name"] in files:
                names[_stem(files[entry["name"]])] = entry["key"] or entry["name"]
    return names


def _stem(file: str) -> str:
    return re.sub(r"\.[cm]?[jt]s$", "", file)
