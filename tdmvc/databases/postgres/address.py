"""Addresses of PostgreSQL databases: what of a URL is for libpq, and what is for tdmvc."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import unquote

from tdmvc.errors import UsageError
from tdmvc.model.location import Location, ServerLocation

_PARAMETERS = frozenset(
    {
        *("host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "require_auth"),
        *("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir", "sslsni"),
        *("sslnegotiation", "sslcompression", "sslcertmode", "ssl_min_protocol_version"),
        *(
            "ssl_max_protocol_version",
            "channel_binding",
            "gssencmode",
            "gsslib",
            "gssdelegation",
            "krbsrvname",
        ),
        *("connect_timeout", "tcp_user_timeout", "keepalives", "keepalives_idle", "keepalives_interval"),
        *("keepalives_count", "target_session_attrs", "load_balance_hosts", "requirepeer", "options"),
        *("application_name", "fallback_application_name"),
    }
)
"""The parameters of libpq that may be in a URL."""
_IGNORED = frozenset(
    {"connection_limit", "pool_timeout", "pgbouncer", "statement_cache_size", "socket_timeout"}
)
"""What Prisma puts into the URLs that it shares with others, about its own connections."""


@dataclass(frozen=True, slots=True, repr=False)
class PostgresAddress:
    """Where a database is. Its text shows neither the password nor the parameters."""

    text: str
    parameters: Mapping[str, str]
    """For libpq. What is not in them comes from `PGHOST`, `PGPASSWORD`, `.pgpass` and the like."""
    schemas: tuple[str, ...] = ()
    """What the URL says in `?schema=`."""

    def __repr__(self) -> str:
        return f"PostgresAddress({self.text!r})"


def read_address(location: Location) -> PostgresAddress:
    """Return what a URL says.

    Raises:
        UsageError: it has a parameter that libpq does not know, or two values for one.
    """
    if not isinstance(location, ServerLocation):
        raise TypeError(f"{location} is not on a server")
    own = {
        "host": unquote(location.host).removeprefix("[").removesuffix("]"),
        "port": "" if location.port is None else str(location.port),
        "user": location.user,
        "password": location.password or "",
        "dbname": location.database,
    }
    parameters = {name: value for name, value in own.items() if value}
    schemas: tuple[str, ...] = ()
    for name, value in location.query:
        if name == "schema":
            schemas += tuple(part for part in value.split(",") if part)
        elif name in _IGNORED:
            continue
        elif name not in _PARAMETERS:
            raise _unknown(name, location)
        elif parameters.setdefault(name, value) != value:
            raise UsageError(
                f"The URL has two values for the parameter '{name}'.",
                where=str(location),
                remedy="remove one of them.",
            )
    for value in parameters.values():
        if "\0" in value:
            raise UsageError("The URL has a NUL character (%00).", where=str(location), remedy="remove it.")
    return PostgresAddress(str(location), parameters, tuple(dict.fromkeys(schemas)))


def _unknown(name: str, location: ServerLocation) -> UsageError:
    known = [*_PARAMETERS, "schema"]
    near = ["schema"] if name == "currentSchema" else get_close_matches(name, known, n=1, cutoff=0.7)
    remedy = (
        f"did you mean '{near[0]}'?" if near else "remove it; parameters of libpq and `schema` are allowed."
    )
    return UsageError(
        f"The URL has the parameter '{name}', which a PostgreSQL address does not have.",
        where=str(location),
        remedy=remedy,
    )
