"""Knows how Flyway keeps migrations: files named by a version, and repeatable ones without."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.base import Reading, locations_at
from tdmvc.migrations.layout import base_of, below, folder_of, is_inside, is_left_out, plain_folder
from tdmvc.migrations.line import finish_line, number_rank
from tdmvc.migrations.touches import sql_tables
from tdmvc.model.migration import Migration, MigrationLocation, MigrationProblem, MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(
    r"(?P<kind>[VB])(?P<version>[0-9]+(?:[._][0-9]+)*)(?:__(?P<name>.*)\.(?:sql|java|kt)|\.sql)",
    re.DOTALL,
)
_REPEATABLE: Final = re.compile(r"R__(?P<name>.*)\.(?:sql|java|kt)", re.DOTALL)
_MISNAMED: Final = re.compile(r"V[0-9].*\.sql", re.DOTALL)

Version = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class VersionedFile:
    """One file with a version in its name."""

    path: str
    id: str
    """The version as written, its parts joined by dots."""
    version: Version
    name: str
    is_baseline: bool


class FlywayReader:
    """Reads a location of Flyway with all folders below, and the Java beside a resources folder."""

    name = "flyway"

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find folders with versioned files; folders of one version each per database stay apart."""
        versions: dict[str, list[Version]] = defaultdict(list)
        for path in tree.list_files():
            file = _parse_name(path)
            # A bare `V1.sql` is Flyway's only where somebody says so.
            if file is not None and "__" in base_of(path) and not file.is_baseline and not is_left_out(path):
                versions[folder_of(path)].append(file.version)
        roots = [f for f in versions if not any(f != other and is_inside(f, other) for other in versions)]
        return locations_at(self.name, _merged(roots, versions))

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read a location; its head is the greatest version, compared number by number.

        Repeatable migrations count for the digest only, for they are never a step to be behind.

        Raises:
            MigrationsError: no versioned file is there.
        """
        reading = Reading(location)
        paths = _paths(tree, plain_folder(location.path))
        files = {file.path: file for path in paths if (file := _parse_name(path)) is not None}
        present = {file.version for file in files.values() if not file.is_baseline}
        versions: dict[str, Version] = {}
        for path, text in tree.read_texts(
            [p for p in paths if p in files or _REPEATABLE.fullmatch(base_of(p))]
        ):
            file = files.get(path)
            if file is None:
                reading.digest.add(base_of(path).rpartition(".")[0], text)
            elif file.is_baseline and file.version in present:
                # A fresh database starts with it, all others never see it.
                reading.digest.add(f"B{file.id}", text)
            else:
                touches = sql_tables(text) if path.endswith(".sql") else ()
                reading.add(Migration(file.id, file.name, path, touches=touches), text)
                versions[file.id] = file.version
        reading.problems.extend(_misnamed(paths))
        return finish_line(reading, tree, versions, looked_for="V<version>__<name>.sql")


def _parse_name(path: str) -> VersionedFile | None:
    match = _FILE.fullmatch(base_of(path))
    if match is None:
        return None
    numbers = [number_rank(part) for part in re.split(r"[._]", match["version"])]
    while len(numbers) > 1 and numbers[-1] == number_rank("0"):
        # Flyway holds 1, 1.0 and 01 for one version.
        numbers.pop()
    id_ = match["version"].replace("_", ".")
    name = (match["name"] or "").replace("_", " ") or base_of(path)
    return VersionedFile(path, id_, tuple(numbers), name, match["kind"] == "B")


def _paths(tree: FileTree, folder: str) -> list[str]:
    folders = [folder]
    for language in ("java", "kotlin"):
        beside = re.sub(r"(^|/)resources(?=/|$)", rf"\1{language}", folder, count=1)
        if beside != folder:
            folders.append(beside)
    return sorted({p for f in folders for p in tree.list_files(f) if not is_left_out(below(p, f))})


def _merged(roots: list[str], versions: dict[str, list[Version]]) -> list[str]:
    """Join sibling folders that share one history, such as a folder a year below `db/migration`."""
    held = {root: {v for f, found in versions.items() if is_inside(f, root) for v in found} for root in roots}
    by_parent: dict[str, list[str]] = defaultdict(list)
    for root in roots:
        by_parent[folder_of(root)].append(root)
    result = set()
    for parent, siblings in by_parent.items():
        is_one = base_of(parent) in {"migration", "migrations"} and _are_apart(held[s] for s in siblings)
        result.update([parent] if is_one else siblings)
    # Java migrations lie in a folder of the same name beside the resources.
    return sorted(r for r in result if not any(_is_java_side(r, other) for other in result))


def _are_apart(groups: Iterable[set[Version]]) -> bool:
    seen: set[Version] = set()
    for group in groups:
        if seen & group:
            return False
        seen |= group
    return True


def _is_java_side(folder: str, other: str) -> bool:
    return (
        folder != other and re.sub(r"(^|/)(?:java|kotlin)(?=/|$)", r"\1resources", folder, count=1) == other
    )


def _misnamed(paths: list[str]) -> list[MigrationProblem]:
    return [
        MigrationProblem(
            "unreadable-file", f"{path} names no version that Flyway understands; it was left out.", path
        )
        for path in paths
        if _MISNAMED.fullmatch(base_of(path)) and _parse_name(path) is None
    ]
