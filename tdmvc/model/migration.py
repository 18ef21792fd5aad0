"""Which migrations an application stands at."""

from dataclasses import dataclass

from tdmvc.model.recorded import MigrationLocation


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration file."""

    id: str
    """Its identity in its tool: a revision, `app.name`, a version."""
    name: str
    """For people: the file's stem or the message."""
    path: str
    """Relative to the repository root."""
    parents: tuple[str, ...] = ()
    """The ids that must come before, where the tool says so."""
    touches: tuple[str, ...] = ()
    """A hint, never the truth: the tables that it seems to touch, sorted."""
    replaces: tuple[str, ...] = ()
    """The ids that this one stands for (a squash), in their order; their files may be gone."""


@dataclass(frozen=True, slots=True)
class MigrationProblem:
    """Something wrong with a migration history that does not stop it from being read."""

    kind: str
    """`duplicate-id`, `dangling-parent`, `several-heads`, `cycle`, `gap`, `checksum-mismatch`, `unreadable-file`."""
    message: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadableLocation:
    """A location of migrations that cannot be understood, beside others that can."""

    location: MigrationLocation
    message: str
    """Why."""
    where: str
    """The file, with its line where that is known."""
    remedy: str
    """What to do."""


@dataclass(frozen=True, slots=True)
class MigrationState:
    """The migrations of one location at one moment."""

    location: MigrationLocation
    heads: tuple[str, ...]
    """The newest ids, sorted."""
    migrations: tuple[Migration, ...]
    """In an order in which they can be applied; ties by id."""
    digest: str
    """`sha256:…` over (id, content with LF line ends), in id order."""
    problems: tuple[MigrationProblem, ...] = ()
    is_linear: bool = False
    """Whether ids are numbers in one line, so that a greater one is a later one."""

    @property
    def count(self) -> int:
        return len(self.migrations)
