"""Reads the migrations of Phinx and of CakePHP, which uses it: PHP files that begin with a number."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import TablePatterns, function_pattern
from tdmvc.migrations.evidence import configured_folders, folders_with, marked_folders
from tdmvc.migrations.linear import MigrationFile, add_files, files_below, files_in, finish_linear
from tdmvc.migrations.paths import base_of
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(
    r"(?P<id>[0-9]+)_(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)\.php|(?P<only>[0-9]{14})\.php"
)
_NUMBERED: Final = re.compile(r"[0-9]+.*\.php")
_MIGRATION: Final = re.compile(
    r"\bPhinx\\Migration\b|\bextends\s+[\w\\]*(?:Abstract|Base)Migration\b|\bMigrations\\\w*Migration\b"
)
_CONFIG: Final = re.compile(r"phinx[\w.-]*\.(?:php|ya?ml|json)(?:\.dist)?")
_PATHS: Final = re.compile(r"[\"']?\bmigrations[\"']?\s*(?:=>|:)(?P<values>[^;]{0,600})")
_AFTER: Final = re.compile(r"[\"']?\b(?:seeds|environments|templates)[\"']?\s*(?:=>|:)")
_PATH: Final = re.compile(r"[\w./-]+")
_CLASS: Final = re.compile(
    r"^[ \t]*(?:(?:final|return|new)[ \t]+)*class\b(?:[ \t]+(?!extends\b)(?P<name>\w+))?", re.MULTILINE
)
_QUOTED: Final = r"\s*[\"']([^\"'\n]{1,200})[\"']"
_TABLES: Final = TablePatterns(
    function_pattern("function", "(?:up|change)"),
    function_pattern("function", "down"),
    (
        re.compile(rf"->(?:table|dropTable|insert)\({_QUOTED}"),
        re.compile(rf"->(?:renameTable\({_QUOTED}\s*,|rename\(){_QUOTED}"),
    ),
)


class PhinxReader:
    """Reads a folder of numbered PHP files."""

    name = "phinx"

    def detect(self, tree: FileTree) -> set[str]:
        """Find folders of numbered classes of Phinx, and numbered files in folders that a phinx file names."""
        folders = folders_with(tree, ".php", _FILE)
        return {
            *marked_folders(tree, folders, _MIGRATION),
            *(configured_folders(tree, _CONFIG, _named) & folders.keys()),
        }

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder, or its subfolders if it contains none; its head is the greatest version.

        The id is the version, a number, as Phinx stores it. Files without a number, such as seeds, do not count.
        """
        paths = _numbered(files_in(reading.tree, reading.path))
        paths = paths or _numbered(files_below(reading.tree, reading.path))
        files: list[MigrationFile] = []
        classes: dict[str, str] = {}
        for path, text in reading.tree.read_texts(paths):
            match = _FILE.fullmatch(base_of(path))
            declared = _CLASS.search(text)
            if match is None:
                reading.add_file_problem(path, "has a name that Phinx does not understand; it was ignored.")
            elif declared is None:
                reading.add_file_problem(
                    path, "contains no class; Phinx would refuse it, and it was ignored."
                )
            else:
                number, name = match["id"] or match["only"], match["name"] or match["only"]
                files.append(MigrationFile.numbered(path, number, name))
                _note_class(reading, classes, path, declared["name"])
        ranks = add_files(reading, files, tables=lambda path, text: _TABLES.tables(text))
        return finish_linear(reading, ranks, looked_for="<version>_<name>.php")


def _note_class(reading: Reading, classes: dict[str, str], path: str, name: str | None) -> None:
    """Report a class that another migration has, too."""
    if name is not None:
        other = classes.setdefault(name.lower(), path)
        if other != path:
            message = f"{other} and {path} have the same class '{name}', which Phinx refuses."
            reading.add_problem("duplicate-id", message, path)


def _numbered(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if _NUMBERED.fullmatch(base_of(path))]


def _named(text: str) -> Iterator[str]:
    """Yield what may be a path of migrations in a configuration in PHP, YAML or JSON."""
    for found in _PATHS.finditer(text):
        values = _AFTER.split(found["values"].replace("%%PHINX_CONFIG_DIR%%", "."))[0]
        for path in _PATH.findall(values):
            # PHP writes `__DIR__ . '/db/migrations'`.
            yield path.lstrip("/") or "."
