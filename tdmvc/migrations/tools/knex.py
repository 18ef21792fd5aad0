"""Knows how Knex keeps migrations: scripts that are applied in the order of their file names."""

import re
from collections.abc import Sequence
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.code_touches import KNEX
from tdmvc.migrations.evidence import configured_folders
from tdmvc.migrations.line import Rank, finish_line, number_rank
from tdmvc.migrations.scripts import named_folders, script_folders, take_in_scripts
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

_DIRECTORY: Final = re.compile(r"[\"']?\bdirectory[\"']?\s*:")
_SEMVER: Final = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")


class KnexReader:
    """Reads a folder of scripts, each named as it is applied."""

    name = "knex"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders of scripts that speak Knex, or that a knexfile names."""
        named = configured_folders(
            tree,
            lambda name: name.startswith("knexfile."),
            lambda path, text: named_folders(path, text, _DIRECTORY),
        )
        folders = script_folders(tree, self.name, named)
        return locations_at(self.name, folders)

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a folder; its head is the last file by name.

        The id is the file's name with its ending, as Knex stores it. Where all names are
        semantic versions, these are compared, as applications do that bring such a source.

        Raises:
            MigrationsError: no script is there.
        """
        reading = Reading(location)
        by_name = take_in_scripts(reading, tree, KNEX.tables, must_have_down=True)
        ranks = _by_version(reading.migrations) or by_name
        return finish_line(reading, tree, ranks, looked_for="scripts with an 'up'")


def _by_version(migrations: Sequence[Migration]) -> dict[str, Rank] | None:
    """Return what ids sort by as semantic versions, or None when a name is none."""
    versions = {migration.id: _SEMVER.fullmatch(migration.name) for migration in migrations}
    ranks = {id_: _semver_rank(match) for id_, match in versions.items() if match is not None}
    return ranks if len(ranks) == len(versions) else None


def _semver_rank(match: re.Match[str]) -> Rank:
    """Return what a semantic version sorts by: a pre-release comes before its release."""
    before = [
        (0, number_rank(part)) if part.isdigit() else (1, part)
        for part in (match[4] or "").split(".")
        if part
    ]
    return [number_rank(match[group]) for group in (1, 2, 3)], not before, before
