"""Lists and removes the templates of all engines: this user's, and those on the servers that environments name."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from tdmvc.environments.base import StoredTemplate
from tdmvc.environments.providers import find_provider, parse_database
from tdmvc.environments.templates.store import read_templates, remove_template
from tdmvc.errors import DatabaseError, UsageError
from tdmvc.model.environment_report import ListedTemplate, TemplatesReport
from tdmvc.model.location import ServerLocation
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Found:
    stored: StoredTemplate
    place: str
    remove: Callable[[], bool]


def collect_templates(workspace: Workspace, grace_days: float, *, apply: bool) -> TemplatesReport:
    """List all templates, and remove those that nobody has used for the grace period.

    Args:
        apply: remove them; else nothing is removed. What a process is using stays.

    Raises:
        DatabaseError: the folder of templates cannot be used.
    """
    notes: list[str] = []
    found = [
        _Found(one.stored, str(one.place), partial(remove_template, one.place)) for one in read_templates()
    ]
    found += _on_servers(workspace, notes)
    oldest = datetime.now(UTC) - timedelta(days=grace_days)
    listed = []
    for one in sorted(found, key=lambda one: one.stored.used_at, reverse=True):
        is_old = one.stored.used_at <= oldest
        listed.append(
            ListedTemplate(
                one.stored.key.digest,
                one.stored.key.label,
                one.stored.engine,
                one.stored.size_bytes,
                one.stored.used_at.isoformat(timespec="seconds"),
                one.place,
                is_old,
                is_removed=apply and is_old and one.remove(),
            )
        )
    return TemplatesReport(tuple(listed), grace_days, apply, tuple(notes))


def _on_servers(workspace: Workspace, notes: list[str]) -> Iterator[_Found]:
    """Yield the templates on the servers that environments name, each server once."""
    seen: set[ServerLocation] = set()
    for environment in workspace.config.environments:
        try:
            wanted = parse_database(environment.database, folder=workspace.root, variables=os.environ)
            if not isinstance(wanted, ServerLocation) or wanted in seen:
                continue
            seen.add(wanted)
            provider = find_provider(wanted)
            for stored in provider.list_templates():
                yield _Found(stored, str(wanted), partial(provider.remove_template, stored.key))
        except (DatabaseError, UsageError) as error:
            notes.append(f"Templates of the environment {environment.name} were not looked for: {error.what}")
