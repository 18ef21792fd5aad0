"""A server of its own for each worker, on which tests make templates of many kinds."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tdmvc.environments.base import TemplateBuild
from tdmvc.environments.postgres.copies import finish_template, opened_copies
from tdmvc.environments.postgres.embedded import RUN_SETTINGS
from tdmvc.environments.postgres.source import PostgresSource
from tdmvc.model.environment import TemplateOrigin
from tdmvc.servers import RunningServer, ServerOptions, start_postgres
from tests.environments.postgres.observed import connect

MakeSource = Callable[[TemplateBuild], PostgresSource]


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[RunningServer]:
    """PostgreSQL as embedded environments have it."""
    with start_postgres(options=ServerOptions(settings=RUN_SETTINGS)) as server:
        with connect(server.location("postgres")) as connection:
            connection.execute("CREATE EXTENSION pg_walinspect")
        yield server


@pytest.fixture(scope="module")
def make_source(embedded_server: RunningServer) -> Iterator[MakeSource]:
    """Makes a template on the server, as an embedded environment has one."""
    with ExitStack() as stack:

        def make(build: TemplateBuild) -> PostgresSource:
            name = f"t{secrets.token_hex(4)}"
            maintenance, template = embedded_server.location("postgres"), embedded_server.location(name)
            with connect(maintenance) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            build.migrate(template)
            build.seed(template)
            finish_template(template)
            copies = stack.enter_context(
                opened_copies(maintenance, template, prefix=f"{name}_", server=embedded_server)
            )
            names = map(f"{name}_app{{}}".format, range(1000))
            return stack.enter_context(closing(PostgresSource(TemplateOrigin.BUILT, copies, names)))

        yield make
