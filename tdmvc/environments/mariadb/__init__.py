"""Environments on MariaDB: on a server that tdmvc starts, or on one that runs."""

from tdmvc.environments.base import DatabaseProvider, EmbeddedServer
from tdmvc.environments.mariadb.embedded import EmbeddedMariadb
from tdmvc.environments.mariadb.server import MariadbServerProvider
from tdmvc.model.location import Location, ServerLocation

__all__ = ["EmbeddedMariadb", "MariadbServerProvider", "provider_for"]


def provider_for(wanted: EmbeddedServer | Location) -> DatabaseProvider:
    """Return what provides databases of MariaDB or MySQL.

    Raises:
        DatabaseError: the programs of the server are missing, or the URL says that the server is for production.
    """
    if isinstance(wanted, ServerLocation):
        return MariadbServerProvider(wanted)
    if isinstance(wanted, EmbeddedServer):
        return EmbeddedMariadb(wanted)
    raise TypeError(f"{wanted} is not a server")
