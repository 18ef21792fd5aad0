"""Reads Liquibase's migrations: change sets in changelogs that a master changelog includes."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from typing import Final

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading
from tdmvc.migrations.linear import files_in, finish_listed
from tdmvc.migrations.paths import folder_of, is_inside, own_files
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.migrations.tools.liquibase.expansion import Expansion, ExpansionStep
from tdmvc.migrations.tools.liquibase.master import (
    MasterChangelog,
    find_masters,
    is_changelog,
    is_changelog_name,
    master_at,
)
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree

_LOOKED_FOR: Final = "a master changelog (db.changelog-master.xml, …), in XML, YAML, JSON or formatted SQL"


class LiquibaseReader:
    """Reads all change sets of a master changelog and the changelogs that it includes."""

    name = "liquibase"

    def detect(self, tree: FileTree) -> list[str]:
        """Find masters: those that a configuration names, or that have a usual name and are not included."""
        paths = own_files(tree)
        masters = [master.path for master in _not_included(tree, paths, find_masters(tree, paths))]
        folders = [folder_of(path) for path in masters]
        # A folder's name says more than a file's, if it is unambiguous.
        return [f if folders.count(f) == 1 else path for f, path in zip(folders, masters, strict=True)]

    def read(self, reading: Reading) -> MigrationState:
        """Read a master changelog, or a folder with one; the last change set is the head.

        Change sets that run always or after each edit count only for the digest: they are at the
        end of most masters, and would hide every step before them.
        """
        paths = reading.tree.list_files()
        expansion = Expansion(paths, _choose_master(reading, paths), reading)
        repeatable: list[tuple[Migration, str]] = []
        conditions: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        positions: dict[str, int] = {}
        for step in expansion.steps():
            migration, content = _migration(step, [expansion.text(path) for path in step.scripts])
            others, condition = conditions[migration.id], step.change_set.condition
            is_variant = condition and others and others.isdisjoint({(), condition})
            others.add(condition)
            if is_variant and migration.id in positions:
                # Of change sets with one id for different databases or contexts, each database runs one.
                _add_variant(reading, positions[migration.id], migration, content)
            elif step.change_set.is_repeatable:
                repeatable.append((migration, content))
            else:
                positions.setdefault(migration.id, len(reading.migrations))
                reading.add(migration, content)
        has_steps = bool(reading.migrations)
        for migration, content in repeatable:
            if has_steps:
                reading.digest.add(migration.id, content)
            else:
                reading.add(migration, content)
        if not reading.migrations:
            raise reading.nothing_found("a changeSet")
        return finish_listed(reading)

    def effects(self, migration: Migration, text: str) -> tuple[SchemaEffect, ...]:
        """Return nothing: a file may have more than one change set, and some that count for nothing."""
        return ()


def _add_variant(reading: Reading, position: int, variant: Migration, content: str) -> None:
    reading.digest.add(variant.id, content)
    known = reading.migrations[position]
    touches = tuple(sorted({*known.touches, *variant.touches}))
    reading.migrations[position] = replace(known, touches=touches)


def _migration(step: ExpansionStep, scripts: list[str]) -> tuple[Migration, str]:
    touches = set(step.change_set.touches)
    for path, text in zip(step.scripts, scripts, strict=True):
        if path.endswith(".sql"):
            touches.update(sql_tables(text))
    name = step.change_set.name or step.change_set.id
    migration = Migration(step.id, name, step.path, touches=tuple(sorted(touches)))
    return migration, "\0".join([step.change_set.content, *scripts])


def _choose_master(reading: Reading, paths: list[str]) -> MasterChangelog:
    tree, folder = reading.tree, reading.path
    if folder in paths and is_changelog_name(folder):
        return master_at(tree, folder, paths)
    named = [master for master in find_masters(tree, paths) if is_inside(master.path, folder)]
    configured = [master for master in named if master.is_configured]
    masters = _not_included(tree, paths, configured or named) or _unnamed(tree, paths, folder)
    direct = [master for master in masters if folder_of(master.path) == folder]
    if len(direct or masters) == 1:
        return (direct or masters)[0]
    if not masters:
        raise reading.nothing_found(_LOOKED_FOR)
    raise reading.several_found("master changelogs", [master.path for master in masters])


def _unnamed(tree: FileTree, paths: list[str], folder: str) -> list[MasterChangelog]:
    """Return the changelogs of a folder that no other one includes, whatever their names."""
    named = [path for path in files_in(tree, folder) if is_changelog_name(path)]
    found = [path for path, text in tree.read_texts(named) if is_changelog(path, text)]
    return _not_included(tree, paths, [master_at(tree, path, paths) for path in found])


def _not_included(tree: FileTree, paths: list[str], masters: list[MasterChangelog]) -> list[MasterChangelog]:
    """Return the masters that no other one includes, and without empty ones if any other has change sets."""
    if len(masters) < 2:
        return masters
    included: set[str] = set()
    empty: set[str] = set()
    for master in masters:
        reading = Reading(tree, MigrationLocation("", "", master.path))
        expansion = None
        # Errors are raised when the master is read; what it includes before them counts here.
        with suppress(MigrationsError):
            expansion = Expansion(paths, master, reading)
            if not sum(1 for _ in expansion.steps()):
                empty.add(master.path)
        if expansion is not None:
            included |= expansion.files - {master.path}
    found = [master for master in masters if master.path not in included]
    return [master for master in found if master.path not in empty] or found
