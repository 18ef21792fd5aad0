"""Orders a linear migration history, in which each migration follows the one before it.

Down migrations never count for the digest if the tool keeps them apart, in files of their own or after
a marker: a database's schema is the result of its up migrations.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.graph import find_duplicates
from tdmvc.migrations.paths import below, folder_of, is_left_out
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.model.migration import Migration, MigrationProblem, MigrationState
from tdmvc.model.tree import FileTree

_NUMBERS: Final = re.compile(r"[0-9]+(?:[._][0-9]+)*")

Rank = Any
"""What a migration is sorted by; ranks of one location are comparable."""


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """What the name of a migration file says."""

    path: str
    id: str
    """As the tool's own table stores it."""
    name: str
    rank: Rank

    @classmethod
    def numbered(cls, path: str, digits: str, name: str) -> "MigrationFile":
        """Return the file of a tool that stores an integer."""
        return cls(path, plain_number(digits), name, number_rank(digits))


def plain_number(digits: str) -> str:
    """Return a number without leading zeros, as a tool that reads an integer stores it."""
    return digits.lstrip("0") or "0"


def number_rank(digits: str) -> tuple[int, str]:
    """Return what a number is sorted by; even a very long one makes no big integer."""
    plain = digits.lstrip("0")
    return len(plain), plain


def natural_rank(id_: str) -> tuple[tuple[int, str], ...]:
    """Return what an id is sorted by: numbers as numbers, before text."""
    parts = re.split(r"([0-9]+)", id_)
    return tuple(number_rank(part) if part.isdigit() else (1 << 30, part) for part in parts if part)


def files_in(tree: FileTree, folder: str) -> list[str]:
    """Return the files directly in a folder."""
    return [path for path in tree.list_files(folder) if folder_of(path) == folder]


def files_below(tree: FileTree, folder: str) -> list[str]:
    """Return the files of a folder and its subfolders, without tests, vendored code and build output."""
    return [path for path in tree.list_files(folder) if not is_left_out(below(path, folder))]


def add_files(
    reading: Reading,
    files: Iterable[MigrationFile],
    *,
    up_part: Callable[[str, str], str] = lambda path, text: text,
    tables: Callable[[str, str], tuple[str, ...]] = lambda path, text: sql_tables(text),
    checksums: Callable[[str, str], tuple[str, ...]] = lambda path, text: (),
) -> dict[str, Rank]:
    """Read files and add them to the reading; return the rank of each id.

    Args:
        up_part: returns the up migration of a path and text.
        tables: returns the tables that the up migration of a path and text may affect.
        checksums: returns what the tool's table may have as the checksum of a path and text.
    """
    by_path = {file.path: file for file in files}
    for path, text in reading.tree.read_texts(by_path):
        file = by_path[path]
        up = up_part(path, text)
        migration = Migration(
            file.id, file.name, path, touches=tables(path, up), checksums=checksums(path, text)
        )
        reading.add(migration, up)
    return {file.id: file.rank for file in by_path.values()}


def report_lone_downs(
    reading: Reading, ups: Iterable[MigrationFile], downs: Iterable[MigrationFile]
) -> list[MigrationFile]:
    """Report and return the down migrations that have no up migration."""
    has_up = {file.id for file in ups}
    alone = [file for file in downs if file.id not in has_up]
    for file in alone:
        reading.add_problem(
            "gap", f"Migration {file.id} has a down migration but no up migration.", file.path
        )
    return alone


def finish_linear(reading: Reading, ranks: Mapping[str, Rank], *, looked_for: str) -> MigrationState:
    """Return the state of migrations that are applied in the order of their ranks; the last one is the head.

    Raises:
        MigrationsError: there are no migrations.
    """
    if not reading.migrations:
        raise reading.nothing_found(looked_for)
    ordered = link_by_rank(reading.migrations, ranks)
    reading.problems.extend([*find_duplicates(ordered), *_find_equal_ranks(ordered, ranks)])
    return reading.finish(ordered, [ordered[-1].id], is_linear=_are_ascending_numbers(ordered))


def finish_listed(reading: Reading) -> MigrationState:
    """Return the state of migrations that were added in the tool's own order; the last one is the head.

    Parents that a migration names itself are kept in addition to the one before it.
    """
    ordered = _link(reading.migrations)
    reading.problems.extend(find_duplicates(ordered))
    return reading.finish(ordered, [ordered[-1].id])


def link_by_rank(migrations: Iterable[Migration], ranks: Mapping[str, Rank]) -> list[Migration]:
    """Return migrations by rank, then id, then path, each with the one before it as its parent."""
    return _link(sorted(migrations, key=lambda m: (ranks[m.id], m.id, m.path)))


def _link(migrations: Sequence[Migration]) -> list[Migration]:
    """Add the id before it to the parents of each migration; equal ids have the same parent."""
    ids = list(dict.fromkeys(migration.id for migration in migrations))
    before = {id_: (previous,) for previous, id_ in pairwise(ids)}
    return [
        replace(migration, parents=tuple(dict.fromkeys([*before.get(migration.id, ()), *migration.parents])))
        for migration in migrations
    ]


def _are_ascending_numbers(ordered: Sequence[Migration]) -> bool:
    """Return whether ids are numbers and a greater one is a later one, even if the tool compares text."""
    if not all(_NUMBERS.fullmatch(migration.id) for migration in ordered):
        return False
    return all(natural_rank(old.id) <= natural_rank(new.id) for old, new in pairwise(ordered))


def _find_equal_ranks(ordered: Sequence[Migration], ranks: Mapping[str, Rank]) -> list[MigrationProblem]:
    """Report ids that are the same number in different notation (7 and 007, 1 and 1.0)."""
    return [
        MigrationProblem("duplicate-id", f"{old.path} and {new.path} have the same number.", new.path)
        for old, new in pairwise(ordered)
        if old.id != new.id and ranks[old.id] == ranks[new.id]
    ]
