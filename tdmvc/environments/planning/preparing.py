"""Finds out what an environment would be made from now: states, provider, migrations, and the key of its template."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from tdmvc.environments.base import DatabaseProvider, TemplateKey
from tdmvc.environments.planning.datasets import choose_states
from tdmvc.environments.planning.key import USUAL_LAYOUT, template_key
from tdmvc.environments.planning.migrations import MigrationPlan, plan_migration
from tdmvc.environments.providers import find_provider, parse_database, wanted_engine
from tdmvc.model.environment import Environment, RowLayout
from tdmvc.model.seeding import SeedOptions
from tdmvc.seeding.states import StateToSeed, open_states
from tdmvc.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Preparation:
    """What an environment would be made from now."""

    provider: DatabaseProvider
    plan: MigrationPlan
    states: Sequence[StateToSeed]
    key: TemplateKey

    @property
    def refs(self) -> tuple[str, ...]:
        return tuple(state.ref for state in self.states)


def choose_and_open(
    workspace: Workspace, environment: Environment, more: Sequence[str] = ()
) -> Sequence[StateToSeed]:
    """Choose the states to load, and open them.

    Args:
        more: further references; one of a dataset that the environment loads replaces that one.

    Raises:
        NotFoundError: there is no such dataset, version or release.
        PartError: the listing of a state's table is missing.
    """
    return open_states(workspace, choose_states(workspace, environment, more), SeedOptions())


def prepare(
    workspace: Workspace,
    environment: Environment,
    states: Sequence[StateToSeed],
    layout: RowLayout = USUAL_LAYOUT,
) -> Preparation:
    """Find out what the database with some states would be made from; nothing is started.

    Raises:
        DatabaseError: a location's tool needs a command that tdmvc.yaml does not name, a server cannot be used, or its
            name says that it is production.
        UsageError: tdmvc.yaml names a database that no engine provides.
    """
    wanted = parse_database(environment.database, folder=workspace.root, variables=os.environ)
    provider = find_provider(wanted)
    plan = plan_migration(workspace, environment, wanted_engine(wanted))
    key = template_key(workspace, environment, plan, states, provider.version, layout)
    return Preparation(provider, plan, states, key)
