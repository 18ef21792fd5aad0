"""The registry of providers: from the text of `database` in tdmvc.yaml to what provides databases there."""

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from tdmvc.environments.base import DatabaseProvider, EmbeddedServer
from tdmvc.errors import UsageError
from tdmvc.model.location import Location, PathLocation, ServerLocation, parse_location

_EMBEDDED = re.compile(r"embedded(?:-(?P<product>mariadb))?(?:-(?P<major>[0-9]{1,3}))?")

PACKAGES: Final[Mapping[str, str]] = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mariadb",
    "mariadb": "mariadb",
    "sqlite": "files",
    "duckdb": "files",
}
"""The package of this room for each scheme; its function `provider_for` takes an `EmbeddedServer` or a location."""

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
        return EmbeddedServer("mariadb" if embedded["product"] else "postgresql", major)
    location = parse_location(text, folder=folder, variables=variables)
    if isinstance(location, PathLocation) and not location.scheme:
        raise UsageError("This names no database for an environment.", where=text, remedy=_WRITE)
    return location


def find_provider(wanted: EmbeddedServer | Location) -> DatabaseProvider:
    """Return what provides databases; nothing is started or connected yet.

    Raises:
        DatabaseError: a driver or the program of a server is missing.
        UsageError: no engine can provide databases there.
    """
    match wanted:
        case EmbeddedServer(product=scheme):
            pass
        case ServerLocation(scheme=scheme):
            # SQLAlchemy's URLs also name a driver: `postgresql+psycopg://`.
            scheme = scheme.partition("+")[0]
        case PathLocation(scheme=scheme):
            pass
    if scheme not in PACKAGES:
        raise UsageError.unsupported_url(str(wanted), [f"{name}://" for name in PACKAGES])
    provider: DatabaseProvider = import_module(f"tdmvc.environments.{PACKAGES[scheme]}").provider_for(wanted)
    return provider
