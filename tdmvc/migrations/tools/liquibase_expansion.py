"""Knows in which order Liquibase runs change sets: its master changelog with all that it includes, written out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from posixpath import normpath
from typing import Final, TypeAlias

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading
from tdmvc.migrations.layout import below, folder_of, join
from tdmvc.migrations.tools.liquibase_changelog import (
    ChangeSet,
    Entry,
    FileReference,
    Include,
    IncludeAll,
    Property,
)
from tdmvc.migrations.tools.liquibase_formats import parse_changelog
from tdmvc.migrations.tools.liquibase_master import Master, is_changelog_name, plain_path
from tdmvc.model.tree import FileTree

_PLACEHOLDER: Final = re.compile(r"\$\{([^${}]{1,200})\}")


@dataclass(frozen=True, slots=True)
class File:
    """A file in the repository, and under what path Liquibase sees it."""

    path: str
    seen_path: str
    logical_path: str | None = None
    """What the one who includes it calls it."""
    line: int | None = None
    """Where it is included."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change set in its place."""

    id: str
    """`path::id::author`, as Liquibase spells it."""
    change_set: ChangeSet
    path: str
    scripts: tuple[str, ...] = ()
    """Paths of the files that it runs or loads, as far as they are there."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A changelog that is being written out, or the list of files of an `includeAll` in it."""

    file: File
    rest: "Iterator[_Part]"
    is_list: bool = False


_Part: TypeAlias = Entry | File


class Expansion:
    """Writes a master changelog out, without recursion and each file once."""

    def __init__(self, tree: FileTree, master: Master, reading: Reading) -> None:
        self._tree = tree
        self._roots = master.roots
        self._reading = reading
        self._known = set(tree.list_files())
        self._texts: dict[str, str] = {}
        self._properties: dict[str, str | None] = {}
        self._open: list[_Open] = []
        self._open_paths: set[str] = set()
        self._entered: set[tuple[str, str | None]] = set()
        self._enter(File(master.path, master.seen_path))

    def steps(self) -> Iterator[Step]:
        """Yield the change sets in the order in which Liquibase runs them.

        Raises:
            MigrationsError: a file is missing or cannot be understood.
        """
        while self._open:
            current = self._open[-1]
            match next(current.rest, None):
                case None:
                    self._leave()
                case ChangeSet() as change_set:
                    yield self._step(current.file, change_set)
                case Property() as given:
                    self._learn(given)
                case Include() as include:
                    file = self._find(current.file, include.file)
                    if file is not None:
                        self._enter(File(file.path, file.seen_path, include.logical_path, file.line))
                case IncludeAll() as include_all:
                    files = self._find_all(current.file, include_all)
                    self._read_ahead(file.path for file in files)
                    self._open.append(_Open(current.file, iter(files), is_list=True))
                case File() as file:
                    self._enter(file)

    @property
    def files(self) -> set[str]:
        """The changelogs that were written out so far."""
        return {path for path, _ in self._entered}

    def text(self, path: str) -> str:
        """Return the text of a script that a step runs."""
        return self._tree.read_text(path) or ""

    def _enter(self, file: File) -> None:
        by = self._open[-1].file.path if self._open else file.path
        if file.path in self._open_paths:
            message = f"{_place(by, file.line)} includes {file.path}, which includes it in turn."
            self._reading.report("cycle", message, by)
            return
        if (file.path, file.logical_path) in self._entered:
            # Liquibase refuses that; written out again and again, files could stand for billions of sets.
            message = f"{_place(by, file.line)} includes {file.path} once more."
            self._reading.report("duplicate-id", message, file.path)
            return
        self._entered.add((file.path, file.logical_path))
        text = self._texts.pop(file.path, None)
        if text is None:
            text = self._tree.read_text(file.path) or ""
        changelog = parse_changelog(file.path, text)
        logical_path = changelog.logical_path or file.logical_path
        included = (e.file for e in changelog.entries if isinstance(e, Include))
        inner = File(file.path, file.seen_path, logical_path)
        self._open.append(_Open(inner, iter(changelog.entries)))
        self._open_paths.add(file.path)
        places = (self._place_of(inner, named) for named in included if "${" not in named.path)
        self._read_ahead(place[0] for place in places if place is not None)

    def _leave(self) -> None:
        done = self._open.pop()
        if not done.is_list:
            self._open_paths.discard(done.file.path)

    def _read_ahead(self, paths: Iterable[str]) -> None:
        """Read the files that come next in one batch."""
        self._texts.update(self._tree.read_texts([path for path in paths if path not in self._texts]))

    def _step(self, file: File, change_set: ChangeSet) -> Step:
        logical_path = change_set.logical_path or file.logical_path
        path = plain_path(self._filled(logical_path)) if logical_path else file.seen_path
        id_ = f"{path}::{self._filled(change_set.id)}::{self._filled(change_set.author)}"
        scripts = [found.path for named in change_set.scripts if (found := self._script(file, named))]
        return Step(id_, change_set, file.path, tuple(scripts))

    def _script(self, file: File, named: FileReference) -> File | None:
        place = self._place_of(file, named)
        if place is None:
            message = f"{_place(file.path, named.line)} runs '{named.path}', which is not here."
            self._reading.report("unreadable-file", message, file.path)
            return None
        return File(*place)

    def _learn(self, given: Property) -> None:
        value = self._filled(given.value)
        if given.name not in self._properties:
            self._properties[given.name] = value
        elif given.is_conditional and self._properties[given.name] != value:
            # It depends on the database; nobody can say which one is meant.
            self._properties[given.name] = None

    def _filled(self, text: str) -> str:
        """Put in the values of the properties that are known; Liquibase, too, leaves the others as they are."""
        if "${" not in text:
            return text
        return _PLACEHOLDER.sub(lambda match: self._properties.get(match[1].strip()) or match[0], text)

    def _find(self, by: File, named: FileReference) -> File | None:
        """Return the file of an `include`, or None where it may be left out."""
        name = self._filled(named.path)
        if "${" in name:
            message = f"{_place(by.path, named.line)} includes '{name}', whose name is not known here."
            self._reading.report("unreadable-file", message, by.path)
            return None
        place = self._place_of(by, named)
        if place is not None:
            return File(*place, line=named.line)
        if named.may_be_missing:
            return None
        raise _missing(by, named, f"'{name}', which is not in {self._tree.label}")

    def _place_of(self, by: File, named: FileReference) -> tuple[str, str] | None:
        """Return where a file lies in the repository and under what path Liquibase sees it."""
        return next((place for place in self._places(by, named) if place[0] in self._known), None)

    def _places(self, by: File, named: FileReference) -> Iterator[tuple[str, str]]:
        """Yield where something that `by` names may lie inside the repository, the likeliest first."""
        name = plain_path(self._filled(named.path))
        if named.is_relative:
            path = join(folder_of(by.path), name)
            seen = join(folder_of(by.seen_path), name)
            if path is not None:
                yield path, path if seen is None else seen
            return
        for root in self._roots:
            path = join(root, name)
            if path is not None:
                yield path, normpath(name)

    def _find_all(self, by: File, named: IncludeAll) -> list[File]:
        """Return the files of an `includeAll` in the order of their paths, as Java compares them."""
        where = _place(by.path, named.folder.line)
        if named.orders_by_code:
            message = f"{where} includes files by application code, which is not run; they are taken by name."
            self._reading.report("unreadable-file", message, by.path)
        name = self._filled(named.folder.path)
        if "${" in name:
            message = f"{where} includes all of '{name}', whose name is not known here."
            self._reading.report("unreadable-file", message, by.path)
            return []
        for folder, seen in self._places(by, named.folder):
            paths = [path for path in self._tree.list_files(folder) if _is_wanted(below(path, folder), named)]
            files = [
                File(p, normpath(f"{seen}/{below(p, folder)}"), named.logical_path, named.folder.line)
                for p in paths
            ]
            if files:
                return sorted(files, key=lambda f: _java_order(f.seen_path))
        if named.folder.may_be_missing:
            return []
        raise _missing(by, named.folder, f"all of '{name}', which holds no changelog in {self._tree.label}")


def _is_wanted(path: str, named: IncludeAll) -> bool:
    depth = path.count("/") + 1
    is_deep_enough = named.min_depth <= depth and (named.max_depth is None or depth <= named.max_depth)
    return is_deep_enough and is_changelog_name(path) and path.endswith(named.ends_with)


def _java_order(path: str) -> bytes:
    return path.replace("WEB-INF/classes/", "").encode("utf-16-be", "surrogatepass")


def _place(path: str, line: int | None) -> str:
    return path if line is None else f"{path}, line {line},"


def _missing(by: File, named: FileReference, what: str) -> MigrationsError:
    return MigrationsError(
        f"This changelog includes {what}.",
        where=by.path if named.line is None else f"{by.path}, line {named.line}",
        remedy="mend the path, or name the master changelog in tdmvc.yaml, from where paths are seen.",
    )
