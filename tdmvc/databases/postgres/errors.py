"""What PostgreSQL refuses, and what to do about it; never with a value of a row."""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from tdmvc.databases.postgres.address import PostgresAddress
from tdmvc.errors import DatabaseError

_PREFIX = re.compile(
    r"(?:.*?(?:FATAL|ERROR|PANIC):\s+|connection failed: |connection to server .*? failed: )+", re.DOTALL
)

NOT_READY = "The server accepts no connections at the moment."
"""What an error says while the server starts, ends, or recovers from the crash of a session."""


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why a server cannot be reached."""

    pattern: str
    """What the message says."""
    what: str
    remedy: str


_CAUSES = (
    _Cause(
        r"resolve host|translate host name|Name or service not known|nodename nor servname",
        "There is no host {host}.",
        "check the name of the host.",
    ),
    _Cause(
        r"Connection refused",
        "No server answers at {host}.",
        "start the server, or check the host and the port.",
    ),
    _Cause(
        r"No such file or directory",
        "No server answers at the socket {host}.",
        "start the server, or name its host: postgresql://USER@HOST:PORT/DATABASE.",
    ),
    _Cause(
        r"password authentication failed",
        "The server refuses the password of the user {user}.",
        "check the user and the password in the URL, in PGPASSWORD or in ~/.pgpass.",
    ),
    _Cause(
        r"no password supplied",
        "The server asks for a password, and there is none.",
        "set PGPASSWORD, add a line to ~/.pgpass, or write the URL as ${NAME} with the password in that variable.",
    ),
    _Cause(
        r"database .* does not exist",
        "The server has no database {database}.",
        "check the name, or create it: `{createdb}`.",
    ),
    _Cause(
        r"role .* does not exist",
        "The server has no user {user}.",
        "check the name of the user, or create one: `createuser NAME`.",
    ),
    _Cause(
        r"permission denied for database",
        "The user {user} may not connect to the database {database}.",
        "ask its owner: GRANT CONNECT ON DATABASE … TO ….",
    ),
    _Cause(
        r"no pg_hba.conf entry",
        "The server allows the user {user} no connection from here.",
        "check `sslmode` in the URL, or ask whoever runs the server for a line in pg_hba.conf.",
    ),
    _Cause(
        r"(?:Peer|Ident|certificate|GSSAPI|LDAP|PAM|RADIUS|OAuth).* authentication failed",
        "The server does not accept who you are.",
        "check the user, or use the form of authentication that pg_hba.conf asks for.",
    ),
    _Cause(
        r"too many (?:connections|clients)|connection slots are reserved",
        "The server has no free connection.",
        "close other connections, or try again later.",
    ),
    _Cause(
        r"starting up|shutting down|in recovery mode|not yet accepting connections|not accepting connections",
        NOT_READY,
        "try again in a moment; a standby needs hot_standby = on.",
    ),
    _Cause(
        r"does not support SSL|server does not support encryption",
        "The server offers no encryption, and the URL asks for it.",
        "check `sslmode` in the URL.",
    ),
    _Cause(
        r"SSL error|certificate|root.crt",
        "The connection cannot be encrypted as the URL asks for.",
        "check sslmode, sslrootcert, sslcert and sslkey in the URL.",
    ),
    _Cause(
        r"timeout expired|timed out",
        "The server does not answer in time.",
        "check the host, the port and the firewall; `?connect_timeout=60` waits for a minute.",
    ),
    _Cause(
        r"definition of service",
        "The service of the URL is in no service file.",
        "add it to ~/.pg_service.conf, or check PGSERVICEFILE.",
    ),
)

LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"


class LockTimeoutError(DatabaseError):
    """Another session kept a lock for too long, and nobody has looked yet which one."""


class StatementTimeoutError(DatabaseError):
    """A statement took longer than the session allows, and nobody has looked yet who set the limit."""


_SERVER_GONE = "The connection to the database was lost."
_BY_STATE: Mapping[str, tuple[str, str]] = {
    QUERY_CANCELED: (
        "A statement took longer than allowed, or was cancelled.",
        "add `?options=-c%20statement_timeout%3D4h` to the URL, which allows four hours for each statement.",
    ),
    LOCK_NOT_AVAILABLE: (
        "Another session holds a lock on a table, and did not release it in time.",
        "wait until the other session ends (see pg_stat_activity), then run the same command again.",
    ),
    "40P01": (
        "The database ended the transaction because of a deadlock.",
        "run the same command again.",
    ),
    "42501": (
        "The user lacks a permission",
        "ask the owner of the database for it, or connect as another user.",
    ),
    "25006": (
        "The database is read-only.",
        "connect to the primary server; this one is a standby, or lets nobody write.",
    ),
    "42P01": ("A table is not there any more", "run the same command again."),
    "55000": (
        "The database cannot do this now",
        "fill a materialised view with REFRESH MATERIALIZED VIEW; for all else, see the server's log.",
    ),
    "53100": (
        "The disk of the database server is full.",
        "free space there, then run the same command again.",
    ),
    "53200": (
        "The database server has no memory left for the locks or rows of the transaction.",
        "raise max_locks_per_transaction on the server, or name fewer tables.",
    ),
    "53300": ("The server has no free connection.", "close other connections, or try again later."),
    "XX001": ("The database server found damaged data", "restore the table from a backup, or leave it out."),
    "XX002": ("The database server found a damaged index", "rebuild it with REINDEX."),
}
_STATES_BY_WORDS: Mapping[str, str] = {
    "conflict with recovery": "40001",
    "statement timeout": "57014",
    "user request": "57014",
    "lock timeout": "55P03",
    "administrator command": "57P01",
    "permission denied": "42501",
}
_GONE_STATES = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"})
MAY_NAME_VALUES = ("22", "23", "P0", "44", "XX")
"""Classes of errors whose messages may contain values of rows."""
_SAFE_VALUES = re.compile(r"\n.*", re.DOTALL)


def too_old(version: int, where: str) -> DatabaseError:
    """Return the error for a server of a version that is not supported (`120017`)."""
    shown = f"{version // 10000}.{version % 10000}" if version >= 100000 else f"{version // 10000}"
    return DatabaseError(
        f"The server is PostgreSQL {shown}; tdmvc needs 13 or newer.",
        where=where,
        remedy="upgrade the server, or restore a dump of the database into a newer one.",
    )


def connection_error(message: str, address: PostgresAddress) -> DatabaseError:
    """Return the error for a connection that cannot be made."""
    for cause in _CAUSES:
        if re.search(cause.pattern, message, re.IGNORECASE):
            remedy = cause.remedy.replace("{createdb}", _create_command(address))
            return DatabaseError(_named(cause.what, address), where=address.text, remedy=remedy)
    return DatabaseError(
        f"Cannot connect to the database: {_without_secrets(_first_line(message), address)}",
        where=address.text,
        remedy="check the URL, and that the server runs.",
    )


def _named(what: str, address: PostgresAddress) -> str:
    """Return a text with the names that the address or the environment gives; those of a service are not known."""
    found = {"database": "dbname", "user": "user", "host": "host"}
    is_named = any(address.parameters.get(name) for name in ("dbname", "service"))
    if "{database}" in what and not (is_named or os.environ.get("PGDATABASE") or os.environ.get("PGSERVICE")):
        # libpq takes the name of the user, which would be news to whoever forgot a name.
        what = what.replace("{database}", "with the name of the user, and the URL names none")
    variables = {"database": "PGDATABASE", "user": "PGUSER", "host": "PGHOST"}
    for field, name in found.items():
        value = address.parameters.get(name) or os.environ.get(variables[field], "")
        what = what.replace(f" {{{field}}}", f" {value}" if value else "")
    return what


def _create_command(address: PostgresAddress) -> str:
    options = {"host": "-h", "port": "-p", "user": "-U"}
    named = [(option, address.parameters.get(name)) for name, option in options.items()]
    words = [word for option, value in named if value for word in (option, shlex.quote(value))]
    name = address.parameters.get("dbname")
    return " ".join(["createdb", *words, shlex.quote(name) if name else "NAME"])


def database_error(
    state: str | None, message: str, where: str, *, doing: str = "The database refuses a statement"
) -> DatabaseError:
    """Return the error for a statement that failed.

    Args:
        state: the SQLSTATE; None if the server sent none.
        message: the server's first message, without DETAIL; it is not shown where it may contain values.
        where: the database, and the table if it is known.
        doing: what failed, if no cause is known.
    """
    state = state or ""
    if state in _GONE_STATES or state.startswith("08") or (not state and _is_gone(message)):
        return DatabaseError(
            _SERVER_GONE, where=where, remedy="check that the server runs, then run the same command again."
        )
    if state == "40001" and "recovery" in message:
        return DatabaseError(
            "The standby ended the reading, because it had to replay changes of its primary.",
            where=where,
            remedy="run it again, or set hot_standby_feedback = on there, or read from the primary.",
        )
    if state in _BY_STATE:
        what, remedy = _BY_STATE[state]
        shown = what if what.endswith(".") else f"{what}: {_first_line(message)}."
        kinds = {LOCK_NOT_AVAILABLE: LockTimeoutError, QUERY_CANCELED: StatementTimeoutError}
        if "user request" in message:
            return DatabaseError(
                "Somebody cancelled a statement (pg_cancel_backend).",
                where=where,
                remedy="run the same command again.",
            )
        return kinds.get(state, DatabaseError)(shown, where=where, remedy=remedy)
    shown = f"SQLSTATE {state}" if state.startswith(MAY_NAME_VALUES) else _first_line(message)
    return DatabaseError(
        f"{doing}: {shown}.", where=where, remedy="see the server's log for what it refused."
    )


def stream_error(message: str, where: str) -> DatabaseError:
    """Return the error for rows that stop coming, of which only the text is known; what it quotes is hidden."""
    for words, state in _STATES_BY_WORDS.items():
        if words in message:
            return database_error(state, message, where)
    if _is_gone(message):
        return database_error("08006", message, where)
    hidden = re.sub(r'"[^"]*"', "…", _first_line(message))
    return DatabaseError(
        f"The database stopped sending rows: {hidden}.",
        where=where,
        remedy="see the server's log for the reason.",
    )


def _is_gone(message: str) -> bool:
    return bool(
        re.search(
            r"server closed the connection|connection (?:is )?(?:lost|closed|not open)|terminat|SSL connection has been"
            r"|no connection to the server|consuming input failed|could not receive data|Connection reset|Broken pipe",
            message,
            re.IGNORECASE,
        )
    )


def _first_line(message: str) -> str:
    """Return the server's own words: the first line, without what the drivers write before it, and without DETAIL."""
    text = _PREFIX.sub("", message, count=1) or message
    return _SAFE_VALUES.sub("", text.strip()).rstrip(".")


def _without_secrets(text: str, address: PostgresAddress) -> str:
    for name in ("password", "sslpassword", "options"):
        if secret := address.parameters.get(name):
            text = text.replace(secret, "…")
    return f"{text}."
