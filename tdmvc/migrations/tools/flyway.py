"""Reads Flyway's migrations: files that are named by a version, and repeatable ones."""

import re
from collections import defaultdict
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.checksums import crc_of_lines
from tdmvc.migrations.linear import MigrationFile, Rank, add_files, files_below, finish_linear, number_rank
from tdmvc.migrations.paths import base_of, folder_of, is_inside, is_left_out, outermost
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.model.migration import MigrationState
from tdmvc.model.tree import FileTree

_FILE: Final = re.compile(
    r"(?P<kind>[VB])(?P<version>[0-9]+(?:[._][0-9]+)*)(?:__(?P<name>.*)\.(?:sql|java|kt)|\.sql)",
    re.DOTALL,
)
_REPEATABLE: Final = re.compile(r"R__(?P<name>.*)\.(?:sql|java|kt)", re.DOTALL)
_MISNAMED: Final = re.compile(r"V[0-9].*\.sql", re.DOTALL)


class FlywayReader:
    """Reads a folder and its subfolders, and the Java or Kotlin migrations next to a resources folder."""

    name = "flyway"

    def detect(self, tree: FileTree) -> list[str]:
        """Find folders with versioned files; folders with the same versions for several databases stay apart."""
        versions: dict[str, set[Rank]] = defaultdict(set)
        for path in tree.list_files():
            file = _parse_name(path)
            # A bare `V1.sql` is Flyway's only if tdmvc.yaml says so.
            if (
                file is not None
                and "__" in base_of(path)
                and not _is_baseline(path)
                and not is_left_out(path)
            ):
                versions[folder_of(path)].add(file.rank)
        return _merge_folders(versions)

    def read(self, reading: Reading) -> MigrationState:
        """Read a folder; its head is the greatest version, compared number by number.

        Repeatable migrations count only for the digest, because no dataset can be behind them.
        """
        folders = {_java_side(reading.path, language) for language in ("resources", "java", "kotlin")}
        paths = sorted({path for folder in folders for path in files_below(reading.tree, folder)})
        files = {file.path: file for path in paths if (file := _parse_name(path)) is not None}
        present = {file.rank for file in files.values() if not _is_baseline(file.path)}
        # Only an empty database runs a baseline.
        replacing = {p for p, file in files.items() if _is_baseline(p) and file.rank in present}
        for path, text in reading.tree.read_texts(
            p for p in paths if p in replacing or _REPEATABLE.fullmatch(base_of(p))
        ):
            name = f"B{files[path].id}" if path in replacing else base_of(path).rpartition(".")[0]
            reading.digest.add(name, text)
        ranks = add_files(
            reading,
            [file for file in files.values() if file.path not in replacing],
            tables=lambda path, text: sql_tables(text) if path.endswith(".sql") else (),
            checksums=lambda path, text: (crc_of_lines(text),) if path.endswith(".sql") else (),
        )
        for path in paths:
            if _MISNAMED.fullmatch(base_of(path)) and path not in files:
                reading.add_file_problem(path, "has no version that Flyway understands; it was ignored.")
        return finish_linear(reading, ranks, looked_for="V<version>__<name>.sql")


def _parse_name(path: str) -> MigrationFile | None:
    match = _FILE.fullmatch(base_of(path))
    if match is None:
        return None
    numbers = [number_rank(part) for part in re.split(r"[._]", match["version"])]
    while len(numbers) > 1 and numbers[-1] == number_rank("0"):
        # To Flyway, 1, 1.0 and 01 are the same version.
        numbers.pop()
    name = (match["name"] or "").replace("_", " ") or base_of(path)
    return MigrationFile(path, match["version"].replace("_", "."), name, tuple(numbers))


def _is_baseline(path: str) -> bool:
    return base_of(path).startswith("B")


def _java_side(folder: str, language: str) -> str:
    """Return the folder with migrations in a language that belongs to a folder of resources."""
    return re.sub(r"(^|/)resources(?=/|$)", rf"\1{language}", folder, count=1)


def _merge_folders(versions: dict[str, set[Rank]]) -> list[str]:
    """Join sibling folders that share one history, such as a folder for each year below `db/migration`."""
    roots = outermost(versions)
    contained = {
        root: {v for f, found in versions.items() if is_inside(f, root) for v in found} for root in roots
    }
    by_parent: dict[str, list[str]] = defaultdict(list)
    for root in roots:
        by_parent[folder_of(root)].append(root)
    result: set[str] = set()
    for parent, siblings in by_parent.items():
        groups = [contained[root] for root in siblings]
        is_one = sum(map(len, groups)) == len(set().union(*groups))
        result.update([parent] if is_one and base_of(parent) in {"migration", "migrations"} else siblings)
    sides = {(folder, _java_side(folder, language)) for folder in result for language in ("java", "kotlin")}
    return sorted(result.difference(side for folder, side in sides if side != folder))
