"""Reads Alembic's migration scripts: revision files that name the one before them."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading
from tdmvc.migrations.graph import find_heads, finish_graph, order_ids
from tdmvc.migrations.paths import base_of, folder_of, own_files
from tdmvc.migrations.python_effects import alembic_effects
from tdmvc.migrations.python_source import (
    Assigned,
    PythonSource,
    Value,
    evaluate,
    module_assignments,
    parse_migration,
    parse_source,
)
from tdmvc.migrations.python_tables import alembic_tables
from tdmvc.migrations.tools.alembic.config import INI, PYPROJECT, read_configs
from tdmvc.migrations.tools.alembic.scripts import (
    configured_scripts,
    existing_folder,
    find_scripts,
    is_script,
    versions_of,
)
from tdmvc.model.migration import Migration, MigrationLocation, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree

_DOWNGRADE: Final = re.compile(r"^def[ \t]+downgrade\b", re.MULTILINE)
_IDENTIFIERS: Final = re.compile(r"^(?:revision|down_revision|depends_on|branch_labels)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Revision:
    """What one revision file says about its place in the history."""

    id: str
    down: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    has_unknown_labels: bool = False
    """Whether branch labels are computed, so that a dependency on one cannot be followed."""


class AlembicReader:
    """Reads the version folders of Alembic and Flask-Migrate."""

    name = "alembic"

    def detect(self, tree: FileTree) -> set[str]:
        """Find script folders that a configuration names, or that contain `env.py` and `versions/`."""
        paths = own_files(tree)
        found: set[str] = set()
        for config in read_configs(tree, [path for path in paths if base_of(path) in {INI, PYPROJECT}]):
            folder = existing_folder(tree, config.script_folders)
            if folder is not None and configured_scripts(tree, config, folder):
                found.add(folder)
        with_scripts = {folder_of(path) for path in paths if is_script(path)}
        for path in paths:
            if base_of(path) == "env.py" and versions_of(folder_of(path)) in with_scripts:
                found.add(folder_of(path))
        return found

    def read(self, reading: Reading) -> MigrationState:
        """Read a location that is a script folder, a versions folder or the folder of the configuration."""
        scripts = find_scripts(reading.tree, reading.path)
        revisions = _read_files(scripts.paths, reading)
        if scripts.in_subfolders:
            inner = _read_subfolders(reading, scripts.in_subfolders)
            if scripts.has_locations_in_code or _are_named(inner, by=revisions):
                revisions += _read_files(scripts.in_subfolders, reading)
            else:
                _report_unread(reading, inner, revisions)
        if not revisions:
            raise reading.nothing_found("*.py files with a `revision`, in versions/")
        lineage = _connect(reading, revisions)
        heads = find_heads(lineage)
        branches = Counter(_labels_of(heads, lineage, revisions).values())
        if len(heads) > len(branches):
            reading.add_problem("several-heads", f"There are {len(heads)} heads: {', '.join(heads)}.")
        return finish_graph(reading, heads, link="down_revision")

    def effects(self, migration: Migration, text: str) -> Iterator[SchemaEffect]:
        """Yield what a migration adds and removes."""
        return alembic_effects(text)


def _read_files(paths: Iterable[str], reading: Reading) -> list[Revision]:
    """Add the files that have a `revision`."""
    found = (_read_file(path, text, reading) for path, text in reading.tree.read_texts(paths))
    return [revision for revision in found if revision is not None]


def _read_subfolders(reading: Reading, paths: Iterable[str]) -> dict[str, Revision]:
    """Return the revisions of files that may not belong to the history; what cannot be read does not."""
    found: dict[str, Revision] = {}
    for path, text in reading.tree.read_texts(paths):
        with suppress(MigrationsError):
            revision = _read_file(path, text, Reading(reading.tree, MigrationLocation("", "", "")))
            if revision is not None:
                found[path] = revision
    return found


def _are_named(inner: Mapping[str, Revision], *, by: Iterable[Revision]) -> bool:
    """Return whether revisions of a history follow one of others, so that Alembic must find those too."""
    outer = list(by)
    known = {revision.id for revision in outer}
    missing = {parent for revision in outer for parent in revision.down} - known
    return not missing.isdisjoint(revision.id for revision in inner.values())


def _report_unread(reading: Reading, inner: Mapping[str, Revision], revisions: Iterable[Revision]) -> None:
    """Report revisions that follow the history, in folders that Alembic does not search."""
    known = {revision.id for revision in revisions}
    for path, revision in inner.items():
        if revision.id not in known and not known.isdisjoint(revision.down):
            reading.add_file_problem(
                path,
                f"follows {', '.join(sorted(known.intersection(revision.down)))}, but Alembic does not search "
                "its folder; it was ignored. If it does, set `recursive_version_locations`.",
            )


def _read_file(path: str, text: str, reading: Reading) -> Revision | None:
    """Add one file without its parents, which are known once all files are read."""
    source = _parse(path, text)
    names = module_assignments(source)
    if "revision" not in names:
        if source.module is None:
            raise source.error(path)
        reading.add_file_problem(path, "has no `revision`; Alembic would refuse it.")
        return None
    revision = _revision(path, names, reading)
    name = source.docstring or base_of(path).removesuffix(".py")
    reading.add(Migration(revision.id, name, path, touches=alembic_tables(source, names)), text)
    return revision


def _parse(path: str, text: str) -> PythonSource:
    """Parse a file, if possible without its last function: `downgrade` is not needed."""
    downgrade = _DOWNGRADE.search(text)
    if downgrade and "<<<<<<<" not in text and not _IDENTIFIERS.search(text, downgrade.end()):
        source = parse_source(text[: downgrade.start()])
        if source.module is not None:
            return source
    return parse_migration(path, text)


def _revision(path: str, names: dict[str, Assigned], reading: Reading) -> Revision:
    id_ = evaluate(names["revision"].expression, names)
    if not isinstance(id_, str) or not id_:
        raise names["revision"].error(path, "`revision` is not a literal string")
    down = _ids(names, "down_revision")
    if down is None:
        why = "`down_revision` is not a literal string, a tuple of them, or None"
        raise names["down_revision"].error(path, why)
    depends_on = _ids(names, "depends_on")
    if depends_on is None:
        reading.add_file_problem(
            path, "has a `depends_on` that is not a literal.", line=names["depends_on"].line
        )
    labels = _ids(names, "branch_labels")
    return Revision(id_, down, depends_on or (), labels or (), labels is None)


def _ids(names: dict[str, Assigned], name: str) -> tuple[str, ...] | None:
    """Return the strings that are assigned to a name: none, one or several; None if they are not literals."""
    value: Value = evaluate(names[name].expression, names) if name in names else None
    if value is None:
        return ()
    several = value if isinstance(value, tuple) else (value,)
    texts = tuple(item for item in several if isinstance(item, str))
    return texts if len(texts) == sum(item is not None for item in several) else None


def _labels_of(
    heads: Iterable[str], lineage: Mapping[str, set[str]], revisions: Iterable[Revision]
) -> dict[str, frozenset[str]]:
    """Return the branch labels of each head: its own, and those of all revisions before it.

    A label that is computed counts as one that no other revision has.
    """
    labels: dict[str, frozenset[str]] = {}
    for revision in revisions:
        unknown = {f"computed in {revision.id}"} if revision.has_unknown_labels else set()
        labels[revision.id] = labels.get(revision.id, frozenset()) | frozenset(revision.labels) | unknown
    if not any(labels.values()):
        return dict.fromkeys(heads, frozenset())
    for id_ in order_ids(lineage)[0]:
        labels[id_] = labels[id_].union(*(labels.get(parent, frozenset()) for parent in lineage[id_]))
    return {head: labels[head] for head in heads}


def _connect(reading: Reading, revisions: list[Revision]) -> dict[str, set[str]]:
    """Add the parents of the migrations; return those that count for heads, without dependencies."""
    ids = sorted({revision.id for revision in revisions})
    known = set(ids)
    labels = {label: revision.id for revision in revisions for label in revision.labels}
    may_be_label = any(revision.has_unknown_labels for revision in revisions)
    lineage: dict[str, set[str]] = {id_: set() for id_ in ids}

    def resolve(name: str) -> str:
        if name in known:
            return name
        name = name.rpartition("@")[2]
        if name in labels:
            return labels[name]
        first = bisect_left(ids, name)
        near = [id_ for id_ in ids[first : first + 2] if name and id_.startswith(name)]
        return near[0] if len(near) == 1 else name

    for position, (migration, revision) in enumerate(zip(reading.migrations, revisions, strict=True)):
        down = [resolve(name) for name in revision.down]
        depends_on = [resolve(name) for name in revision.depends_on]
        lineage[revision.id].update(down)
        for parent in [*down, *([] if may_be_label else depends_on)]:
            if parent not in known:
                message = f"{revision.id} follows '{parent}', which does not exist."
                reading.add_problem("dangling-parent", message, migration.path)
        parents = tuple(dict.fromkeys([*down, *depends_on]))
        reading.migrations[position] = replace(migration, parents=parents)
    return lineage
