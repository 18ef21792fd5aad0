"""Databases of PostgreSQL for test runs: on a server that tdmvc starts, or on one that runs."""

from tdmvc.environments.base import DatabaseProvider, EmbeddedServer
from tdmvc.environments.postgres.embedded import EmbeddedProvider
from tdmvc.errors import UsageError
from tdmvc.model.location import Location

__all__ = ["EmbeddedProvider", "provider_for"]


def provider_for(wanted: EmbeddedServer | Location) -> DatabaseProvider:
    """Return what provides databases of PostgreSQL.

    Raises:
        DatabaseError: the programs of the server are missing.
    """
    if isinstance(wanted, EmbeddedServer):
        return EmbeddedProvider(wanted)
    raise UsageError.unsupported_url(str(wanted), ["embedded"])
