"""What `run`, `up`, `down`, `reset` and `env` report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tdmvc.model.environment import ResetReport, RunStep


@dataclass(frozen=True, slots=True)
class RunReport:
    """What `run` did."""

    environment: str
    command: tuple[str, ...]
    exit_code: int | None = None
    """The command's; None if it was not started."""
    database: str = ""
    """Its URL without a password; empty if there was none yet."""
    refs: tuple[str, ...] = ()
    """The states that were loaded, in their order."""
    template: str = ""
    """The template's short name."""
    steps: tuple[RunStep, ...] = ()
    """In the order in which they ended."""
    error: str = ""
    """Why the environment could not be provided; empty if it could."""
    notes: tuple[str, ...] = ()
    """What else you should know, such as a service that ended."""
    kept: "KeptEnvironment | None" = None
    """The environment that keeps running, if it was to be kept."""

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.steps)

    @property
    def is_fine(self) -> bool:
        return not self.error and self.exit_code == 0


@dataclass(frozen=True, slots=True)
class KeptEnvironment:
    """An environment that runs until somebody stops it."""

    name: str
    """What `down` and `reset` call it; the environment's own name, unless it was kept beside another one."""
    environment: str
    database: str
    """Its URL without a password."""
    refs: tuple[str, ...]
    template: str
    """The template's short name."""
    since: str
    """When it was ready, in ISO 8601 and UTC."""
    size_bytes: int | None = None
    """Of the template; None if it is not known."""
    services: Mapping[str, int] = field(default_factory=dict)
    """Ports by the names of services."""
    process: int = 0
    """The process that keeps it."""
    exports: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The variables for commands; among them are passwords."""
    schema: str = field(default="", repr=False)
    """Of the template's key."""
    rows: str = field(default="", repr=False)
    """Of the template's key."""


@dataclass(frozen=True, slots=True)
class ShownEnvironment:
    """What `env show` shows."""

    kept: KeptEnvironment
    exports: Mapping[str, str] | None = field(default=None, repr=False)
    """The variables with their values, if somebody asked for them."""


class UpStatus(StrEnum):
    """What `up` found or did."""

    STARTED = "started"
    RUNNING = "running"
    """It was there already, as it would be made now."""
    OUTDATED = "outdated"
    """It was there already, but datasets or migrations have changed since."""
    RENEWED = "renewed"
    """It was stopped, and started again."""


@dataclass(frozen=True, slots=True)
class UpReport:
    """What `up` did."""

    status: UpStatus
    kept: KeptEnvironment
    steps: tuple[RunStep, ...] = ()
    changed: tuple[str, ...] = ()
    """What has changed since it was started: `schema`, `rows`."""


@dataclass(frozen=True, slots=True)
class DownReport:
    """What `down` stopped."""

    stopped: tuple[str, ...]
    """The names of environments that ran."""
    cleaned: tuple[str, ...] = ()
    """The names of environments whose process had been killed before; what it left was removed."""


@dataclass(frozen=True, slots=True)
class EnvironmentReset:
    """What `reset` did to a kept environment."""

    name: str
    database: str
    """Its URL without a password."""
    report: ResetReport


@dataclass(frozen=True, slots=True)
class DeclaredEnvironment:
    """An environment of tdmvc.yaml, and whether it runs."""

    name: str
    database: str
    """As tdmvc.yaml says it: `embedded`, a URL without a password."""
    datasets: tuple[str, ...] | None
    """None: every golden and reference dataset."""
    folder: str
    running: tuple[KeptEnvironment, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentList:
    """What `env` lists."""

    environments: tuple[DeclaredEnvironment, ...]
    others: tuple[KeptEnvironment, ...] = ()
    """Those that run, and that tdmvc.yaml does not name any more."""


@dataclass(frozen=True, slots=True)
class ListedTemplate:
    """A template that is kept for later runs."""

    name: str
    """Its short name, as runs show it."""
    label: str
    """The states that it has: `golden@3.2.0`."""
    engine: str
    size_bytes: int
    used_at: str
    """When a run last opened it, in ISO 8601 and UTC."""
    place: str
    """A folder, or the URL of a server without a password."""
    is_old: bool = False
    """Whether nobody has used it for the grace period."""
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class TemplatesReport:
    """What `gc --templates` lists and removes."""

    templates: tuple[ListedTemplate, ...]
    """The most recently used first."""
    grace_days: float
    is_applied: bool
    notes: tuple[str, ...] = ()
    """Servers that could not be asked."""

    @property
    def size_bytes(self) -> int:
        return sum(template.size_bytes for template in self.templates)

    @property
    def old_bytes(self) -> int:
        """The size of those that nobody has used for the grace period."""
        return sum(template.size_bytes for template in self.templates if template.is_old)

    @property
    def removed_bytes(self) -> int:
        return sum(template.size_bytes for template in self.templates if template.is_removed)
