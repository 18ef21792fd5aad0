"""Knows how Liquibase keeps migrations: change sets in changelogs, which a master changelog includes."""

from contextlib import suppress
from typing import Final

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading, nothing_found
from tdmvc.migrations.layout import folder_of, is_inside, is_left_out, plain_folder
from tdmvc.migrations.listed import finish_listed
from tdmvc.migrations.tools.liquibase.expansion import Expansion, ExpansionStep
from tdmvc.migrations.tools.liquibase.master import (
    Master,
    find_masters,
    is_changelog,
    is_changelog_name,
    master_at,
)
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

_LOOKED_FOR: Final = "a master changelog (db.changelog-master.xml, …), in XML, YAML, JSON or formatted SQL"


class LiquibaseReader:
    """Reads all change sets that a master changelog comes to."""

    name = "liquibase"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find the masters: those that configuration names, and those of a master's name that no other includes."""
        paths = [path for path in tree.list_files() if not is_left_out(path)]
        masters = _outermost(tree, paths, find_masters(tree, paths))
        folders = [folder_of(master.path) for master in masters]
        return [
            MigrationLocation(
                self.name,
                self.name,
                # A folder tells more than a file's name, where it leaves no doubt.
                (folder or ".") if folders.count(folder) == 1 else master.path,
            )
            for folder, master in sorted(zip(folders, masters, strict=True), key=lambda pair: pair[1].path)
        ]

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a location that is a master changelog or a folder that holds one; the last change set is the head.

        Change sets that run again after an edit, or always, count for the digest only: they stand
        at the end of most masters, and no step before them would ever be seen.

        Raises:
            MigrationsError: there is no master or more than one, a changelog is missing or cannot
                be understood.
        """
        reading = Reading(location)
        paths = tree.list_files()
        expansion = Expansion(tree, paths, _chosen(tree, paths, location), reading)
        repeatable: list[tuple[Migration, str]] = []
        for step in expansion.steps():
            migration, content = _migration(step, [expansion.text(path) for path in step.scripts])
            if step.change_set.is_repeatable:
                repeatable.append((migration, content))
            else:
                reading.add(migration, content)
        for migration, content in repeatable:
            if reading.migrations:
                reading.digest.add(migration.id, content)
        if not reading.migrations:
            for migration, content in repeatable:
                reading.add(migration, content)
        if not reading.migrations:
            raise nothing_found(tree, location, "a changeSet")
        return finish_listed(reading)


def _migration(step: ExpansionStep, scripts: list[str]) -> tuple[Migration, str]:
    touches = set(step.change_set.touches)
    for path, text in zip(step.scripts, scripts, strict=True):
        if path.endswith(".sql"):
            touches.update(sql_tables(text))
    name = step.change_set.name or step.change_set.id
    migration = Migration(step.id, name, step.path, touches=tuple(sorted(touches)))
    return migration, "\0".join([step.change_set.content, *scripts])


def _chosen(tree: FileTree, paths: list[str], location: MigrationLocation) -> Master:
    folder = plain_folder(location.path)
    if folder in paths and is_changelog_name(folder):
        return master_at(tree, folder, paths)
    named = [master for master in find_masters(tree, paths) if is_inside(master.path, folder)]
    configured = [master for master in named if master.is_configured]
    masters = _outermost(tree, paths, configured or named) or _only(tree, paths, folder)
    direct = [master for master in masters if folder_of(master.path) == folder]
    if len(direct or masters) == 1:
        return (direct or masters)[0]
    if not masters:
        raise nothing_found(tree, location, _LOOKED_FOR)
    raise MigrationsError(
        f"There are {len(masters)} master changelogs here: {', '.join(sorted(m.path for m in masters)[:5])}.",
        where=location.path or ".",
        remedy=f"name one as the path of migration location '{location.name}' in tdmvc.yaml.",
    )


def _only(tree: FileTree, paths: list[str], folder: str) -> list[Master]:
    """Return the changelogs of a folder that no other one includes, whatever they are called."""
    named = [path for path in paths if folder_of(path) == folder and is_changelog_name(path)]
    found = [path for path, text in tree.read_texts(named) if is_changelog(path, text)]
    return _outermost(tree, paths, [master_at(tree, path, paths) for path in found])


def _outermost(tree: FileTree, paths: list[str], masters: list[Master]) -> list[Master]:
    """Return the masters that no other one includes."""
    if len(masters) < 2:
        return masters
    included: set[str] = set()
    for master in masters:
        reading = Reading(MigrationLocation("", "", master.path))
        expansion = None
        # Whoever reads a master is told what is wrong with it; what it includes before that counts.
        with suppress(MigrationsError):
            expansion = Expansion(tree, paths, master, reading)
            for _ in expansion.steps():
                pass
        if expansion is not None:
            included |= expansion.files - {master.path}
    return [master for master in masters if master.path not in included]
