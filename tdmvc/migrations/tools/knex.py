"""Reads Knex's migrations: scripts that are applied in the order of their file names."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.code_effects import code_effects
from tdmvc.migrations.code_tables import KNEX
from tdmvc.migrations.linear import Rank, finish_linear, number_rank
from tdmvc.migrations.script_tools import script_folders
from tdmvc.migrations.scripts import add_scripts
from tdmvc.model.migration import Migration, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree

_SEMVER: Final = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")


class KnexReader:
    """Reads a folder of scripts."""

    name = "knex"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders of scripts that use Knex, or that a knexfile names."""
        return script_folders(tree, self.name)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the last file by name.

        The id is the file's name with its ending, as Knex stores it. If all names are semantic
        versions, they are compared as such, like the migration sources of applications that use them.
        """
        by_name = add_scripts(reading, KNEX.tables, must_have_down=True)
        ranks = _version_ranks(reading.migrations) or by_name
        return finish_linear(reading, ranks, looked_for="scripts with an 'up'")

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what the up migration of a script adds and removes."""
        return code_effects(migration, text, KNEX)


def _version_ranks(migrations: Sequence[Migration]) -> dict[str, Rank] | None:
    """Return what ids are sorted by as semantic versions, or None if a name is not one."""
    versions = {migration.id: _SEMVER.fullmatch(migration.name) for migration in migrations}
    ranks = {id_: _semver_rank(match) for id_, match in versions.items() if match is not None}
    return ranks if len(ranks) == len(versions) else None


def _semver_rank(match: re.Match[str]) -> Rank:
    """Return what a semantic version is sorted by: a pre-release comes before its release."""
    parts = [part for part in (match[4] or "").split(".") if part]
    pre_release = [(0, number_rank(part)) if part.isdigit() else (1, part) for part in parts]
    return [number_rank(match[group]) for group in (1, 2, 3)], not pre_release, pre_release
