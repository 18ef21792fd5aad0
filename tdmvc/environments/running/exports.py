"""The variables that an environment sets for the command, for its services, and for what migrates the database."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tdmvc.environments.addresses import address_values, client_variables
from tdmvc.environments.base import EmbeddedServer
from tdmvc.environments.providers import parse_database
from tdmvc.errors import UsageError
from tdmvc.model.environment import EMBEDDED, Environment
from tdmvc.model.location import Location, PathLocation, ServerLocation
from tdmvc.model.masking import MASK, without_passwords
from tdmvc.model.placeholders import fill_placeholders
from tdmvc.servers.marked_processes import RUN_VARIABLE

_NOWHERE = "nowhere"
_DISCARD_PORT = 9
"""Reserved for a service that nobody runs."""
_DIVERTING = ("PGSERVICE", "PGSERVICEFILE", "PGHOSTADDR", "PGPASSFILE", "PGOPTIONS")
"""Variables of the caller that would lead a client of PostgreSQL elsewhere, whatever PGHOST says."""


def database_exports(environment: Environment, location: Location) -> dict[str, str]:
    """Return the variables that lead to a database: those of its engine's clients, and those of tdmvc.yaml.

    Raises:
        UsageError: a placeholder does not exist for this kind of database.
    """
    values = address_values(location)
    exports = dict(client_variables(location))
    if "PGHOST" in exports and environment.database.startswith(EMBEDDED):
        # Clients written in Go expect TLS unless they are told otherwise.
        exports["PGSSLMODE"] = "disable"
    for name, template in environment.exports.items():
        try:
            exports[name] = fill_placeholders(template, values)
        except KeyError as error:
            raise UsageError(
                f"The placeholder {{{error.args[0]}}} has no value for this database.",
                where=f"tdmvc.yaml, exports, {name}",
                remedy=f"use {', '.join(f'{{{one}}}' for one in values)}.",
            ) from None
    return exports


def placeholder_exports(environment: Environment, root: Path) -> dict[str, str]:
    """Return the variables of an environment with addresses of the right form, at which nothing answers.

    Raises:
        UsageError: tdmvc.yaml names a database that no engine provides.
    """
    wanted = parse_database(environment.database, folder=root, variables=os.environ)
    location: Location
    if isinstance(wanted, PathLocation):
        location = replace(wanted, path=wanted.path.with_name(f".{_NOWHERE}-{wanted.path.name}"))
    else:
        scheme = wanted.engine if isinstance(wanted, EmbeddedServer) else wanted.scheme
        location = ServerLocation(scheme, "127.0.0.1", _DISCARD_PORT, _NOWHERE, _NOWHERE, _NOWHERE)
    exports = database_exports(environment, location)
    for service in environment.services:
        for name, template in service.exports.items():
            exports[name] = fill_placeholders(template, {"port": str(_DISCARD_PORT)})
    return exports


def process_variables(exports: Mapping[str, str], run: str = "") -> dict[str, str]:
    """Return all variables of a process: those of this one, and the exports.

    Args:
        run: the run folder to which the process belongs.
    """
    variables = dict(os.environ)
    if "PGHOST" in exports:
        for name in _DIVERTING:
            variables.pop(name, None)
    variables.update(exports)
    if run:
        variables[RUN_VARIABLE] = run
    return variables


def without_secrets(text: str, exports: Mapping[str, str]) -> str:
    """Return a text of a program without the passwords that it was given."""
    for name in ("PGPASSWORD", "MYSQL_PWD"):
        if exports.get(name):
            text = text.replace(exports[name], MASK)
    return without_passwords(text)
