"""Checks what tdmvc.yaml says about environments against the repository, without starting anything."""

from collections.abc import Iterator
from dataclasses import replace

from tdmvc.environments.planning.key import missing_inputs
from tdmvc.environments.planning.migrations import plan_migration
from tdmvc.environments.providers import PACKAGES, parse_database, wanted_engine
from tdmvc.errors import ConfigError, DatabaseError, NotFoundError, UsageError
from tdmvc.formats.config import CONFIG_FILE, check_folder
from tdmvc.model.environment import Environment
from tdmvc.model.finding import Finding, Severity
from tdmvc.workspace.states import resolve_state
from tdmvc.workspace.workspace import Workspace


def check_environments(workspace: Workspace) -> list[Finding]:
    """Return what would keep an environment of tdmvc.yaml from being provided, as far as its files tell."""
    return [finding for one in workspace.config.environments for finding in _check(workspace, one)]


def _check(workspace: Workspace, environment: Environment) -> Iterator[Finding]:
    def finding(
        rule: str, key: str, message: str, remedy: str, severity: Severity = Severity.ERROR
    ) -> Finding:
        return Finding(
            f"environment-{rule}",
            severity,
            f"environment {environment.name}: {message}",
            remedy=remedy,
            details={"file": CONFIG_FILE, "key": f"environments.{environment.name}.{key}"},
        )

    try:
        check_folder(workspace.root, environment)
    except ConfigError as error:
        found = finding("folder", "folder", f"there is no folder {environment.folder}.", error.remedy)
        yield replace(found, details={**found.details, "line": error.line})
    for ref in environment.datasets or ():
        try:
            resolve_state(workspace, ref)
        except NotFoundError as error:
            yield finding("dataset", "datasets", error.what, error.remedy)
    for pattern in missing_inputs(workspace, environment):
        yield finding(
            "inputs",
            "migrate_inputs",
            f"no file matches {pattern}.",
            "correct the pattern, or remove it.",
            Severity.WARNING,
        )
    engine = ""
    if not environment.database.startswith("$"):
        # Variables are those of another machine, where the environment is used.
        try:
            wanted = parse_database(environment.database, folder=workspace.root, variables=_AnyVariables())
            engine = wanted_engine(wanted)
        except UsageError as error:
            yield finding("database", "database", error.what, error.remedy)
        else:
            if engine not in PACKAGES:
                yield finding(
                    "database",
                    "database",
                    f"tdmvc provides no databases of the kind {engine}.",
                    f"use one of: {', '.join(PACKAGES)}.",
                )
    try:
        plan_migration(workspace, environment, engine)
    except DatabaseError as error:
        yield finding("migrate", "migrate", error.what, error.remedy)


class _AnyVariables(dict[str, str]):
    """Variables of which every one is set."""

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]
        return "x"

    def __missing__(self, name: str) -> str:
        return "x"
