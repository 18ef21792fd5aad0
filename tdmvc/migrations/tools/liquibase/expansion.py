"""Expands a master changelog of Liquibase with everything that it includes, in the order in which it runs."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tdmvc.migrations.base import Reading, format_place
from tdmvc.migrations.text import parse_properties
from tdmvc.migrations.tools.liquibase.changelog import (
    ChangeSet,
    Entry,
    Include,
    IncludeAll,
    Property,
    PropertyFile,
)
from tdmvc.migrations.tools.liquibase.formats import parse_changelog
from tdmvc.migrations.tools.liquibase.lookup import ChangelogFile, FileLookup
from tdmvc.migrations.tools.liquibase.master import MasterChangelog, plain_path


@dataclass(frozen=True, slots=True)
class ExpansionStep:
    """A change set in its position."""

    id: str
    """`path::id::author`, as in Liquibase."""
    change_set: ChangeSet
    path: str
    scripts: tuple[str, ...] = ()
    """Paths of the files that it runs or loads, as far as they exist."""


@dataclass(frozen=True, slots=True)
class _OpenChangelog:
    """A changelog that is being expanded, or the files of an `includeAll` in it."""

    file: ChangelogFile
    rest: "Iterator[_Part]"
    is_list: bool = False


_Part: TypeAlias = Entry | ChangelogFile


class Expansion:
    """Expands a master changelog, without recursion and each file once."""

    def __init__(self, paths: Collection[str], master: MasterChangelog, reading: Reading) -> None:
        self._tree = reading.tree
        self._reading = reading
        self._lookup = FileLookup(paths, master, reading)
        self._properties = self._lookup.properties
        self._texts: dict[str, str] = {}
        self._open: list[_OpenChangelog] = []
        self._open_paths: set[str] = set()
        self._entered: set[tuple[str, str | None]] = set()
        self._enter(ChangelogFile(master.path, master.resource_path))

    def steps(self) -> Iterator[ExpansionStep]:
        """Yield the change sets in the order in which Liquibase runs them.

        Raises:
            MigrationsError: a file is missing or cannot be read.
        """
        while self._open:
            current = self._open[-1]
            match next(current.rest, None):
                case None:
                    self._leave()
                case ChangeSet() as change_set:
                    yield self._step(current.file, change_set)
                case Property() as given:
                    self._properties.define(current.file.path, given)
                case PropertyFile() as given:
                    self._define_all(current.file, given)
                case Include() as include:
                    file = self._lookup.find(current.file, include.file)
                    if file is not None:
                        self._enter(
                            ChangelogFile(file.path, file.resource_path, include.logical_path, file.line)
                        )
                case IncludeAll() as include_all:
                    files = self._lookup.find_all(current.file, include_all)
                    self._read_ahead(file.path for file in files)
                    self._open.append(_OpenChangelog(current.file, iter(files), is_list=True))
                case ChangelogFile() as file:
                    self._enter(file)

    @property
    def files(self) -> set[str]:
        """The changelogs that were expanded so far."""
        return {path for path, _ in self._entered}

    def text(self, path: str) -> str:
        """Return the text of a script that a step runs."""
        return self._tree.read_text(path) or ""

    def _enter(self, file: ChangelogFile) -> None:
        parent = self._open[-1].file.path if self._open else file.path
        place = format_place(parent, file.line)
        if file.path in self._open_paths:
            message = f"{place} includes {file.path}, which includes it in turn."
            self._reading.add_problem("cycle", message, parent)
            return
        if (file.path, file.logical_path) in self._entered:
            # Liquibase refuses that; a few files that include each other repeatedly could have billions of sets.
            self._reading.add_problem("duplicate-id", f"{place} includes {file.path} again.", file.path)
            return
        self._entered.add((file.path, file.logical_path))
        text = self._texts.pop(file.path, None)
        if text is None:
            text = self._tree.read_text(file.path) or ""
        changelog = parse_changelog(file.path, text)
        logical_path = changelog.logical_path or file.logical_path
        included = (e.file for e in changelog.entries if isinstance(e, Include))
        inner = ChangelogFile(file.path, file.resource_path, logical_path)
        self._open.append(_OpenChangelog(inner, iter(changelog.entries)))
        self._open_paths.add(file.path)
        places = (self._lookup.place_of(inner, named) for named in included if "${" not in named.path)
        self._read_ahead(place[0] for place in places if place is not None)

    def _leave(self) -> None:
        done = self._open.pop()
        if not done.is_list:
            self._open_paths.discard(done.file.path)

    def _read_ahead(self, paths: Iterable[str]) -> None:
        """Read the next files in one batch."""
        self._texts.update(self._tree.read_texts([path for path in paths if path not in self._texts]))

    def _step(self, file: ChangelogFile, change_set: ChangeSet) -> ExpansionStep:
        logical_path = change_set.logical_path or file.logical_path
        path = (
            plain_path(self._properties.fill(file.path, logical_path)) if logical_path else file.resource_path
        )
        id_, author = (self._properties.fill(file.path, text) for text in (change_set.id, change_set.author))
        scripts = (self._lookup.find_script(file, reference) for reference in change_set.scripts)
        found = tuple(script for script in scripts if script is not None)
        return ExpansionStep(f"{path}::{id_}::{author}", change_set, file.path, found)

    def _define_all(self, file: ChangelogFile, given: PropertyFile) -> None:
        found = self._lookup.find(file, given.file)
        for name, value in parse_properties(self.text(found.path)) if found else ():
            known = Property(name, value, given.is_conditional, given.is_global)
            self._properties.define(file.path, known)
