"""What every engine can do for an environment: keep templates, hand out copies of them, and reset these."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from tdmvc.model.environment import ResetReport, TemplateOrigin
from tdmvc.model.location import Location


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A server that tdmvc starts itself, as `database` in tdmvc.yaml names it: `embedded-15`."""

    engine: str
    """`postgresql` or `mysql`, which is MariaDB."""
    major: int | None = None
    """Its major version; None: the newest."""


@dataclass(frozen=True, slots=True)
class TemplateKey:
    """What a template was made from: equal keys give equal databases."""

    schema: str
    """A digest of the engine's version, the migrate command, all files that the schema depends on, and all else
    that must be equal for one template to be derived from another, such as which tables are loaded."""
    rows: str
    """A digest of the content hashes of the datasets, in their order, and of the loader's version."""
    label: str = field(compare=False)
    """For people: `golden@3.2.0, reference@2.0.0`. Two names of the same rows give the same template."""

    @property
    def digest(self) -> str:
        """A short name of the schema and the rows together, in hexadecimal."""
        return sha256(f"{self.schema} {self.rows}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class TemplateBuild:
    """How the database of a template is made."""

    migrate: Callable[[Location], None]
    """Brings an empty database to the schema."""
    seed: Callable[[Location], None]
    """Loads the datasets into a database with the schema, whatever datasets it has: only the difference is written."""


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """A template that is kept for later runs."""

    key: TemplateKey
    engine: str
    """The provider's `version` when it was made."""
    size_bytes: int
    used_at: datetime
    """When a run last opened it, in UTC."""


class EphemeralDatabase(Protocol):
    """A database that was made from a template, for one run or one worker."""

    @property
    def location(self) -> Location:
        """Where it is, with the password; stays the same whatever is reset."""

    def reset(self) -> ResetReport:
        """Bring rows, sequences and schema back to the seeded state, by the cheapest method that is sound.

        Raises:
            DatabaseError: it cannot be reset; it must not be used any more.
        """

    def is_used(self) -> bool:
        """Whether somebody else is connected to it, or may be."""

    def drop(self) -> None:
        """Remove it; connections to it are ended."""


class DatabaseSource(Protocol):
    """A template that is ready, from which databases are made."""

    @property
    def origin(self) -> TemplateOrigin:
        """How the template came about in this run."""

    def create(self) -> EphemeralDatabase:
        """Make a database in the seeded state.

        Raises:
            DatabaseError: there is no room, or the server refuses.
        """


class DatabaseProvider(Protocol):
    """Provides databases of one engine at one place: a server of its own, a server that runs, or a folder."""

    @property
    def version(self) -> str:
        """Of the engine, with all that changes how it keeps rows; part of the key's schema: `postgresql 18.6`."""

    def open(self, key: TemplateKey, build: TemplateBuild) -> AbstractContextManager[DatabaseSource]:
        """Find the template with the key, or make it: once, whatever else runs at the same time.

        At the end, all databases that were made are dropped; the template stays for later runs. What killed
        runs left is removed first.

        Raises:
            DatabaseError: no server can be started or reached, or the database cannot be made. What `build`
                raises is passed on, and leaves no template.
        """

    def shuffle_rows(self, location: Location, seed: int) -> None:
        """Give the rows of all tables another physical order, which depends on a number, if the engine has one.

        Raises:
            DatabaseError: the server refuses.
        """

    def list_templates(self) -> Sequence[StoredTemplate]:
        """Return the templates that are kept at this place, also of other repositories and versions of the engine.

        Raises:
            DatabaseError: the server cannot be reached.
        """

    def remove_template(self, key: TemplateKey) -> bool:
        """Remove the template with the key; False if there is none, or a run is using it.

        Raises:
            DatabaseError: the server cannot be reached.
        """
