"""Reads Laravel's migrations: PHP files in the order of their names, and a schema dump that outlives them."""

import re
from collections.abc import Iterator
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import TablePatterns, function_pattern
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.linear import MigrationFile, add_files, files_in, finish_linear
from tdmvc.migrations.paths import base_of, folder_of, inside
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.tree import FileTree

_DATED: Final = re.compile(r"[0-9]{4}_[0-9]{2}_[0-9]{2}_[0-9]{6}_.+\.php", re.DOTALL)
_FILE: Final = re.compile(r"[^.].*_.*\.php", re.DOTALL)
_DUMP: Final = re.compile(r".+-schema\.(?:sql|dump)")
_MIGRATION: Final = re.compile(
    r"\bextends\s+[\w\\]*Migration\b|\bIlluminate\\(?:Database|Support\\Facades\\Schema)"
)
_TIME: Final = re.compile(r"^[0-9]{4}_[0-9]{2}_[0-9]{2}_[0-9]{6}_")
_ROW: Final = re.compile(
    r"\s*+,?\s*+\(\s*[0-9]+\s*,\s*(?:[eE]|N)?'(?P<name>[^'\n]{1,500})'\s*,\s*-?[0-9]+\s*\)"
)
_INSERT: Final = re.compile(
    r"^[ \t]*INSERT\s+INTO\s+(?:[\w\"`\[\]]{1,200}\.)?[\"`\[]?\w*migrations[\"`\]]?\s*(?:\([^()\n]{0,200}\))?\s*VALUES",
    re.IGNORECASE | re.MULTILINE,
)
_COPY: Final = re.compile(
    r"^COPY\s+(?:[\w\"]{1,200}\.)?\"?\w*migrations\"?\s*\((?P<columns>[^()\n]{0,200})\)\s+FROM\s+stdin;\n",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED: Final = r"\s*[\"']([^\"'\n]{1,200})[\"']"
_TABLES: Final = TablePatterns(
    function_pattern("function", "up"),
    function_pattern("function", "down"),
    (
        re.compile(
            r"(?:\bSchema::|->)(?:create|table|drop|dropIfExists|dropColumns|rename)"
            rf"\({_QUOTED}"
        ),
        re.compile(rf"(?:\bSchema::|->)rename\({_QUOTED}\s*,{_QUOTED}"),
        re.compile(rf"\bDB::table\({_QUOTED}"),
    ),
)


class LaravelReader:
    """Reads a folder of migrations, with the dump of the schema in the folder `schema` next to it."""

    name = "laravel"

    def detect(self, tree: FileTree) -> set[str]:
        """Find folders of dated classes, and `database/migrations` where only a dump of the schema is left."""
        found = set(marked_folders(tree, folders_with(tree, ".php", _DATED), _MIGRATION))
        dumps = folders_with(tree, (".sql", ".dump"), _DUMP)
        pruned = {inside(folder_of(folder), "migrations") for folder in dumps if base_of(folder) == "schema"}
        return found | {f for f in pruned if base_of(folder_of(f)) == "database" and _dumped(tree, f)}

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder without its subfolders; its head is the last name of the files and the dump.

        The id is the file's name without `.php`, as Laravel stores it.
        """
        files = []
        for path, text in reading.tree.read_texts(_files(reading.tree, reading.path)):
            if _DATED.fullmatch(base_of(path)) or _MIGRATION.search(text):
                id_ = base_of(path).removesuffix(".php")
                files.append(MigrationFile(path, id_, _TIME.sub("", id_).replace("_", " "), id_))
            else:
                reading.add_file_problem(path, "contains no migration; Laravel would refuse it.")
        ranks = add_files(reading, files, tables=lambda path, text: _TABLES.tables(text))
        # Packages' migrations are in the dump, too, so what it names need not have a file.
        for id_, path in _dumped(reading.tree, reading.path).items():
            if id_ not in ranks:
                ranks[id_] = id_
                reading.add(Migration(id_, _TIME.sub("", id_).replace("_", " "), path), "")
        return finish_linear(reading, ranks, looked_for="<date>_<name>.php, or a schema dump")


def _files(tree: FileTree, folder: str) -> list[str]:
    return [path for path in files_in(tree, folder) if _FILE.fullmatch(base_of(path))]


def _dumped(tree: FileTree, folder: str) -> dict[str, str]:
    """Return the migrations that dumps of the schema include, each with the path of its dump."""
    if base_of(folder) != "migrations":
        return {}
    places = files_in(tree, inside(folder_of(folder), "schema"))
    dumps = tree.read_texts([path for path in places if _DUMP.fullmatch(base_of(path))])
    return {name: path for path, text in dumps for name in _names_in(text)}


def _names_in(text: str) -> Iterator[str]:
    """Yield the names in a dump by MySQL, PostgreSQL or SQLite."""
    text = text.replace("\r\n", "\n")
    for insert in _INSERT.finditer(text):
        position = insert.end()
        while row := _ROW.match(text, position):
            yield row["name"]
            position = row.end()
    for copy in _COPY.finditer(text):
        columns = [column.strip(' "') for column in copy["columns"].split(",")]
        for line in text[copy.end() : text.find("\n\\.", copy.end() - 1)].split("\n"):
            cells = dict(zip(columns, line.split("\t"), strict=False))
            if "migration" in cells:
                yield cells["migration"]
