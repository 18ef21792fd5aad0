"""Environments: what a test run needs, how it was provided, and how a database was reset."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

EMBEDDED = "embedded"
"""The value of `database` for a server that tdmvc starts itself; `embedded-15` names PostgreSQL's major version."""
EMBEDDED_MARIADB = "embedded-mariadb"


@dataclass(frozen=True, slots=True)
class Service:
    """A program beside the database that the tests need."""

    name: str
    command: str
    """`{port}` stands for a free port of this machine."""
    ready: str | None = None
    """When it can be used: `tcp:{port}`, `http://127.0.0.1:{port}/health`, or `log:TEXT`. None: at once."""
    start_seconds: int = 60
    """How long it may take to be ready."""
    exports: Mapping[str, str] = field(default_factory=dict)
    """More variables for the command, by name."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One entry of `environments` in tdmvc.yaml, with all that it extends."""

    name: str
    database: str = EMBEDDED
    """`embedded`, `embedded-15`, `embedded-mariadb`, a URL, or a variable that holds one: `${DATABASE_URL}`."""
    folder: str = "."
    """Where the application is in the repository. `migrate` and services run there, `migrate_inputs` are below it,
    and a command that names no environment takes the one in whose folder it is run (the deepest)."""
    migrate: str | None = None
    """A command that brings an empty database to the newest schema. None: the known tool's own; empty: none."""
    migrate_inputs: tuple[str, ...] = ()
    """Patterns of the files that the schema depends on, beside the migration files."""
    datasets: tuple[str, ...] | None = None
    """References to states, in the order in which they are loaded; None: every golden and reference dataset."""
    exports: Mapping[str, str] = field(default_factory=lambda: {"DATABASE_URL": "{url}"})
    """Variables for the command; a value may have {url}, {host} and so on in it."""
    services: tuple[Service, ...] = ()
    policy: Mapping[str, object] = field(default_factory=dict)
    """Single rules that differ from the environment's usual policy; nothing reads them yet."""


@dataclass(frozen=True, slots=True)
class RowLayout:
    """How a database has its rows, apart from their values: no test should depend on it."""

    sequence_offset: int = 0
    """How much further sequences are moved than the largest key needs."""
    shuffle_seed: int | None = None
    """Each number gives another physical order to the rows of each table; None is the order of the datasets."""


class TemplateOrigin(StrEnum):
    """Where the template of a database came from."""

    BUILT = "built"
    """From an empty database: migrated and seeded."""
    DERIVED = "derived"
    """From a template with the same schema, by applying the difference of the rows."""
    REUSED = "reused"


class ResetMethod(StrEnum):
    """How a database got back to its seeded state, the cheapest first."""

    NOTHING = "nothing"
    """Nothing that anybody had written was left."""
    DELTA = "delta"
    """Only the rows that were written were restored."""
    SWAP = "swap"
    """A copy that was made before took its place; connections were ended."""
    COPY = "copy"
    """A copy was made; connections were ended, except where the engine copies into an open database."""


@dataclass(frozen=True, slots=True)
class ResetReport:
    """What a reset did."""

    method: ResetMethod
    seconds: float
    ended_connections: tuple[str, ...] = ()
    """Sessions that had to be ended, each as people recognise it: application name and process id."""
    why: str = ""
    """Why no cheaper method was enough; empty for `NOTHING`."""
    remains: tuple[str, ...] = ()
    """What was changed outside the database and stays changed: `the role guest was added`."""


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step of providing an environment."""

    name: str
    """`checkout`, `database`, `migrate`, `seed`, `services`, `command`, …"""
    seconds: float
    detail: str = ""
    """What was done, in a few words: `golden@3.2.0, 20 rows`."""
    is_skipped: bool = False
    """Whether a template made it unnecessary."""
    error: str = ""
    """Why it failed; empty if it did not."""
