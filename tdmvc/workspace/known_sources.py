"""Remembers from which files a dataset was added in this work tree, and tells which have changed since."""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tdmvc.model.location import Location, PathLocation, ServerLocation
from tdmvc.model.report import SourceState, SourceStatus
from tdmvc.model.source import Frame
from tdmvc.store.atomic_files import write_atomic
from tdmvc.store.state_folder import state_folder
from tdmvc.workspace.workspace import Workspace

_FILE = "sources.json"
_CHUNK_BYTES = 1 << 20

Stamp = list[list[Any]]
"""Each file's path in the source, size and time of change, by which an unchanged file is known without reading it."""


@dataclass(slots=True)
class KnownSource:
    """A source as it was when it was added."""

    tables: list[str] = field(default_factory=list)
    stamp: Stamp = field(default_factory=list)
    digest: str = ""
    """Empty for a database on a server, which is not read to be compared."""


def describe_sources(workspace: Workspace, sources: Sequence[Location | Frame]) -> dict[str, KnownSource]:
    """Return what is to be remembered of sources by their names; call it before their rows are read.

    Rows in memory are no source that could change.
    """
    found = {}
    for source in sources:
        if isinstance(source, PathLocation):
            path = source.path.absolute()
            try:
                stamp = _stamp(workspace, path)
                known = KnownSource([], stamp, _digest(path, stamp))
            except OSError:
                # Whoever reads the rows says what is wrong.
                known = KnownSource()
            found[_name(workspace, path)] = known
        elif isinstance(source, ServerLocation):
            found[str(source)] = KnownSource()
    return found


def remember_sources(
    workspace: Workspace,
    dataset: str,
    sources: Mapping[str, KnownSource],
    tables: Mapping[str, Collection[str]],
    *,
    keeps_earlier: bool,
) -> None:
    """Remember the sources of the tables that were added from them.

    Args:
        tables: each with the origins of its rows.
        keeps_earlier: whether the tables have rows of earlier sources, too.
    """
    known = _read(workspace)
    old = known.setdefault(dataset, {})
    for one in old.values():
        if not keeps_earlier:
            one.tables = [table for table in one.tables if table not in tables]
    for name, source in sources.items():
        before = old.pop(name, None)
        place = str(workspace.root / name)
        # Dumps are loaded together, into a database that has another name.
        own = [table for table, origins in tables.items() if any(one.startswith(place) for one in origins)]
        own = own if own and len(sources) > 1 else list(tables)
        source.tables = sorted({*own, *(before.tables if before else ())})
        old[name] = source
    known[dataset] = {name: one for name, one in old.items() if one.tables}
    if tables:
        _write(workspace, known)


def compare_sources(workspace: Workspace, dataset: str, tables: Collection[str]) -> tuple[SourceStatus, ...]:
    """Return the sources of a dataset's tables, compared with what they were.

    Args:
        tables: those that the dataset has now.

    Cost: a look at each file; only one whose size or time differs is read.
    """
    found = []
    for name, source in _read(workspace).get(dataset, {}).items():
        own = tuple(table for table in source.tables if table in tables)
        if own:
            found.append(SourceStatus(name, _state(workspace, name, source), own))
    return tuple(found)


def _state(workspace: Workspace, name: str, source: KnownSource) -> SourceState:
    if not source.digest:
        return SourceState.NOT_COMPARED
    path = workspace.root / name
    try:
        stamp = _stamp(workspace, path)
        if not path.exists():
            return SourceState.MISSING
        is_same = stamp == source.stamp or _digest(path, stamp) == source.digest
    except OSError:
        return SourceState.NOT_COMPARED
    return SourceState.UNCHANGED if is_same else SourceState.CHANGED


def _name(workspace: Workspace, path: Path) -> str:
    """Return a path as it is remembered: relative to the root if it is below it."""
    normal = Path(os.path.normpath(path))
    root = workspace.root.absolute()
    return normal.relative_to(root).as_posix() if normal.is_relative_to(root) else str(normal)


def _stamp(workspace: Workspace, path: Path) -> Stamp:
    stamp: Stamp = []
    for file in _files(path, workspace.root / workspace.config.datasets_folder):
        found = file.stat()
        name = file.relative_to(path).as_posix() if file != path else ""
        stamp.append([name, found.st_size, found.st_mtime_ns])
    return stamp


def _files(path: Path, datasets: Path) -> Iterator[Path]:
    """Yield a file, or those of a folder in the order of their names, without hidden ones and the datasets."""
    if not path.is_dir():
        if path.exists():
            yield path
        return
    for entry in sorted(path.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry == datasets or (entry.is_symlink() and entry.is_dir()):
            continue
        yield from _files(entry, datasets)


def _digest(path: Path, stamp: Stamp) -> str:
    total = hashlib.sha256()
    for name, _, _ in stamp:
        content = hashlib.sha256()
        with (path / name if name else path).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                content.update(chunk)
        total.update(f"{name}\0".encode(errors="surrogateescape") + content.digest())
    return total.hexdigest()


def _read(workspace: Workspace) -> dict[str, dict[str, KnownSource]]:
    """Return all that is remembered; nothing if the file is damaged, since `add` writes it anew."""
    try:
        read = json.loads((state_folder(workspace.root) / _FILE).read_text(encoding="utf-8"))
        return {
            str(dataset): {str(name): KnownSource(**one) for name, one in sources.items()}
            for dataset, sources in read.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(workspace: Workspace, known: Mapping[str, Mapping[str, KnownSource]]) -> None:
    written = {
        dataset: {
            name: {"tables": one.tables, "stamp": one.stamp, "digest": one.digest}
            for name, one in sources.items()
        }
        for dataset, sources in known.items()
    }
    write_atomic(state_folder(workspace.root) / _FILE, json.dumps(written).encode())
