"""Reads Ecto's migrations: numbered Elixir scripts."""

import re
from collections import defaultdict
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_tables import TablePatterns
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.linear import MigrationFile, add_files, files_below, finish_linear, number_rank
from tdmvc.migrations.paths import ancestors, base_of, folder_of, inside
from tdmvc.migrations.schema_file import add_schema_versions
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>.+)\.exs", re.DOTALL)
_NUMBERED: Final = re.compile(r"[0-9].*\.exs|[0-9]+_.+\.ex", re.DOTALL)
_MIGRATION: Final = re.compile(r"^[ \t]*use[ \t]+[\w.]*Migration\b", re.MULTILINE)
_MODULE: Final = re.compile(r"^[ \t]*defmodule[ \t]", re.MULTILINE)
_NAME: Final = r"(?::\"?|\")([A-Za-z_][\w.]{0,200})"
_TABLES: Final = TablePatterns(
    re.compile(r"^[ \t]*def[ \t]+(?:up|change)\b", re.MULTILINE),
    re.compile(r"^[ \t]*def[ \t]+down\b", re.MULTILINE),
    (
        re.compile(rf"(?<![\w.])(?:table|index|unique_index|constraint)(?:\(\s*|[ \t]+){_NAME}"),
        re.compile(r"\b(?:insert_all|update_all|delete_all)\(\s*\"([A-Za-z_]\w{0,200})\""),
    ),
)


class EctoReader:
    """Reads the folder of one repository, and its subfolders."""

    name = "ecto"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of numbered scripts that use Ecto's migrations; each repository has its own."""
        files: dict[str, list[str]] = defaultdict(list)
        for folder, paths in folders_with(tree, ".exs", _FILE).items():
            files[_root(folder)].extend(paths)
        return marked_folders(tree, files, _MIGRATION)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder and its subfolders; its head is the greatest version of the files and of structure.sql.

        Ecto ignores scripts without a number.
        """
        found: list[MigrationFile] = []
        names: dict[str, str] = {}
        for path in files_below(reading.tree, reading.path):
            match = _FILE.fullmatch(base_of(path))
            if match is not None:
                found.append(MigrationFile.numbered(path, match["id"], match["name"]))
                other = names.setdefault(match["name"], path)
                if other != path:
                    message = f"{other} and {path} have the same name '{match['name']}', which Ecto refuses."
                    reading.add_problem("duplicate-id", message, path)
            elif _NUMBERED.fullmatch(base_of(path)):
                reading.add_file_problem(path, "is not named <number>_<name>.exs; Ecto ignores it.")
        without_module: list[str] = []

        def up_part(path: str, text: str) -> str:
            if _MODULE.search(text) is None:
                without_module.append(path)
            return text

        ranks = add_files(reading, found, up_part=up_part, tables=lambda path, text: _TABLES.tables(text))
        for path in without_module:
            reading.add_file_problem(path, "defines no module; Ecto would refuse it.")
        if base_of(reading.path) == "migrations":
            dump = inside(folder_of(reading.path), "structure.sql")
            # `mix ecto.dump` is run when somebody thinks of it, so the file need not have the newest versions.
            removed = add_schema_versions(reading, [dump], may_be_old=True)
            ranks.update({version: number_rank(version) for version in removed})
        return finish_linear(reading, ranks, looked_for="<number>_<name>.exs")


def _root(folder: str) -> str:
    """Return the folder of migrations that a folder is or is inside."""
    places = ancestors(folder)
    return next((place for place in reversed(places) if base_of(place).endswith("migrations")), folder)
