"""Reads sqlx's migrations: numbered SQL files, with or without separate down migrations."""

import re
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.checksums import digests
from tdmvc.migrations.evidence import configured_folders, crate_signs, folders_with, has_signs
from tdmvc.migrations.linear import (
    MigrationFile,
    add_files,
    files_in,
    finish_linear,
    number_rank,
    report_lone_downs,
)
from tdmvc.migrations.paths import base_of, folder_of
from tdmvc.migrations.text import parse_toml_texts
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_CONFIG: Final = re.compile(r"sqlx\.toml")
_FILE: Final = re.compile(r"(?P<id>[0-9]+)_(?P<name>.*?)(?P<way>\.up|\.down)?\.sql")
_NAMED: Final = re.compile(r"[^_]*_.*\.sql")
_MAX: Final = number_rank(str(2**63 - 1))
_SIGNS: Final = crate_signs("sqlx", files=frozenset({"sqlx.toml", "sqlx-data.json"}), folder=".sqlx")


class SqlxReader:
    """Reads a folder of `N_name.sql`, or of `N_name.up.sql` with `N_name.down.sql`."""

    name = "sqlx"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of numbered SQL files, called `migrations` or named by sqlx.toml, in projects that use sqlx."""
        configured = configured_folders(
            tree, _CONFIG, lambda text: parse_toml_texts(text, "migrate", "migrations-dir")
        )
        found = [
            folder
            for folder in folders_with(tree, ".sql", _FILE)
            if folder in configured or (_is_named_migrations(folder) and has_signs(tree, folder, _SIGNS))
        ]
        return found

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the greatest number."""
        ups: list[MigrationFile] = []
        downs: list[MigrationFile] = []
        for path in files_in(reading.tree, reading.path):
            match = _FILE.fullmatch(base_of(path))
            if match is not None and number_rank(match["id"]) <= _MAX:
                file = MigrationFile.numbered(path, match["id"], match["name"].replace("_", " "))
                (downs if match["way"] == ".down" else ups).append(file)
            elif _NAMED.fullmatch(base_of(path)):
                reading.add_file_problem(path, "does not begin with a number and '_'; sqlx would refuse it.")
        report_lone_downs(reading, ups, downs)
        return finish_linear(
            reading,
            add_files(reading, ups, checksums=lambda path, text: digests(text, "sha384")),
            looked_for="N_name.sql or N_name.up.sql",
        )


def _is_named_migrations(folder: str) -> bool:
    """Return whether a folder or its parent has such a name: `migrations/postgres` is common."""
    return any("migration" in name.lower() for name in (base_of(folder), base_of(folder_of(folder))))
