"""Reads Piccolo's migrations: Python modules with an id that is a time."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import TablePatterns
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.linear import Rank, files_in, finish_linear
from tdmvc.migrations.paths import base_of
from tdmvc.migrations.python_source import evaluate, module_assignments, parse_migration
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?!__init__).*\.py", re.DOTALL)
_SIGN: Final = re.compile(r"\bpiccolo\.apps\.migrations\b|\bMigrationManager\b")
_FOLDER: Final = re.compile(r".*migrations")
_NEVER: Final = re.compile(r"(?!)")
_TABLES: Final = TablePatterns(
    _NEVER, _NEVER, (re.compile(r"\b(?:old_|new_)?tablename\s*=\s*[\"']([^\"'\n]{1,200})[\"']"),)
)


class PiccoloReader:
    """Reads the folder of one application, usually `piccolo_migrations`."""

    name = "piccolo"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of modules that use Piccolo's migrations."""
        folders = folders_with(tree, ".py", _FILE)
        named = {f: paths for f, paths in folders.items() if _FOLDER.fullmatch(base_of(f))}
        return marked_folders(tree, named, _SIGN)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last id as text.

        Piccolo ignores modules without an `ID`.
        """
        paths = [path for path in files_in(reading.tree, reading.path) if _FILE.fullmatch(base_of(path))]
        ranks: dict[str, Rank] = {}
        for path, text in reading.tree.read_texts(paths):
            source = parse_migration(path, text)
            names = module_assignments(source)
            if "ID" not in names:
                continue
            id_ = evaluate(names["ID"].expression, names)
            if not isinstance(id_, str) or not id_:
                raise names["ID"].error(path, "`ID` is not a literal string")
            described = evaluate(names["DESCRIPTION"].expression, names) if "DESCRIPTION" in names else None
            title = described if isinstance(described, str) and described else base_of(path)[: -len(".py")]
            reading.add(Migration(id_, title, path, touches=_TABLES.tables(text)), text)
            ranks[id_] = id_
        return finish_linear(reading, ranks, looked_for="*.py files with an `ID`")
