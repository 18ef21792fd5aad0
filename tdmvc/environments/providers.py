"""The registry of providers: from the text of `database` in tdmvc.yaml to what provides databases there."""

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from tdmvc.environments.base import DatabaseProvider, EmbeddedServer
from tdmvc.errors import UsageError
from tdmvc.model.location import Location, PathLocation, engine_of, parse_location

_EMBEDDED = re.compile(r"embedded(?:-(?P<engine>mariadb))?(?:-(?P<major>[0-9]{1,3}))?")

PACKAGES: Final[Mapping[str, str]] = {
    "postgresql": "postgres",
    "mysql": "mariadb",
    "sqlite": "files",
    "duckdb": "files",
}
"""The package of this room for each engine; its function `provider_for` takes an `EmbeddedServer` or a location."""

_WRITE = "write `embedded`, `embedded-15`, `embedded-mariadb`, a URL (sqlite:///FILE, postgresql://…) or ${VARIABLE}."


def parse_database(text: str, *, folder: Path, variables: Mapping[str, str]) -> EmbeddedServer | Location:
    """Return what the text of `database` names.

    Args:
        folder: where relative paths of files begin.
        variables: those of the environment.

    Raises:
        UsageError: it names nothing that can provide databases, or a variable is not set.
    """
    embedded = _EMBEDDED.fullmatch(text)
    if embedded is not None:
        major = int(embedded["major"]) if embedded["major"] else None
        return EmbeddedServer("mysql" if embedded["engine"] else "postgresql", major)
    location = parse_location(text, folder=folder, variables=variables)
    if isinstance(location, PathLocation) and not location.scheme:
        raise UsageError("This names no database for an environment.", where=text, remedy=_WRITE)
    return location


def wanted_engine(wanted: EmbeddedServer | Location) -> str:
    """Return the engine of a database that an environment wants, as URLs name it; it may be one without a provider."""
    return wanted.engine if isinstance(wanted, EmbeddedServer) else engine_of(wanted)


def find_provider(wanted: EmbeddedServer | Location) -> DatabaseProvider:
    """Return what provides databases; nothing is started or connected yet.

    Raises:
        DatabaseError: a driver or the program of a server is missing.
        UsageError: no engine can provide databases there.
    """
    engine = wanted_engine(wanted)
    if engine not in PACKAGES:
        raise UsageError.unsupported_url(str(wanted), [f"{name}://" for name in PACKAGES])
    provider: DatabaseProvider = import_module(f"tdmvc.environments.{PACKAGES[engine]}").provider_for(wanted)
    return provider
