"""Reads Alembic's migration scripts: revision files that name the one before them."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.graph import find_heads, finish_graph
from tdmvc.migrations.linear import files_below
from tdmvc.migrations.paths import ancestors, base_of, folder_of, inside, own_files
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
from tdmvc.migrations.tools.alembic.config import INI, PYPROJECT, AlembicConfig, read_configs
from tdmvc.model.migration import Migration, MigrationState
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
            folder = _existing(tree, config.script_folders)
            if folder is not None and _configured(tree, config, folder):
                found.add(folder)
        with_scripts = {folder_of(path) for path in paths if _is_script(path)}
        for path in paths:
            if base_of(path) == "env.py" and _versions_of(folder_of(path)) in with_scripts:
                found.add(folder_of(path))
        return found

    def read(self, reading: Reading) -> MigrationState:
        """Read a location that is a script folder, a versions folder or the folder of the configuration."""
        revisions: list[Revision] = []
        for path, text in reading.tree.read_texts(_script_paths(reading.tree, reading.path)):
            revision = _read_file(path, text, reading)
            if revision is not None:
                revisions.append(revision)
        if not revisions:
            raise reading.nothing_found("*.py files with a `revision`, in versions/")
        heads = find_heads(_connect(reading, revisions))
        if len(heads) > 1:
            reading.add_problem("several-heads", f"There are {len(heads)} heads: {', '.join(heads)}.")
        return finish_graph(reading, heads, link="down_revision")


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


def _is_script(path: str) -> bool:
    name = base_of(path)
    return name.endswith(".py") and not name.startswith(("__init__", ".#"))


def _versions_of(folder: str) -> str:
    return inside(folder, "versions")


def _existing(tree: FileTree, candidates: Iterable[str]) -> str | None:
    return next((folder for folder in candidates if tree.list_files(folder)), None)


def _script_paths(tree: FileTree, folder: str) -> list[str]:
    """Return the revision files of a location that is any of Alembic's folders."""
    is_file = base_of(folder) in {INI, PYPROJECT}
    own = [folder] if is_file else [inside(folder, name) for name in (INI, PYPROJECT)]
    for config in read_configs(tree, own):
        script = _existing(tree, config.script_folders)
        if script is not None and (scripts := _configured(tree, config, script)):
            return scripts
    above = [inside(place, name) for place in ancestors(folder) for name in (INI, PYPROJECT)]
    configs = list(read_configs(tree, above))
    config_of_folder = next((config for config in configs if folder in config.script_folders), None)
    if config_of_folder is not None and (scripts := _configured(tree, config_of_folder, folder)):
        return scripts
    if scripts := _scripts_in(tree, [_versions_of(folder)], is_recursive=True):
        return scripts
    parent = next((c for c in configs if folder_of(folder) in c.script_folders), None)
    return _scripts_in(tree, [folder], is_recursive=parent is None or parent.is_recursive) if folder else []


def _configured(tree: FileTree, config: AlembicConfig, script_folder: str) -> list[str]:
    """Return the revision files of a script folder according to its configuration."""
    named = [_existing(tree, candidates) for candidates in config.version_folders]
    folders = [folder for folder in named if folder is not None] or [_versions_of(script_folder)]
    return _scripts_in(tree, folders, is_recursive=config.is_recursive)


def _scripts_in(tree: FileTree, folders: Iterable[str], *, is_recursive: bool) -> list[str]:
    """Return the revision files of folders, sorted.

    Some applications turn recursion on in code, which is not read: subfolders
    count too if they have no revision files next to them.
    """
    found: set[str] = set()
    for folder in folders:
        scripts = list(filter(_is_script, files_below(tree, folder)))
        direct = [path for path in scripts if folder_of(path) == folder]
        found.update(scripts if is_recursive or not direct else direct)
    return sorted(found)
