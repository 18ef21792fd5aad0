"""Reads the contract that migrations declare: the tables that they leave behind, at a revision or up to one of them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tdmvc.contracts.base import ImportedContract, ImportOptions, Note
from tdmvc.contracts.ddl.reading import read_scripts as read_ddl
from tdmvc.contracts.ddl.script import dialect_of, full_dialect
from tdmvc.errors import ConfigError, MigrationsError, NotFoundError, TdmvcError, UsageError, format_names
from tdmvc.migrations import READERS, read_scripts
from tdmvc.migrations.paths import is_inside, normalize_folder
from tdmvc.migrations.up_scripts import UpScript, declared_engine, find_migration, scripts_until
from tdmvc.model.contract_report import ContractSource
from tdmvc.model.location import PathLocation
from tdmvc.model.migration import MigrationLocation, MigrationState
from tdmvc.model.rules import Place
from tdmvc.model.tree import FileTree
from tdmvc.workspace.migrations import configured_locations, find_locations, read_location, tree_at
from tdmvc.workspace.workspace import Workspace

WORD: Final = "migrations"
"""What stands for the application's migrations where a contract is named."""


@dataclass(frozen=True, slots=True)
class MigrationsSubject:
    """Which migrations, as people write it: `migrations`, `db/migrate`, `migrations@v1.4`."""

    text: str
    path: str | None = None
    """Absolute; None for those that tdmvc.yaml names or that are found."""
    at: str | None = None
    """A migration, or a Git revision; None for all of the work tree."""
    tool: str | None = None
    """What reads them; None for the tool that recognises them."""


def migrations_subject(workspace: Workspace, source: ContractSource) -> MigrationsSubject | None:
    """Return which migrations a word of a command names; None if it names something else."""
    text, location = source.text, source.location
    if not isinstance(location, PathLocation) or location.scheme:
        return None
    if location.path.is_dir():
        return MigrationsSubject(text, os.path.realpath(location.path), None, source.format)
    if location.path.exists():
        return None
    name, sign, at = text.partition("@")
    if name == WORD and (at or not sign) and WORD not in workspace.datasets():
        return MigrationsSubject(text, None, at or None, source.format)
    folder, _, at = str(location.path).rpartition("@")
    if folder and at and os.path.isdir(folder):
        return MigrationsSubject(text, os.path.realpath(folder), at, source.format)
    return None


def read_migrations_contract(
    workspace: Workspace, subject: MigrationsSubject, options: ImportOptions
) -> tuple[str, ImportedContract]:
    """Return the path of some migrations, and the contract of the tables that they leave behind; none of them runs.

    Raises:
        ConfigError: a script is wrong; the file and the line are named.
        MigrationsError: they cannot be understood.
        NotFoundError: there are none, or there is no such migration or revision.
        UsageError: there are several folders of them, or they are not written in SQL.
    """
    tree, state, until = _state(workspace, subject)
    scripts = list(read_scripts(tree, state.location))
    if until is not None:
        scripts = scripts_until(scripts, until)
    if all(one.text is None for one in scripts):
        raise _not_sql(workspace, state)
    dialect = options.dialect or declared_engine(tree, state)
    texts = [one.text for one in scripts if one.text is not None]
    engine = full_dialect(dialect) if dialect else dialect_of(*texts)
    own = [one for one in scripts if one.runs_in(engine)]
    known = ImportOptions(options.table, engine, options.known)
    try:
        found = read_ddl([(one.text, one.migration.path) for one in own if one.text is not None], known)
    except ConfigError as error:
        filled = {one.migration.path for one in own if one.has_templates}
        why = "what is filled in before it runs is left out; " if error.path in filled else ""
        before = f"{error.remedy} Or" if error.remedy else "correct it. Or"
        raise ConfigError.at(
            error.what,
            error.path or state.location.path,
            line=error.line,
            remedy=f"{before}, if the script is right: {why}{_let_it_migrate(workspace, state)}",
        ) from error
    notes = (*_notes(scripts, engine), *found.notes)
    return state.location.path, ImportedContract(found.contract, found.rules, notes)


def _state(workspace: Workspace, subject: MigrationsSubject) -> tuple[FileTree, MigrationState, str | None]:
    """Return a tree, the migrations of it, and the last one of them that counts."""
    tree = tree_at(workspace, None)
    revision = workspace.git.try_resolve(subject.at) if subject.at is not None else None
    try:
        state = read_location(workspace, tree, _only(workspace, tree, subject))
    except TdmvcError:
        # The folder of a revision may be another one, or in order.
        if revision is None:
            raise
    else:
        if subject.at is None:
            return tree, state, None
        migration = find_migration(state, subject.at)
        if migration is not None:
            return tree, state, migration.id
    if revision is None:
        raise NotFoundError.named(
            "migration or revision",
            str(subject.at),
            [one.id for one in reversed(state.migrations)],
            where=state.location.path,
        )
    tree = workspace.git.tree(str(subject.at))
    return tree, read_location(workspace, tree, _only(workspace, tree, subject)), None


def _only(workspace: Workspace, tree: FileTree, subject: MigrationsSubject) -> MigrationLocation:
    found = _locations(workspace, tree, subject)
    if len(found) == 1:
        return found[0]
    paths = format_names([one.path for one in found])
    raise UsageError(
        f"There are {len(found)} folders of migrations: {paths}.",
        where=subject.text,
        remedy=f"name one of them instead: `tdmvc contract show {found[0].path}`.",
    )


def _locations(workspace: Workspace, tree: FileTree, subject: MigrationsSubject) -> list[MigrationLocation]:
    if subject.path is None:
        try:
            return list(find_locations(workspace, tree, None, subject.tool))
        except NotFoundError as error:
            remedy = (
                "name their folder, and the tool that reads it: `tdmvc contract show FOLDER --from TOOL`."
            )
            raise NotFoundError(error.what, where=error.where, remedy=remedy) from error
    folder = normalize_folder(os.path.relpath(subject.path, os.path.realpath(workspace.root)))
    if folder == ".." or folder.startswith("../"):
        raise UsageError(
            "The folder is outside of the repository.",
            where=subject.text,
            remedy="name a file, or a folder of migrations in the repository.",
        )
    if subject.tool is None:
        for name in workspace.datasets():
            if folder == workspace.dataset_path(name):
                raise UsageError(
                    f"This is the folder of the dataset {name}.",
                    where=subject.text,
                    remedy=f"name the dataset: `tdmvc contract show {name}`.",
                )
        named = [
            one
            for one in configured_locations(workspace, tree)
            if is_inside(normalize_folder(one.path), folder)
        ]
        if named:
            return named
    try:
        return list(find_locations(workspace, tree, folder if folder != "." else "", subject.tool))
    except NotFoundError as error:
        if subject.tool is not None or tree.label != tree_at(workspace, None).label:
            raise
        raise NotFoundError(
            "This folder has no migrations that tdmvc recognises, and a folder is no contract.",
            where=subject.text,
            remedy="name the file of a contract; or, if it has migrations, their tool:"
            f" `tdmvc contract show {subject.text} --from TOOL` ({', '.join(sorted(READERS))}).",
        ) from error


def _notes(scripts: list[UpScript], engine: str) -> Iterator[Note]:
    for one in scripts:
        place = Place(one.migration.path, 1)
        if one.text is None:
            about = f"; it is about {', '.join(one.migration.touches)}" if one.migration.touches else ""
            yield Note(place, f"The migration {one.migration.id} is not in SQL, and is not read{about}.")
        elif not one.runs_in(engine):
            yield Note(place, f"The migration {one.migration.id} does not run in {engine}, and is not read.")
        elif one.has_templates:
            yield Note(place, "What is filled in before the script runs, such as ${…}, is left out.")


def _not_sql(workspace: Workspace, state: MigrationState) -> MigrationsError:
    """Build the error for migrations in a language, which only the tool itself can run."""
    tool, remedy = state.location.tool, _let_it_migrate(workspace, state)
    if tool == "alembic":
        remedy = (
            f"write them as SQL: `alembic upgrade head --sql > schema.sql`, and name schema.sql. Or {remedy}"
        )
    return MigrationsError.at(
        f"Migrations of {tool} are code, which tdmvc never runs; their tables are known only when they have run."
        if tool != "liquibase"
        else "These change sets of Liquibase are in no SQL, and their tables are known only when they have run.",
        state.location.path,
        remedy=remedy,
    )


def _let_it_migrate(workspace: Workspace, state: MigrationState) -> str:
    """Return how to get the contract from a database that the tool has migrated."""
    tool, path = state.location.tool, normalize_folder(state.location.path)
    usable = [one for one in workspace.config.environments if "DATABASE_URL" in one.exports]
    # An environment that belongs to the application has its migrations.
    nearest = max(usable, key=lambda one: is_inside(path, normalize_folder(one.folder)), default=None)
    who = "your tool" if tool == "sql" else tool
    if nearest is None:
        return (
            f"let {who} migrate an empty database, and name that:"
            " `tdmvc contract show postgresql://USER@HOST/DATABASE`."
        )
    chosen = f" --env {nearest.name}" if len(workspace.config.environments) > 1 else ""
    command = f"tdmvc run{chosen} -- tdmvc contract show '${{DATABASE_URL}}'"
    return f"let {who} migrate a database, and name that: `{command}`."
