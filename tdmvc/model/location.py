"""Where rows are read from or written to: a path, or the URL of a database."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from tdmvc.errors import UsageError

_FILE_SCHEMES = ("sqlite", "duckdb")
"""Databases whose URL names a file: `sqlite:///shop.db`, `duckdb:////srv/shop.duckdb`."""

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://(?P<rest>.*)", re.DOTALL)
_REST = re.compile(
    r"""
    (?P<authority>
        (?: (?P<user> [^/?\#@:]* ) (?: : (?P<password> [^/?\#]* ) )? @ )?
        (?P<host> \[ [0-9A-Fa-f:.]* \] | [^/?\#@:]* )
        (?: : (?P<port> \d+ ) )?
    )
    (?: / (?P<database> [^?]* ) )?
    (?: \? (?P<query> .* ) )?
    """,
    re.DOTALL | re.VERBOSE,
)

_LIKE_URL = re.compile(
    r"""
    .* ://                                      # jdbc:postgresql://…, or a space before the scheme
    | \s* [a-z][a-z0-9+.-]+ : (?: / | .* @ )     # postgres:/…, user:password@host
    | \s* [a-z] : [^/\\] .* @                   # u:password@host, but not C:\\me@work
    | .* \b (?: password | passwd | pwd ) \s* =  # host=… password=…
    """,
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
"""What is more likely to be a mistyped URL or a connection string, perhaps with a password, than a path."""
_CLEAR_PATH = re.compile(r"\.{0,2}[/\\]")
"""How a path begins that nobody takes for a URL."""


@dataclass(frozen=True, slots=True)
class PathLocation:
    """A file or a folder."""

    path: Path
    scheme: str = ""
    """The database engine, if a URL names it; empty for a path, whose name and content show what it is."""

    def __post_init__(self) -> None:
        check_path(self.path)

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True, repr=False)
class ServerLocation:
    """A database on a server. Its text shows neither the password nor the query, which may contain one."""

    scheme: str
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str | None = None
    database: str = ""
    query: tuple[tuple[str, str], ...] = ()
    """Names and values, in the order of the URL."""

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = "" if self.port is None else f":{self.port}"
        database = f"/{self.database}" if self.database else ""
        return f"{self.scheme}://{user}{self.host}{port}{database}"

    def __repr__(self) -> str:
        return f"ServerLocation({str(self)!r})"


Location = PathLocation | ServerLocation


def check_path(path: Path) -> None:
    """Make sure that every engine and every format of a message can name the file.

    Raises:
        UsageError: its name is not valid UTF-8, or has a NUL character.
    """
    try:
        is_clean = b"\0" not in str(path).encode()
    except UnicodeEncodeError:
        is_clean = False
    if not is_clean:
        raise UsageError(
            "The name of a file or folder is not valid UTF-8, or has a NUL character.",
            where=str(path),
            remedy="rename it, or write another name.",
        )


def parse_location(text: str, *, folder: Path | None = None) -> Location:
    """Return the location that a path or a URL (`scheme://…`) names.

    Args:
        folder: where relative paths begin; by default, the current folder.

    Raises:
        UsageError: the URL cannot be understood. The message contains no password.
    """
    url = _URL.fullmatch(text)
    if url is None:
        if _LIKE_URL.match(text) and not _CLEAR_PATH.match(text):
            raise UsageError(
                "Cannot read a URL or connection string; it is not shown, because it may contain a password.",
                remedy="write SCHEME://USER@HOST:PORT/DATABASE or sqlite:///FILE; "
                "if it is the path of a file, write ./ before it.",
            )
        return PathLocation((folder or Path()) / text)
    server = _parse_server(url["scheme"].lower(), url["rest"])
    if server.scheme not in _FILE_SCHEMES:
        return server
    example = f"{server.scheme}:///"
    remedy = f"write {example}FILE, or {example}/FOLDER/FILE for an absolute path, without a query."
    if server.query:
        raise UsageError(f"The URL {server} has a query, which tdmvc does not support.", remedy=remedy)
    if server.database in ("", ":memory:") or replace(server, database="") != ServerLocation(server.scheme):
        raise UsageError(f"The URL {server} does not name a file.", remedy=remedy)
    return PathLocation((folder or Path()) / server.database, server.scheme)


def _parse_server(scheme: str, rest: str) -> ServerLocation:
    parts = _REST.fullmatch(rest)
    # An @ behind the host is likely to end a password with a slash in it: nothing of it may be shown.
    if parts is None or (parts["authority"] and "@" in rest[parts.end("authority") :]):
        raise UsageError(
            f"Cannot read the URL {scheme}://….",
            remedy=f"write {scheme}://USER@HOST:PORT/DATABASE, "
            "with special characters in names and passwords percent-encoded (@ is %40, / is %2F).",
        )
    return ServerLocation(
        scheme,
        host=parts["host"],
        port=int(parts["port"]) if parts["port"] else None,
        user=unquote(parts["user"] or ""),
        password=None if parts["password"] is None else unquote(parts["password"]),
        database=unquote(parts["database"] or "", errors="surrogateescape"),
        query=tuple(parse_qsl(parts["query"] or "", keep_blank_values=True)),
    )
