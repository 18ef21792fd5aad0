"""Reads Django's migrations: a graph across applications, with squashes that replace others."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.evidence import SAMPLE_FILES
from tdmvc.migrations.graph import finish_graph
from tdmvc.migrations.paths import base_of, folder_of
from tdmvc.migrations.python_effects import django_effects
from tdmvc.migrations.python_source import (
    Assigned,
    class_assignments,
    evaluate,
    module_assignments,
    parse_migration,
)
from tdmvc.migrations.python_tables import DjangoTables
from tdmvc.migrations.tools.django.apps import find_app_folders, find_projects, read_labels
from tdmvc.model.migration import Migration, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree

_CLASS: Final = re.compile(r"^class[ \t]+Migration\b", re.MULTILINE)
_DJANGO_CLASS: Final = re.compile(
    r"^class[ \t]+Migration\b[ \t]*(?::|\(\s*\)|\([^()]{0,300}migration)", re.MULTILINE | re.IGNORECASE
)
"""A class whose bases do not say that it is something else."""
_DEPENDENCIES: Final = re.compile(r"^[ \t]+dependencies[ \t]*=", re.MULTILINE)
_ENDS: Final = frozenset({"__first__", "__latest__"})
"""Names for the first and the last migration of an application."""

MigrationKey = tuple[str, str]
"""An application's label and a migration's name."""


@dataclass(frozen=True, slots=True)
class DeclaredMigration:
    """What one file says about its place in the history."""

    key: MigrationKey
    dependencies: tuple[MigrationKey, ...]
    run_before: tuple[MigrationKey, ...]
    replaces: tuple[MigrationKey, ...]
    models: frozenset[str]
    tables: frozenset[str]


@dataclass(slots=True)
class Applications:
    """What has been read of all applications so far."""

    declared: list[DeclaredMigration] = field(default_factory=list)
    tables: dict[str, DjangoTables] = field(default_factory=dict)
    without_class: list[str] = field(default_factory=list)
    """Files without a class Migration: a problem only if there are migrations next to them."""


class DjangoReader:
    """Reads the applications of a Django project, or one of them."""

    name = "django"

    def detect(self, tree: FileTree) -> list[str]:
        """Find projects, by `manage.py` or by the folder that holds all applications."""
        paths = tree.list_files()
        folders = find_app_folders(paths, "")
        probes: dict[str, str] = {}
        for folder, files in folders.items():
            # One file is enough if it has a number; another one may only help the migrations.
            ordered = sorted(files, key=lambda path: (not base_of(path)[0].isdigit(), path))
            count = 1 if base_of(ordered[0])[0].isdigit() else SAMPLE_FILES
            probes.update(dict.fromkeys(ordered[:count], folder))
        apps = {
            folder_of(probes[path]) for path, text in tree.read_texts(probes) if _DJANGO_CLASS.search(text)
        }
        return find_projects(paths, sorted(apps))

    def read(self, reading: Reading) -> MigrationState:
        """Read every application below the location; the heads are those of each application."""
        folders = find_app_folders(reading.tree.list_files(reading.path), reading.path)
        labels = read_labels(reading.tree, folders, reading.location.name)
        found = Applications()
        for path, text in reading.tree.read_texts(
            sorted(path for files in folders.values() for path in files)
        ):
            if _CLASS.search(text):
                _read_file(path, text, labels[folder_of(path)], reading, found)
            else:
                found.without_class.append(path)
        if not found.declared:
            raise reading.nothing_found("<app>/migrations/*.py with a class Migration")
        _report_without_class(found, reading)
        graph = _connect(found.declared, reading)
        for position, (migration, declared) in enumerate(
            zip(reading.migrations, found.declared, strict=True)
        ):
            tables = found.tables[declared.key[0]].tables(declared.models) | declared.tables
            parents = tuple(sorted(graph.parents[migration.id]))
            reading.migrations[position] = replace(migration, parents=parents, touches=tuple(sorted(tables)))
        heads = graph.heads()
        for app, ids in heads.items():
            if len(ids) > 1:
                message = f"Application {app} has {len(ids)} heads: {', '.join(ids)}."
                reading.add_problem("several-heads", message)
        return finish_graph(
            reading, [id_ for ids in heads.values() for id_ in ids], link="dependencies", is_per_app=True
        )

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what a migration adds and removes."""
        return django_effects(text, migration)


def _read_file(path: str, text: str, label: str, reading: Reading, found: Applications) -> None:
    source = parse_migration(path, text)
    body = class_assignments(source, "Migration")
    if body is None or (source.module is None and "dependencies" not in body and _DEPENDENCIES.search(text)):
        raise source.error(path)
    names = module_assignments(source) | body
    given = body.get("dependencies")
    if given is not None and not isinstance(evaluate(given.expression, names), tuple):
        raise given.error(path, "`dependencies` is not a literal list")
    operations = body["operations"].expression if "operations" in body else None
    models, tables = found.tables.setdefault(label, DjangoTables(label)).models(operations, names)
    name = base_of(path).removesuffix(".py")
    replaces = _keys("replaces", body, names)
    found.declared.append(
        DeclaredMigration(
            (label, name),
            _keys("dependencies", body, names),
            _keys("run_before", body, names),
            replaces,
            frozenset(models),
            frozenset(tables),
        )
    )
    reading.add(Migration(_id((label, name)), name, path, replaces=tuple(map(_id, replaces))), text)


def _keys(name: str, body: dict[str, Assigned], names: dict[str, Assigned]) -> tuple[MigrationKey, ...]:
    """Return the literal pairs of a list; others, such as swappable dependencies, are left out."""
    value = evaluate(body[name].expression, names) if name in body else ()
    keys = []
    for item in value if isinstance(value, tuple) else ():
        match item:
            case (str(app), str(migration)):
                keys.append((app, migration))
    return tuple(keys)


def _id(key: MigrationKey) -> str:
    return f"{key[0]}.{key[1]}"


def _report_without_class(found: Applications, reading: Reading) -> None:
    folders = {folder_of(migration.path) for migration in reading.migrations}
    for path in found.without_class:
        if folder_of(path) in folders:
            reading.add_file_problem(path, "has no class Migration; Django would refuse it.")


@dataclass(slots=True)
class MigrationGraph:
    """The migrations of all applications as one graph."""

    apps: dict[str, str]
    """The application of each id."""
    parents: dict[str, set[str]]
    replaced_by: dict[str, str]
    declared: dict[MigrationKey, set[MigrationKey]]
    """The parents as the files name them, before squashes apply; with migrations that are only named."""

    def replacement(self, id_: str) -> str:
        """Return the id that replaces this one after all squashes are applied."""
        seen: set[str] = set()
        while id_ in self.replaced_by and id_ not in seen:
            seen.add(id_)
            id_ = self.replaced_by[id_]
        return id_

    def heads(self) -> dict[str, list[str]]:
        """Return the newest ids of each application, without those that a squash replaces."""
        inner: set[str] = set()
        for child, known in self.parents.items():
            for parent in known:
                old, new = self.replacement(parent), self.replacement(child)
                if old != new and self.apps.get(old) == self.apps.get(new):
                    inner.add(old)
        found: dict[str, list[str]] = defaultdict(list)
        for id_ in sorted(self.apps):
            if id_ not in inner and self.replacement(id_) == id_:
                found[self.apps[id_]].append(id_)
        return found

    def roots(self) -> dict[str, list[str]]:
        """Return the first ids of each application.

        Django looks for them before squashes apply. A migration whose file was deleted after a
        squash is one of them as long as another migration names it; its squash replaces it.
        """
        found: dict[str, list[str]] = defaultdict(list)
        for key in sorted(self.declared):
            if all(parent[0] != key[0] for parent in self.declared[key]):
                id_ = _id(key)
                found[key[0]].append(id_ if id_ in self.apps else self.replaced_by[id_])
        return found


def _connect(declared: list[DeclaredMigration], reading: Reading) -> MigrationGraph:
    """Resolve the dependencies; those on applications outside the location are ignored."""
    apps = {_id(one.key): one.key[0] for one in declared}
    replaced_by = {_id(old): _id(one.key) for one in declared for old in one.replaces if old != one.key}
    graph = MigrationGraph(
        apps, {id_: set() for id_ in apps}, replaced_by, {one.key: set() for one in declared}
    )
    labels = set(apps.values())
    relative: list[tuple[str, MigrationKey]] = []

    def resolve(key: MigrationKey, child_id: str, path: str) -> str | None:
        if key[0] not in labels:
            return None
        id_ = _id(key) if _id(key) in apps else replaced_by.get(_id(key), "")
        if id_ not in apps:
            reading.add_problem(
                "dangling-parent", f"{child_id} depends on {_id(key)}, which does not exist.", path
            )
            return None
        return id_ if id_ != child_id else None

    for one, migration in zip(declared, reading.migrations, strict=True):
        for key in one.dependencies:
            if key[1] in _ENDS:
                relative.append((migration.id, key))
            elif parent := resolve(key, migration.id, migration.path):
                graph.parents[migration.id].add(parent)
                graph.declared.setdefault(key, set())
                graph.declared[one.key].add(key)
        for key in one.run_before:
            if key[1] not in _ENDS and (child := resolve(key, migration.id, migration.path)):
                graph.parents[child].add(migration.id)
                graph.declared.setdefault(key, set()).add(one.key)
    _connect_relative(graph, relative)
    return graph


def _connect_relative(graph: MigrationGraph, relative: Iterable[tuple[str, MigrationKey]]) -> None:
    """Resolve `__first__` and `__latest__`, which depend on the order within each application."""
    relative = [(id_, key) for id_, key in relative if key[0] != graph.apps[id_]]
    if not relative:
        return
    ends = {"__first__": graph.roots(), "__latest__": graph.heads()}
    for id_, (app, which) in relative:
        graph.parents[id_].update(ends[which].get(app, [])[:1])
