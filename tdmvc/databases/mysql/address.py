"""Where a server is, and who connects: from the URL, the environment and the option file."""

import configparser
import getpass
import os
import ssl
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tdmvc.errors import DatabaseError, UsageError
from tdmvc.model.location import Location, ServerLocation

_SOCKETS = ("/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock")
_SYNONYMS = {
    "unix_socket": "socket",
    "ssl-ca": "ssl_ca",
    "ssl-cert": "ssl_cert",
    "ssl-key": "ssl_key",
    "ssl-mode": "ssl_mode",
    "sslmode": "ssl_mode",
    "defaults-file": "read_default_file",
}
_KNOWN = (
    "socket",
    "charset",
    "connect_timeout",
    "read_default_file",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "ssl_mode",
)
_MODES = {
    "disabled": "disabled",
    "preferred": "preferred",
    "required": "required",
    "verify_ca": "verify_ca",
    "verify_identity": "verify_identity",
    # As URLs of PostgreSQL and several drivers write them.
    "disable": "disabled",
    "prefer": "preferred",
    "require": "required",
    "verify-ca": "verify_ca",
    "verify-full": "verify_identity",
}
_GROUPS = ("client", "client-server", "client-mariadb")


@dataclass(frozen=True, slots=True)
class Address:
    """What the driver needs to connect."""

    location: ServerLocation
    """For messages."""
    user: str
    host: str = "localhost"
    port: int = 3306
    socket: str | None = None
    """Takes precedence over host and port."""
    password: str = field(default="", repr=False)
    connect_timeout: int = 10
    tls: ssl.SSLContext | None = None
    """Set if the connection must be encrypted."""
    has_tls: bool = True
    """False if it must not be encrypted."""

    def __str__(self) -> str:
        return str(self.location)


def resolve_address(location: Location, environment: Mapping[str, str] = os.environ) -> Address:
    """Return how to connect: the URL comes first, then MYSQL_PWD for the password, then the option file.

    Raises:
        UsageError: the URL has an option that tdmvc does not know.
        DatabaseError: a file that it names cannot be read.
    """
    if not isinstance(location, ServerLocation):
        raise TypeError(f"{location} is not on a server")
    options = _options(location)
    home = environment.get("HOME", "")
    path = Path(options.get("read_default_file") or Path(home) / ".my.cnf")
    found = (
        _read_option_file(path, location, is_named="read_default_file" in options) if home or options else {}
    )
    host = location.host or found.get("host", "")
    socket = options.get("socket") or ("" if location.host else found.get("socket", ""))
    if not socket and not host and location.port is None:
        socket = next((known for known in _SOCKETS if Path(known).exists()), "")
    password = location.password
    if password is None:
        password = environment.get("MYSQL_PWD", found.get("password", ""))
    tls = {name: options.get(name) or found.get(name.replace("_", "-"), "") for name in _KNOWN[-4:]}
    mode = _mode(tls["ssl_mode"], location, has_files=any(tls[name] for name in ("ssl_ca", "ssl_cert")))
    return Address(
        location,
        location.user or found.get("user", "") or _login_name(),
        host or "localhost",
        location.port or _number(found.get("port", ""), "port", location) or 3306,
        socket or None,
        password,
        _number(options.get("connect_timeout", ""), "connect_timeout", location) or 10,
        _tls(mode, tls, location),
        mode != "disabled",
    )


def _options(location: ServerLocation) -> dict[str, str]:
    """Return the options of a URL by their usual names. The charset is always utf8mb4, which holds every other."""
    options: dict[str, str] = {}
    for name, value in location.query:
        usual = _SYNONYMS.get(name.lower(), name.lower())
        if usual not in _KNOWN:
            raise UsageError(
                f"tdmvc does not know an option of the URL {location}: {name}.",
                remedy=f"use one of: {', '.join(_KNOWN)}.",
            )
        options[usual] = value
    return options


def _mode(text: str, location: ServerLocation, *, has_files: bool) -> str:
    if not text:
        return "verify_ca" if has_files else "preferred"
    mode = _MODES.get(text.lower())
    if mode is None:
        raise UsageError(
            f"tdmvc does not know the ssl_mode of the URL {location}: {text}.",
            remedy="use disabled, preferred, required, verify_ca or verify_identity.",
        )
    return mode


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container that runs under a number of its own; MySQL's programs take this name, too.
        return "UNKNOWN_USER"


def _number(text: str, name: str, location: ServerLocation) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise UsageError(
            f"The {name} for {location} is not a number.", remedy=f"write a whole number: {name}=10."
        )
    return int(text)


def _tls(mode: str, files: Mapping[str, str], location: ServerLocation) -> ssl.SSLContext | None:
    if mode in ("disabled", "preferred"):
        return None
    try:
        context = ssl.create_default_context(cafile=files["ssl_ca"] or None)
        if files["ssl_cert"]:
            context.load_cert_chain(files["ssl_cert"], files["ssl_key"] or None)
    except OSError as error:
        raise DatabaseError(
            f"A certificate or key cannot be read: {error.strerror or error}.",
            where=str(location),
            remedy="check ssl_ca, ssl_cert and ssl_key, in the URL or in the option file.",
        ) from error
    context.check_hostname = mode == "verify_identity"
    if mode == "required" and not files["ssl_ca"]:
        context.verify_mode = ssl.CERT_NONE
    return context


def _read_option_file(path: Path, location: ServerLocation, *, is_named: bool) -> dict[str, str]:
    """Return what the groups for clients say; a file that anybody may write to counts for nothing, as for `mysql`."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & stat.S_IWOTH:
            return {}
        text = path.read_text(errors="surrogateescape")
    except OSError as error:
        if not is_named:
            return {}
        raise DatabaseError(
            f"The option file cannot be read: {error.strerror or error}.",
            where=str(path),
            remedy=f"check read_default_file in the URL {location}.",
        ) from error
    parser = configparser.RawConfigParser(
        allow_no_value=True,
        strict=False,
        delimiters=("=",),
        comment_prefixes=("#", ";", "!"),
        empty_lines_in_values=False,
    )
    try:
        # What stands before the first group, or is indented, must not stop us.
        parser.read_string("[ignored]\n" + "\n".join(line.strip() for line in text.splitlines()))
    except configparser.Error:
        return {}
    found: dict[str, str] = {}
    for group in _GROUPS:
        if parser.has_section(group):
            found |= {name.strip().replace("_", "-"): _plain(value) for name, value in parser.items(group)}
    return found


def _plain(value: str | None) -> str:
    value = (value or "").strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
