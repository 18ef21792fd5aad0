"""Reads Doctrine's migrations: PHP classes that are applied in the order of their full names."""

import re
from collections import defaultdict
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import TablePatterns, function_pattern
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.graph import find_duplicates
from tdmvc.migrations.linear import files_below, link_by_rank
from tdmvc.migrations.paths import base_of, folder_of, outermost
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"Version[^/]+\.php")
_MIGRATION: Final = re.compile(r"\bDoctrine\\(?:DBAL\\)?Migrations\b|\bextends\s+[\w\\]*Migration\b")
_NAMESPACE: Final = re.compile(
    r"^[ \t]*(?:<\?php\s+(?:declare\s*\([^()]*\)\s*;\s*)?)?namespace\s+(?P<name>[\w\\]+)\s*[;{]", re.MULTILINE
)
_CLASS: Final = re.compile(
    r"^[ \t]*(?P<abstract>abstract[ \t]+)?(?:(?:final|readonly)[ \t]+)*class[ \t]+(?P<name>\w+)", re.MULTILINE
)
_DESCRIPTION: Final = re.compile(
    r"\bfunction\s+getDescription\s*\(\)[^{]{0,100}\{\s*return\s+(?:'(?P<single>[^'\\\n]{1,300})'|\"(?P<double>[^\"\\\n]{1,300})\")\s*;"
)
_PERIOD: Final = re.compile(r"[0-9]{4}|[0-9]{2}")
_QUOTED: Final = r"\s*[\"']([^\"'\n]{1,200})[\"']"
_TABLES: Final = TablePatterns(
    function_pattern("function", "(?:pre)?[uU]p"),
    function_pattern("function", "(?:pre)?[dD]own"),
    (
        re.compile(rf"->(?:createTable|getTable|dropTable|insert|update|delete)\({_QUOTED}"),
        re.compile(rf"->renameTable\({_QUOTED}\s*,{_QUOTED}"),
    ),
)


class DoctrineReader:
    """Reads a folder of version classes, and its subfolders for each year or month."""

    name = "doctrine"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of version classes that use Doctrine's migrations."""
        found = marked_folders(tree, folders_with(tree, ".php", _FILE), _MIGRATION)
        return outermost({_without_period(folder) for folder in found})

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its heads are the last class of each namespace.

        The id is the class with its namespace, as Doctrine 3 stores it. Doctrine sorts all of them as
        text, so a new class in one namespace may come before an old one in another.
        """
        namespaces: dict[str, list[Migration]] = defaultdict(list)
        paths = [path for path in files_below(reading.tree, reading.path) if _FILE.fullmatch(base_of(path))]
        for path, text in reading.tree.read_texts(paths):
            declared = _CLASS.search(text)
            if declared is None:
                reading.add_file_problem(path, "contains no class; Doctrine ignores it.")
            elif not declared["abstract"]:
                found = _NAMESPACE.search(text)
                namespace = found["name"] if found else ""
                id_ = f"{namespace}\\{declared['name']}".lstrip("\\")
                migration = Migration(
                    id_, _title(text) or declared["name"], path, touches=_TABLES.tables(text)
                )
                reading.add(migration, text)
                namespaces[namespace].append(migration)
        if not reading.migrations:
            raise reading.nothing_found("Version<number>.php with a class")
        histories = [link_by_rank(group, {m.id: m.id for m in group}) for group in namespaces.values()]
        reading.problems.extend(find_duplicates(reading.migrations))
        ordered = sorted((m for history in histories for m in history), key=lambda m: (m.id, m.path))
        return reading.finish(ordered, {history[-1].id for history in histories})


def _without_period(folder: str) -> str:
    while _PERIOD.fullmatch(base_of(folder)):
        folder = folder_of(folder)
    return folder


def _title(text: str) -> str:
    found = _DESCRIPTION.search(text)
    return (found["single"] or found["double"] or "") if found else ""
