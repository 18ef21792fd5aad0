"""Knows how Django keeps migrations: a graph across applications, with squashes that replace others."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from tdmvc.migrations.base import Reading, locations_at, misunderstood, nothing_found, without_head
from tdmvc.migrations.conflicts import refuse_conflict
from tdmvc.migrations.graph import arrange, find_duplicates
from tdmvc.migrations.layout import base_of, folder_of, plain_folder
from tdmvc.migrations.python_source import (
    Assigned,
    class_assignments,
    evaluate,
    module_assignments,
    parse_source,
)
from tdmvc.migrations.tools.django.apps import find_app_folders, find_projects, read_labels
from tdmvc.migrations.touches import DjangoTouches
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState
from tdmvc.model.tree import FileTree

_CLASS: Final = re.compile(r"^class[ \t]+Migration\b", re.MULTILINE)
_DEPENDENCIES: Final = re.compile(r"^[ \t]+dependencies[ \t]*=", re.MULTILINE)

Key = tuple[str, str]
"""An application's label and a migration's name."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What one file says of its place in the history."""

    key: Key
    dependencies: tuple[Key, ...]
    run_before: tuple[Key, ...]
    replaces: tuple[Key, ...]
    models: frozenset[str]
    tables: frozenset[str]


@dataclass(slots=True)
class Applications:
    """What has been read of all applications so far."""

    declared: list[Declared] = field(default_factory=list)
    touches: dict[str, DjangoTouches] = field(default_factory=dict)
    without_class: list[str] = field(default_factory=list)
    """Files that hold no migration: a problem among migrations, of no interest elsewhere."""


class DjangoReader:
    """Reads the applications of a Django project, or one of them."""

    name = "django"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find projects, by `manage.py` or by the folder that holds all applications."""
        paths = tree.list_files()
        folders = find_app_folders(paths, "")
        probes = {}
        for folder, files in folders.items():
            # One file tells: numbered names come first.
            probes[min(files, key=lambda path: (not base_of(path)[0].isdigit(), path))] = folder
        apps = [folder_of(probes[path]) for path, text in tree.read_texts(probes) if _CLASS.search(text)]
        return locations_at(self.name, find_projects(paths, apps))

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read every application below the location; the heads are those of each application.

        Raises:
            MigrationsError: no migration is there, or a file's dependencies cannot be told.
        """
        reading = Reading(location)
        folder = plain_folder(location.path)
        folders = find_app_folders(tree.list_files(folder), folder)
        labels = read_labels(tree, folders, location.name)
        found = Applications()
        for path, text in tree.read_texts(sorted(path for files in folders.values() for path in files)):
            _read_file(path, text, labels[folder_of(path)], reading, found)
        if not found.declared:
            raise nothing_found(tree, location, "<app>/migrations/*.py with a class Migration")
        _report_strays(found, reading)
        graph = _connect(found.declared, reading)
        for position, (migration, declared) in enumerate(
            zip(reading.migrations, found.declared, strict=True)
        ):
            tables = found.touches[declared.key[0]].tables(declared.models) | declared.tables
            parents = tuple(sorted(graph.parents[migration.id]))
            reading.migrations[position] = replace(migration, parents=parents, touches=tuple(sorted(tables)))
        reading.problems.extend(find_duplicates(reading.migrations))
        heads = _heads(graph, reading)
        migrations, cycles = arrange(reading.migrations)
        reading.problems.extend(cycles)
        return reading.finish(migrations, heads)


def _read_file(path: str, text: str, label: str, reading: Reading, found: Applications) -> None:
    if not _CLASS.search(text):
        found.without_class.append(path)
        return
    source = parse_source(text)
    if source.module is None:
        refuse_conflict(path, text)
    body = class_assignments(source, "Migration")
    if body is None or (source.module is None and "dependencies" not in body and _DEPENDENCIES.search(text)):
        raise misunderstood(path, f"it is not Python ({source.fault})", line=source.fault_line)
    names = module_assignments(source) | body
    if not isinstance(
        evaluate(names["dependencies"].expression, names) if "dependencies" in body else (), tuple
    ):
        raise misunderstood(path, "`dependencies` is not a plain list", line=body["dependencies"].line)
    touches = found.touches.setdefault(label, DjangoTouches(label))
    operations = body["operations"].expression if "operations" in body else None
    models, tables = touches.models(operations, names)
    name = base_of(path).removesuffix(".py")
    replaces = _keys("replaces", body, names)
    found.declared.append(
        Declared(
            (label, name),
            _keys("dependencies", body, names),
            _keys("run_before", body, names),
            replaces,
            frozenset(models),
            frozenset(tables),
        )
    )
    reading.add(Migration(_id((label, name)), name, path, replaces=tuple(map(_id, replaces))), text)


def _keys(name: str, body: dict[str, Assigned], names: dict[str, Assigned]) -> tuple[Key, ...]:
    """Return the literal pairs of a list; what is not one, such as a swappable dependency, is left out."""
    value = evaluate(body[name].expression, names) if name in body else ()
    keys = []
    for item in value if isinstance(value, tuple) else ():
        match item:
            case (str(app), str(migration)):
                keys.append((app, migration))
    return tuple(keys)


def _id(key: Key) -> str:
    return f"{key[0]}.{key[1]}"


def _report_strays(found: Applications, reading: Reading) -> None:
    folders = {folder_of(migration.path) for migration in reading.migrations}
    for path in found.without_class:
        if folder_of(path) in folders:
            reading.report("unreadable-file", f"{path} has no class Migration; Django would refuse it.", path)


@dataclass(slots=True)
class Graph:
    """All applications' migrations as one graph."""

    apps: dict[str, str]
    """The application of each id."""
    parents: dict[str, set[str]]
    replaced_by: dict[str, str]
    declared: dict[Key, set[Key]]
    """The parents as the files name them, before any squash is in force; with migrations that are only named."""

    def standing(self, id_: str) -> str:
        """Return the id that stands for this one once every squash is in force."""
        seen: set[str] = set()
        while id_ in self.replaced_by and id_ not in seen:
            seen.add(id_)
            id_ = self.replaced_by[id_]
        return id_

    def heads(self) -> dict[str, list[str]]:
        """Return each application's newest ids, without those that a squash replaces."""
        inner: set[str] = set()
        for child, known in self.parents.items():
            for parent in known:
                old, new = self.standing(parent), self.standing(child)
                if old != new and self.apps.get(old) == self.apps.get(new):
                    inner.add(old)
        found: dict[str, list[str]] = defaultdict(list)
        for id_ in sorted(self.apps):
            if id_ not in inner and self.standing(id_) == id_:
                found[self.apps[id_]].append(id_)
        return found

    def roots(self) -> dict[str, list[str]]:
        """Return each application's first ids.

        Django looks for them before any squash is in force. A migration whose file was deleted after a
        squash is also one of them as long as another migration names it; its squash stands for it.
        """
        found: dict[str, list[str]] = defaultdict(list)
        for key in sorted(self.declared):
            if all(parent[0] != key[0] for parent in self.declared[key]):
                id_ = _id(key)
                found[key[0]].append(id_ if id_ in self.apps else self.replaced_by[id_])
        return found


def _connect(declared: list[Declared], reading: Reading) -> Graph:
    """Resolve the dependencies; one on an application that is not here is somebody else's history."""
    apps = {_id(one.key): one.key[0] for one in declared}
    replaced_by = {_id(old): _id(one.key) for one in declared for old in one.replaces if old != one.key}
    graph = Graph(apps, {id_: set() for id_ in apps}, replaced_by, {one.key: set() for one in declared})
    labels = set(apps.values())
    relative: list[tuple[str, Key]] = []

    def resolve(key: Key, asked_by: str, path: str) -> str | None:
        if key[0] not in labels:
            return None
        id_ = _id(key) if _id(key) in apps else replaced_by.get(_id(key), "")
        if id_ not in apps:
            reading.report("dangling-parent", f"{asked_by} depends on {_id(key)}, which is not here.", path)
            return None
        return id_ if id_ != asked_by else None

    for one, migration in zip(declared, reading.migrations, strict=True):
        for key in one.dependencies:
            if key[1] in {"__first__", "__latest__"}:
                relative.append((migration.id, key))
            elif parent := resolve(key, migration.id, migration.path):
                graph.parents[migration.id].add(parent)
                graph.declared.setdefault(key, set())
                graph.declared[one.key].add(key)
        for key in one.run_before:
            if key[1] not in {"__first__", "__latest__"} and (
                child := resolve(key, migration.id, migration.path)
            ):
                graph.parents[child].add(migration.id)
                graph.declared.setdefault(key, set()).add(one.key)
    _connect_relative(graph, relative)
    return graph


def _connect_relative(graph: Graph, relative: Iterable[tuple[str, Key]]) -> None:
    """Resolve `__first__` and `__latest__`, which need the applications' own order to be known."""
    relative = [(id_, key) for id_, key in relative if key[0] != graph.apps[id_]]
    if not relative:
        return
    ends = {"__first__": graph.roots(), "__latest__": graph.heads()}
    for id_, (app, which) in relative:
        graph.parents[id_].update(ends[which].get(app, [])[:1])


def _heads(graph: Graph, reading: Reading) -> list[str]:
    heads = graph.heads()
    for app, several in heads.items():
        if len(several) > 1:
            reading.report(
                "several-heads", f"Application {app} has {len(several)} heads: {', '.join(several)}."
            )
    found = sorted(id_ for several in heads.values() for id_ in several)
    if not found:
        raise without_head(reading.location, "dependencies")
    return found
