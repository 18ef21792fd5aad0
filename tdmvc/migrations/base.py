"""The protocol of a migration reader, and what a reader collects to build a state."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol, runtime_checkable

from tdmvc.errors import MigrationsError, format_names
from tdmvc.migrations.paths import normalize_folder
from tdmvc.model.migration import Migration, MigrationLocation, MigrationProblem, MigrationState, SchemaEffect
from tdmvc.model.tree import FileTree


@dataclass(slots=True)
class ContentDigest:
    """A digest of (id, content) pairs that does not depend on the order in which they are added.

    It keeps only a hash of each file, so memory does not grow with their sizes.
    """

    _entries: list[tuple[str, str]] = field(default_factory=list)

    def add(self, id_: str, content: str) -> None:
        """Add one file; CRLF and CR count as LF, so that a checkout's line ends do not matter."""
        lines = content.replace("\r\n", "\n").replace("\r", "\n")
        self._entries.append((id_, sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()))

    def format(self) -> str:
        """Return `sha256:…` of everything that was added."""
        whole = sha256()
        for id_, content in sorted(self._entries):
            # An id has no NUL, and all hashes have one length: different entries give different bytes.
            whole.update(f"{id_}\0{content}\n".encode("utf-8", "surrogatepass"))
        return f"sha256:{whole.hexdigest()}"


@dataclass(slots=True)
class Reading:
    """What a reader has collected from one location so far."""

    tree: FileTree
    location: MigrationLocation
    migrations: list[Migration] = field(default_factory=list)
    problems: list[MigrationProblem] = field(default_factory=list)
    digest: ContentDigest = field(default_factory=ContentDigest)

    @property
    def path(self) -> str:
        """The location's path in the tree; `''` is the root."""
        return normalize_folder(self.location.path)

    def add(self, migration: Migration, content: str) -> None:
        """Add one migration and the text of its file."""
        self.migrations.append(migration)
        self.digest.add(migration.id, content)

    def add_problem(self, kind: str, message: str, path: str | None = None) -> None:
        """Report a problem that does not stop the history from being read."""
        self.problems.append(MigrationProblem(kind, message, path))

    def add_file_problem(self, path: str, fault: str, *, line: int | None = None) -> None:
        """Report a file that the tool refuses or ignores; `fault` completes the sentence that its path begins."""
        self.add_problem("unreadable-file", f"{format_place(path, line)} {fault}", path)

    def finish(
        self,
        migrations: Sequence[Migration],
        heads: Iterable[str],
        *,
        is_linear: bool = False,
        is_per_app: bool = False,
    ) -> MigrationState:
        """Return the state; `migrations` are in an order in which they can be applied.

        Args:
            is_linear: the ids are numbers in one sequence, so that a greater one is a later one.
            is_per_app: the ids are `app.name`, and each application has a history of its own.
        """
        return MigrationState(
            location=self.location,
            heads=tuple(sorted(heads)),
            migrations=tuple(migrations),
            digest=self.digest.format(),
            problems=tuple(self.problems),
            is_linear=is_linear,
            is_per_app=is_per_app,
        )

    def nothing_found(self, looked_for: str) -> MigrationsError:
        """Build the error for a location that contains no migrations, or does not exist."""
        path = self.path or "."
        what = f"There are no {self.location.tool} migrations here in {self.tree.label}; looked for {looked_for}."
        if path != "." and not self.tree.list_files(path) and self.tree.read_text(path) is None:
            what = f"There is no migration folder here in {self.tree.label}."
        return MigrationsError.at(
            what,
            path,
            remedy="correct the path or the tool: --path and --tool, or migration location "
            f"'{self.location.name}' in tdmvc.yaml.",
        )

    def several_found(self, what: str, paths: Iterable[str]) -> MigrationsError:
        """Build the error for a location that contains several independent histories."""
        found = sorted(paths)
        return MigrationsError.at(
            f"There are {len(found)} {what} here: {format_names(found)}.",
            self.location.path or ".",
            remedy=f"name one as the path of migration location '{self.location.name}' in tdmvc.yaml.",
        )


class Reader(Protocol):
    """Reads the migrations of one tool."""

    @property
    def name(self) -> str:
        """What tdmvc.yaml calls the tool."""

    def detect(self, tree: FileTree) -> Iterable[str]:
        """Find the paths of this tool's locations in a tree, in any order; `''` is the root."""

    def read(self, reading: Reading) -> MigrationState:
        """Read the location of a reading that has just begun.

        Raises:
            MigrationsError: it contains no migrations, or a file cannot be read.
        """


@runtime_checkable
class EffectReader(Protocol):
    """A reader that can tell what a migration makes, if that is not in SQL files of one migration each."""

    def effects(self, migration: Migration, text: str) -> Iterable[SchemaEffect]:
        """Return the tables and columns that a migration adds, removes or fills: a hint, which may miss some."""


def format_place(path: str, line: int | None) -> str:
    """Return a line of a file as the beginning of a message."""
    return path if line is None else f"{path}, line {line},"


def unreadable(
    path: str, why: str, *, line: int | None = None, remedy: str = "correct the file."
) -> MigrationsError:
    """Build the error for a file without which the history cannot be read."""
    return MigrationsError.at(f"This migration cannot be understood: {why}.", path, line=line, remedy=remedy)
