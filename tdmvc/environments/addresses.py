"""How programs name a database that tdmvc made for them, in the forms that drivers and tools understand."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from tdmvc.model.location import Location, PathLocation, ServerLocation, engine_of

_DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql"}
"""The drivers that SQLAlchemy uses unless a URL names another one."""


def address_values(location: Location) -> dict[str, str]:
    """Return the values of the placeholders that an export may have, by name; among them is the password.

    A file has `url`, `sqlalchemy_url`, `jdbc_url`, `path` and `name`; a server has all but `path`.
    """
    if isinstance(location, PathLocation):
        path = location.path.absolute().as_posix()
        url = f"{location.scheme}:///{quote(path)}"
        return {
            "url": url,
            "sqlalchemy_url": f"{location.scheme}:///{path}",
            "jdbc_url": f"jdbc:{location.scheme}:{path}",
            "path": str(location.path.absolute()),
            "name": location.path.name,
        }
    return {
        "url": _url(location, engine_of(location)),
        "sqlalchemy_url": _url(location, _sqlalchemy_scheme(location)),
        "jdbc_url": _jdbc_url(location),
        "host": location.host,
        "port": str(location.port or ""),
        "user": location.user,
        "password": location.password or "",
        "name": location.database,
    }


def client_variables(location: Location) -> Mapping[str, str]:
    """Return the variables from which the engine's own clients take an address: `PGHOST`, `MYSQL_HOST` and so on."""
    if isinstance(location, PathLocation):
        return {}
    names = {
        "postgresql": ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"),
        "mysql": ("MYSQL_HOST", "MYSQL_TCP_PORT", "MYSQL_USER", "MYSQL_PWD", "MYSQL_DATABASE"),
    }.get(engine_of(location), ())
    values = address_values(location)
    return {
        name: values[value]
        for name, value in zip(names, ("host", "port", "user", "password", "name"), strict=False)
        if values[value]
    }


def _sqlalchemy_scheme(location: ServerLocation) -> str:
    engine = engine_of(location)
    driver = location.scheme.partition("+")[2] or _DRIVERS.get(engine, "")
    return f"{engine}+{driver}" if driver else engine


def _url(location: ServerLocation, scheme: str) -> str:
    password = "" if location.password is None else f":{quote(location.password, safe='')}"
    user = f"{quote(location.user, safe='')}{password}@" if location.user or password else ""
    port = "" if location.port is None else f":{location.port}"
    query = f"?{urlencode(location.query)}" if location.query else ""
    return f"{scheme}://{user}{location.host}{port}/{quote(location.database, safe='')}{query}"


def _jdbc_url(location: ServerLocation) -> str:
    """Return a URL of JDBC, where user and password are parameters."""
    port = "" if location.port is None else f":{location.port}"
    # The driver of MariaDB takes its own scheme only.
    scheme = "mariadb" if location.scheme.startswith("mariadb") else engine_of(location)
    query = [("user", location.user), ("password", location.password or ""), *location.query]
    return (
        f"jdbc:{scheme}://{location.host}{port}/{quote(location.database, safe='')}"
        f"?{urlencode([(name, value) for name, value in query if value])}"
    )
