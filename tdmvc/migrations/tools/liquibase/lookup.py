"""Resolves the files and properties that Liquibase's changelogs name, never outside the repository."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from posixpath import normpath
from typing import Final

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading
from tdmvc.migrations.paths import below, folder_of, join
from tdmvc.migrations.tools.liquibase.changelog import FileReference, IncludeAll, Property
from tdmvc.migrations.tools.liquibase.master import is_changelog_name, plain_path

MAX_REPLACEMENT: Final = 10_000
"""How many characters may replace the properties of one text: ones that name each other could have billions."""

_PLACEHOLDER: Final = re.compile(r"\$\{([^${}]{1,200})\}")


@dataclass(frozen=True, slots=True)
class ChangelogFile:
    """A file in the repository, and its path in Liquibase's search path."""

    path: str
    seen_path: str
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

    def __init__(self, paths: Collection[str], roots: tuple[str, ...], reading: Reading) -> None:
        self.properties = LiquibaseProperties()
        self._tree = reading.tree
        self._roots = roots
        self._reading = reading
        self._known = frozenset(paths)

    def find(self, by: ChangelogFile, named: FileReference) -> ChangelogFile | None:
        """Return a file that a changelog includes, or None if it may be missing.

        Raises:
            MigrationsError: it does not exist.
        """
        name = self._resolved_name(by, named)
        place = self.place_of(by, named) if name else None
        if place is not None:
            return ChangelogFile(*place, line=named.line)
        if name is None or named.may_be_missing:
            return None
        raise _missing(by, named, f"'{name}', which is not in {self._tree.label}")

    def find_script(self, by: ChangelogFile, named: FileReference) -> ChangelogFile | None:
        """Return a file that a change set runs or loads; a missing one is reported."""
        place = self.place_of(by, named)
        if place is None:
            message = f"{format_place(by.path, named.line)} runs '{named.path}', which does not exist."
            self._reading.report("unreadable-file", message, by.path)
        return None if place is None else ChangelogFile(*place)

    def find_all(self, by: ChangelogFile, named: IncludeAll) -> list[ChangelogFile]:
        """Return the files of an `includeAll`, sorted by path as in Java.

        Raises:
            MigrationsError: there are none.
        """
        if named.orders_by_code:
            where = format_place(by.path, named.folder.line)
            message = f"{where} includes files by application code, which tdmvc does not run; they are sorted by name."
            self._reading.report("unreadable-file", message, by.path)
        name = self._resolved_name(by, named.folder)
        is_empty = True
        for folder, seen in self._places(by, named.folder) if name else ():
            paths = [path for path in self._tree.list_files(folder) if _is_wanted(below(path, folder), named)]
            files = [
                ChangelogFile(
                    p, normpath(f"{seen}/{below(p, folder)}"), named.logical_path, named.folder.line
                )
                for p in paths
                if is_changelog_name(p)
            ]
            if files:
                return sorted(files, key=lambda file: _java_order(file.seen_path))
            # To Liquibase, a folder with other files is not empty.
            is_empty = is_empty and not paths
        if name is None or named.folder.may_be_missing or not is_empty:
            return []
        raise _missing(
            by, named.folder, f"all of '{name}', which contains no changelog in {self._tree.label}"
        )

    def place_of(self, by: ChangelogFile, named: FileReference) -> tuple[str, str] | None:
        """Return the path of a file in the repository and in Liquibase's search path."""
        return next((place for place in self._places(by, named) if place[0] in self._known), None)

    def _resolved_name(self, by: ChangelogFile, named: FileReference) -> str | None:
        """Return a name with its properties replaced; if one is unknown, it is reported."""
        name = self.properties.fill(by.path, named.path)
        if "${" not in name:
            return name
        where = format_place(by.path, named.line)
        message = f"{where} names '{name}', and the value of the property is not known."
        self._reading.report("unreadable-file", message, by.path)
        return None

    def _places(self, by: ChangelogFile, named: FileReference) -> Iterator[tuple[str, str]]:
        """Yield the possible places of a reference inside the repository, the likeliest first."""
        name = plain_path(self.properties.fill(by.path, named.path))
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


def _is_wanted(path: str, named: IncludeAll) -> bool:
    depth = path.count("/") + 1
    is_deep_enough = named.min_depth <= depth and (named.max_depth is None or depth <= named.max_depth)
    return is_deep_enough and path.endswith(named.ends_with)


def _java_order(path: str) -> bytes:
    return path.replace("WEB-INF/classes/", "").encode("utf-16-be", "surrogatepass")


def format_place(path: str, line: int | None) -> str:
    """Return a line of a file as it begins a message."""
    return path if line is None else f"{path}, line {line},"


def _missing(by: ChangelogFile, named: FileReference, what: str) -> MigrationsError:
    return MigrationsError(
        f"This changelog names {what}.",
        where=by.path if named.line is None else f"{by.path}, line {named.line}",
        remedy="correct the path, or name the master changelog in tdmvc.yaml; paths are relative to its search path.",
    )
