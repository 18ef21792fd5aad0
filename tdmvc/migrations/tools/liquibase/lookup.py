"""Resolves the files and properties that Liquibase's changelogs name, never outside the repository."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from posixpath import normpath
from typing import Final

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading
from tdmvc.migrations.paths import below, folder_of, inside, is_inside, join
from tdmvc.migrations.tools.liquibase.changelog import FileReference, IncludeAll, Property
from tdmvc.migrations.tools.liquibase.master import MasterChangelog, is_changelog_name, plain_path
from tdmvc.migrations.tools.liquibase.modules import ModuleRoots, find_module_roots

MAX_REPLACEMENT: Final = 10_000
"""How many characters may replace the properties of one text: ones that name each other could have billions."""

_PLACEHOLDER: Final = re.compile(r"\$\{([^${}]{1,200})\}")


@dataclass(frozen=True, slots=True)
class ChangelogFile:
    """A file in the repository, and its path in Liquibase's search path."""

    path: str
    resource_path: str
    logical_path: str | None = None
    """The logical path in the reference that includes it."""
    line: int | None = None
    """The line of that reference."""


class LiquibaseProperties:
    """Values by name; the first one counts, and a local one only in its own changelog."""

    def __init__(self) -> None:
        self._global: dict[str, str | None] = {}
        self._local: dict[str, dict[str, str | None]] = defaultdict(dict)

    def define(self, path: str, given: Property) -> None:
        """Define a property that the changelog at `path` contains."""
        known = self._global if given.is_global else self._local[path]
        value = self.fill(path, given.value)
        if given.name not in known:
            known[given.name] = value
        elif given.is_conditional and known[given.name] != value:
            # It depends on the database, which is unknown here.
            known[given.name] = None

    def fill(self, path: str, text: str) -> str:
        """Replace properties that are known at `path`; like Liquibase, leave the others as they are."""
        if "${" not in text:
            return text
        local = self._local.get(path, {})
        room = MAX_REPLACEMENT

        def value(match: re.Match[str]) -> str:
            nonlocal room
            name = match[1].strip()
            known = self._global.get(name) or local.get(name) or match[0]
            if len(known) > room:
                return match[0]
            room -= len(known)
            return known

        return _PLACEHOLDER.sub(value, text)


class FileLookup:
    """Finds the files that changelogs name."""

    def __init__(self, paths: Collection[str], master: MasterChangelog, reading: Reading) -> None:
        self.properties = LiquibaseProperties()
        self._master = master
        self._reading = reading
        self._known = frozenset(paths)

    @cached_property
    def _modules(self) -> ModuleRoots:
        return find_module_roots(self._reading.tree, self._known, self._master.path)

    def find(self, parent: ChangelogFile, reference: FileReference) -> ChangelogFile | None:
        """Return a file that a changelog includes, or None if it may be missing.

        Raises:
            MigrationsError: it does not exist.
        """
        name = self._resolve_name(parent, reference)
        place = self.place_of(parent, reference) if name else None
        if place is not None:
            self._report_several(parent, reference, place[0])
            return ChangelogFile(*place, line=reference.line)
        if name is None or reference.may_be_missing:
            return None
        raise _missing(parent, reference, f"'{name}', which is not in {self._reading.tree.label}")

    def find_script(self, parent: ChangelogFile, reference: FileReference) -> str | None:
        """Return the path of a file that a change set runs or loads; a missing one is reported."""
        place = self.place_of(parent, reference)
        if place is None:
            fault = f"runs '{reference.path}', which does not exist."
            self._reading.add_file_problem(parent.path, fault, line=reference.line)
        return None if place is None else place[0]

    def find_all(self, parent: ChangelogFile, include: IncludeAll) -> list[ChangelogFile]:
        """Return the files of an `includeAll`, sorted by path as in Java.

        Raises:
            MigrationsError: there are none.
        """
        reference = include.folder
        if include.orders_by_code:
            fault = "includes files by application code, which tdmvc does not run; they are sorted by name."
            self._reading.add_file_problem(parent.path, fault, line=reference.line)
        name = self._resolve_name(parent, reference)
        if name is None:
            return []
        is_empty = True
        found: dict[str, ChangelogFile] = {}
        for folder, resource in self._places(parent, reference):
            # Modules on the classpath add their files; those of another one are read only if no other has any.
            if found and not any(is_inside(folder, root) for root in self._modules.dependencies):
                continue
            paths = [below(path, folder) for path in self._reading.tree.list_files(folder)]
            included = list(filter(include.includes, paths))
            for path in filter(is_changelog_name, included):
                name_there = normpath(f"{resource}/{path}")
                file = ChangelogFile(inside(folder, path), name_there, include.logical_path, reference.line)
                found.setdefault(name_there, file)
            # To Liquibase, a folder with other files is not empty.
            is_empty = is_empty and not included
        if found:
            return sorted(found.values(), key=lambda file: _java_rank(file.resource_path))
        if reference.may_be_missing or not is_empty:
            return []
        label = self._reading.tree.label
        raise _missing(parent, reference, f"all of '{name}', which contains no changelog in {label}")

    def place_of(self, parent: ChangelogFile, reference: FileReference) -> tuple[str, str] | None:
        """Return the path of a file in the repository and in Liquibase's search path."""
        return next((place for place in self._places(parent, reference) if place[0] in self._known), None)

    def _report_several(self, parent: ChangelogFile, reference: FileReference, chosen: str) -> None:
        """Report a file that several modules have, if no build file says which one is on the classpath."""
        is_beside = reference.is_relative and is_inside(chosen, folder_of(parent.path))
        if is_beside or not any(is_inside(chosen, root) for root in self._modules.others):
            return
        places = (path for path, _ in self._places(parent, reference))
        paths = list(dict.fromkeys(path for path in places if path in self._known))
        if len(paths) > 1:
            fault = f"names '{reference.path}', which several modules have: {', '.join(paths)}; the first was read."
            self._reading.add_file_problem(parent.path, fault, line=reference.line)

    def _resolve_name(self, parent: ChangelogFile, reference: FileReference) -> str | None:
        """Return a name with its properties replaced; if one is unknown, it is reported."""
        name = self.properties.fill(parent.path, reference.path)
        if "${" not in name:
            return name
        fault = f"names '{name}', and the value of the property is not known."
        self._reading.add_file_problem(parent.path, fault, line=reference.line)
        return None

    def _places(self, parent: ChangelogFile, reference: FileReference) -> Iterator[tuple[str, str]]:
        """Yield the possible places of a reference inside the repository, the likeliest first."""
        name = plain_path(self.properties.fill(parent.path, reference.path))
        if reference.is_relative:
            path = join(folder_of(parent.path), name)
            resource = join(folder_of(parent.resource_path), name)
            if path is not None:
                yield path, path if resource is None else resource
            if resource is None:
                return
            name = resource
        else:
            for root in self._master.roots:
                path = join(root, name)
                if path is not None:
                    yield path, normpath(name)
        for root in (*self._modules.dependencies, *self._modules.others):
            path = join(root, name)
            # A name that leaves the resources of a module is not on the classpath.
            if path is not None and is_inside(path, root):
                yield path, normpath(name)


def _java_rank(path: str) -> bytes:
    return path.replace("WEB-INF/classes/", "").encode("utf-16-be", "surrogatepass")


def _missing(parent: ChangelogFile, reference: FileReference, what: str) -> MigrationsError:
    return MigrationsError.at(
        f"This changelog names {what}.",
        parent.path,
        line=reference.line,
        remedy="correct the path, or name the master changelog in tdmvc.yaml; paths are relative to its search path.",
    )
