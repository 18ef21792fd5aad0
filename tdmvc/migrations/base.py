"""Knows what every reader of migrations offers, and how what it read becomes a state."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tdmvc.errors import MigrationsError
from tdmvc.migrations.digest import ContentDigest
from tdmvc.model.migration import Migration, MigrationLocation, MigrationProblem, MigrationState
from tdmvc.model.tree import FileTree


class Reader(Protocol):
    """Reads the migrations of one tool."""

    @property
    def name(self) -> str:
        """What tdmvc.yaml calls the tool."""

    def detect(self, tree: FileTree) -> list[MigrationLocation]:
        """Find this tool's locations in a tree; their names are first proposals."""

    def read(self, tree: FileTree, location: MigrationLocation) -> MigrationState:
        """Read one location.

        Raises:
            MigrationsError: nothing is there, or a file cannot be understood.
        """


@dataclass(slots=True)
class Reading:
    """What a reader has gathered of one location so far."""

    location: MigrationLocation
    migrations: list[Migration] = field(default_factory=list)
    problems: list[MigrationProblem] = field(default_factory=list)
    digest: ContentDigest = field(default_factory=ContentDigest)

    def add(self, migration: Migration, content: str) -> None:
        """Take in one migration and the text of its file."""
        self.migrations.append(migration)
        self.digest.add(migration.id, content)

    def report(self, kind: str, message: str, path: str | None = None) -> None:
        """Note a problem that does not stop the history from being read."""
        self.problems.append(MigrationProblem(kind, message, path))

    def finish(
        self, migrations: Sequence[Migration], heads: Sequence[str], *, is_linear: bool = False
    ) -> MigrationState:
        """Return the state; `migrations` are in the order in which they can be applied.

        Args:
            is_linear: ids are numbers in one line, so that a greater one is a later one.
        """
        return MigrationState(
            location=self.location,
            heads=tuple(sorted(heads)),
            migrations=tuple(migrations),
            digest=self.digest.spelled(),
            problems=tuple(self.problems),
            is_linear=is_linear,
        )


def locations_at(tool: str, folders: Iterable[str]) -> list[MigrationLocation]:
    """Return a tool's locations in folders of a tree, of which `''` is the root."""
    return [MigrationLocation(tool, tool, folder or ".") for folder in folders]


def nothing_found(tree: FileTree, location: MigrationLocation, looked_for: str) -> MigrationsError:
    """Build the error for a location that holds no migration, told apart from one that is not there."""
    path = location.path or "."
    remedy = f"mend the path or the tool: --path and --tool, or migration location '{location.name}' in tdmvc.yaml."
    if path != "." and not tree.list_files(path) and tree.read_text(path) is None:
        return MigrationsError(
            f"There is no migration folder here in {tree.label}.", where=path, remedy=remedy
        )
    return MigrationsError(
        f"This holds no {location.tool} migration in {tree.label}: looked for {looked_for}.",
        where=path,
        remedy=remedy,
    )


def without_head(location: MigrationLocation, circle: str) -> MigrationsError:
    """Build the error for a history that is one circle of what its tool calls `circle`."""
    return MigrationsError(
        "Every migration here waits for another one, so that there is no head.",
        where=location.path or ".",
        remedy=f"break the circle of {circle}.",
    )


def misunderstood(path: str, why: str, *, line: int | None = None) -> MigrationsError:
    """Build the error for a migration file whose place in the history cannot be told."""
    where = path if line is None else f"{path}, line {line}"
    return MigrationsError(
        f"This migration cannot be understood: {why}.",
        where=where,
        remedy="write it as the tool's own template does, with plain literals; tdmvc never runs migrations.",
    )
