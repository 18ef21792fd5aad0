"""Knows where the files lie that Liquibase's changelogs name, and never looks outside the repository."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from posixpath import normpath

from tdmvc.errors import MigrationsError
from tdmvc.migrations.base import Reading
from tdmvc.migrations.layout import below, folder_of, join
from tdmvc.migrations.tools.liquibase.changelog import FileReference, IncludeAll
from tdmvc.migrations.tools.liquibase.master import is_changelog_name, plain_path
from tdmvc.migrations.tools.liquibase.properties import LiquibaseProperties
from tdmvc.model.tree import FileTree


@dataclass(frozen=True, slots=True)
class File:
    """A file in the repository, and under what path Liquibase sees it."""

    path: str
    seen_path: str
    logical_path: str | None = None
    """What the one who includes it calls it."""
    line: int | None = None
    """Where it is included."""


class Lookup:
    """Finds the files that a changelog names."""

    def __init__(
        self,
        tree: FileTree,
        paths: Collection[str],
        roots: tuple[str, ...],
        properties: LiquibaseProperties,
        reading: Reading,
    ) -> None:
        self._tree = tree
        self._roots = roots
        self._properties = properties
        self._reading = reading
        self._known = frozenset(paths)

    def find(self, by: File, named: FileReference) -> File | None:
        """Return a file that a changelog needs, or None where it may be left out.

        Raises:
            MigrationsError: it is not here.
        """
        name = self._known_name(by, named)
        place = self.place_of(by, named) if name else None
        if place is not None:
            return File(*place, line=named.line)
        if name is None or named.may_be_missing:
            return None
        raise _missing(by, named, f"'{name}', which is not in {self._tree.label}")

    def find_script(self, by: File, named: FileReference) -> File | None:
        """Return a file that a change set runs or loads; one that is not here is reported."""
        place = self.place_of(by, named)
        if place is None:
            message = f"{spelled_place(by.path, named.line)} runs '{named.path}', which is not here."
            self._reading.report("unreadable-file", message, by.path)
        return None if place is None else File(*place)

    def find_all(self, by: File, named: IncludeAll) -> list[File]:
        """Return the files of an `includeAll` in the order of their paths, as Java compares them.

        Raises:
            MigrationsError: there is no file at all.
        """
        if named.orders_by_code:
            where = spelled_place(by.path, named.folder.line)
            message = f"{where} includes files by application code, which is not run; they are taken by name."
            self._reading.report("unreadable-file", message, by.path)
        name = self._known_name(by, named.folder)
        is_empty = True
        for folder, seen in self._places(by, named.folder) if name else ():
            paths = [path for path in self._tree.list_files(folder) if _is_wanted(below(path, folder), named)]
            files = [
                File(p, normpath(f"{seen}/{below(p, folder)}"), named.logical_path, named.folder.line)
                for p in paths
                if is_changelog_name(p)
            ]
            if files:
                return sorted(files, key=lambda file: _java_order(file.seen_path))
            # A folder that holds other files alone is not empty to Liquibase.
            is_empty = is_empty and not paths
        if name is None or named.folder.may_be_missing or not is_empty:
            return []
        raise _missing(by, named.folder, f"all of '{name}', which holds no changelog in {self._tree.label}")

    def place_of(self, by: File, named: FileReference) -> tuple[str, str] | None:
        """Return where a file lies in the repository and under what path Liquibase sees it."""
        return next((place for place in self._places(by, named) if place[0] in self._known), None)

    def _known_name(self, by: File, named: FileReference) -> str | None:
        """Return a name with its properties filled in; one that nobody can know here is reported."""
        name = self._properties.fill(by.path, named.path)
        if "${" not in name:
            return name
        where = spelled_place(by.path, named.line)
        message = f"{where} names '{name}', and what stands for the property is not known here."
        self._reading.report("unreadable-file", message, by.path)
        return None

    def _places(self, by: File, named: FileReference) -> Iterator[tuple[str, str]]:
        """Yield where something that `by` names may lie inside the repository, the likeliest first."""
        name = plain_path(self._properties.fill(by.path, named.path))
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


def spelled_place(path: str, line: int | None) -> str:
    """Return what a message calls a line of a file."""
    return path if line is None else f"{path}, line {line},"


def _missing(by: File, named: FileReference, what: str) -> MigrationsError:
    return MigrationsError(
        f"This changelog names {what}.",
        where=by.path if named.line is None else f"{by.path}, line {named.line}",
        remedy="mend the path, or name the master changelog in tdmvc.yaml, from where paths are seen.",
    )
