"""Environments on MariaDB: on a server that tdmvc starts."""

from tdmvc.environments.base import DatabaseProvider, EmbeddedServer
from tdmvc.environments.mariadb.embedded import EmbeddedMariadb
from tdmvc.errors import UsageError
from tdmvc.model.location import Location

__all__ = ["EmbeddedMariadb", "provider_for"]


def provider_for(wanted: EmbeddedServer | Location) -> DatabaseProvider:
    """Return what provides databases of MariaDB.

    Raises:
        DatabaseError: the programs of the server are missing.
    """
    if isinstance(wanted, EmbeddedServer):
        return EmbeddedMariadb(wanted)
    raise UsageError.unsupported_url(str(wanted), ["embedded-mariadb"])
