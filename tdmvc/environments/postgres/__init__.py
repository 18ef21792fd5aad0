"""Databases of PostgreSQL for test runs: on a server that tdmvc starts, or on one that runs."""

from tdmvc.environments.base import DatabaseProvider, EmbeddedServer
from tdmvc.environments.postgres.embedded import EmbeddedPostgres
from tdmvc.environments.postgres.server import PostgresServerProvider
from tdmvc.model.location import Location, ServerLocation

__all__ = ["EmbeddedPostgres", "PostgresServerProvider", "provider_for"]


def provider_for(wanted: EmbeddedServer | Location) -> DatabaseProvider:
    """Return what provides databases of PostgreSQL.

    Raises:
        DatabaseError: the programs of the server are missing, or the URL says that the server is for production.
    """
    if isinstance(wanted, ServerLocation):
        return PostgresServerProvider(wanted)
    if isinstance(wanted, EmbeddedServer):
        return EmbeddedPostgres(wanted)
    raise TypeError(f"{wanted} is not a server")
