"""Knows in which order Liquibase runs change sets: its master changelog with all that it includes, written out."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tdmvc.migrations.base import Reading
from tdmvc.migrations.properties_text import parse_properties
from tdmvc.migrations.tools.liquibase.changelog import (
    ChangeSet,
    Entry,
    Include,
    IncludeAll,
    Property,
    PropertyFile,
)
from tdmvc.migrations.tools.liquibase.formats import parse_changelog
from tdmvc.migrations.tools.liquibase.lookup import File, Lookup, spelled_place
from tdmvc.migrations.tools.liquibase.master import Master, plain_path
from tdmvc.migrations.tools.liquibase.properties import LiquibaseProperties
from tdmvc.model.tree import FileTree


@dataclass(frozen=True, slots=True)
class ExpansionStep:
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

    def __init__(self, tree: FileTree, paths: Collection[str], master: Master, reading: Reading) -> None:
        self._tree = tree
        self._reading = reading
        self._properties = LiquibaseProperties()
        self._lookup = Lookup(tree, paths, master.roots, self._properties, reading)
        self._texts: dict[str, str] = {}
        self._open: list[_Open] = []
        self._open_paths: set[str] = set()
        self._entered: set[tuple[str, str | None]] = set()
        self._enter(File(master.path, master.seen_path))

    def steps(self) -> Iterator[ExpansionStep]:
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
                    self._properties.learn(current.file.path, given)
                case PropertyFile() as given:
                    self._learn_all(current.file, given)
                case Include() as include:
                    file = self._lookup.find(current.file, include.file)
                    if file is not None:
                        self._enter(File(file.path, file.seen_path, include.logical_path, file.line))
                case IncludeAll() as include_all:
                    files = self._lookup.find_all(current.file, include_all)
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
            message = f"{spelled_place(by, file.line)} includes {file.path}, which includes it in turn."
            self._reading.report("cycle", message, by)
            return
        if (file.path, file.logical_path) in self._entered:
            # Liquibase refuses that; written out again and again, files could stand for billions of sets.
            message = f"{spelled_place(by, file.line)} includes {file.path} once more."
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
        places = (self._lookup.place_of(inner, named) for named in included if "${" not in named.path)
        self._read_ahead(place[0] for place in places if place is not None)

    def _leave(self) -> None:
        done = self._open.pop()
        if not done.is_list:
            self._open_paths.discard(done.file.path)

    def _read_ahead(self, paths: Iterable[str]) -> None:
        """Read the files that come next in one batch."""
        self._texts.update(self._tree.read_texts([path for path in paths if path not in self._texts]))

    def _step(self, file: File, change_set: ChangeSet) -> ExpansionStep:
        logical_path = change_set.logical_path or file.logical_path
        path = plain_path(self._properties.fill(file.path, logical_path)) if logical_path else file.seen_path
        id_, author = (self._properties.fill(file.path, text) for text in (change_set.id, change_set.author))
        scripts = [
            found.path for named in change_set.scripts if (found := self._lookup.find_script(file, named))
        ]
        return ExpansionStep(f"{path}::{id_}::{author}", change_set, file.path, tuple(scripts))

    def _learn_all(self, file: File, given: PropertyFile) -> None:
        found = self._lookup.find(file, given.file)
        for name, value in parse_properties(self.text(found.path)) if found else ():
            known = Property(name, value, given.is_conditional, given.is_global)
            self._properties.learn(file.path, known)
