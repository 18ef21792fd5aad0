"""Where rows are read from or written to: a path, or the URL of a database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, unquote

from tdmvc.errors import UsageError

_FILE_SCHEMES = ("sqlite", "duckdb")
"""Databases whose URL names a file: `sqlite:///shop.db`, `duckdb:////srv/shop.duckdb`."""

_ENGINES = {"postgres": "postgresql", "mariadb": "mysql"}
"""Engines whose URLs have more than one scheme, by the rarer one."""

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

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_END_OF_HOST = re.compile(r"[/?#]")
_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})

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
    label: str = ""
    """What messages say instead of the URL, for a server that tdmvc started for a file."""

    def __str__(self) -> str:
        if self.label:
            return self.label
        user = f"{self.user}@" if self.user else ""
        port = "" if self.port is None else f":{self.port}"
        database = f"/{self.database}" if self.database else ""
        return f"{self.scheme}://{user}{self.host}{port}{database}"

    def __repr__(self) -> str:
        return f"ServerLocation({str(self)!r})"


Location = PathLocation | ServerLocation


def engine_of(location: Location) -> str:
    """Return the engine as most URLs name it: `postgresql` for `postgres+psycopg://…`, `mysql` for `mariadb://…`."""
    scheme = location.scheme.partition("+")[0]
    return _ENGINES.get(scheme, scheme)


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


def parse_location(
    text: str, *, folder: Path | None = None, variables: Mapping[str, str] = _NO_VARIABLES
) -> Location:
    """Return the location that a path or a URL (`scheme://…`) names.

    `${NAME}` stands for a variable at the beginning of the text, which then holds the URL or the beginning of one,
    and in a URL: there, a user, a password, a database or a setting is taken as it is, whatever characters it has.

    Args:
        folder: where relative paths begin; by default, the current folder.
        variables: those of the environment.

    Raises:
        UsageError: the URL cannot be understood, or a variable is not set. The message contains no password.
    """
    text = _expanded(text, variables)
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


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with the values of the variables in it, if it is a URL or begins with a variable."""

    def value(name: str) -> str:
        if not variables.get(name):
            raise UsageError(
                f"The environment variable {name} is not set, or is empty.",
                where=f"${{{name}}}",
                remedy="set it to the URL of a database, or to the part of one that it stands for.",
            )
        return variables[name]

    beginning = ""
    first = _VARIABLE.match(text)
    if first is not None:
        beginning, text = value(first[1]), text[first.end() :]
    if "://" not in beginning + text:
        return beginning + (text if first is None else _VARIABLE.sub(lambda found: value(found[1]), text))
    start = text.find("://") + len("://") if "://" in text else 0
    ends = _END_OF_HOST.search(text, start)
    end = ends.start() if ends else len(text)
    # Nothing in a host or port needs to be encoded, and a variable may hold both.
    host = text.rfind("@", start, end) + 1 or start
    return (
        beginning
        + "".join(
            _VARIABLE.sub(lambda found, encode=encode: encode(value(found[1])), part)  # type: ignore[misc]
            for part, encode in ((text[:host], _encoded), (text[host:end], str), (text[end:], _encoded))
        )
    )


def _encoded(value: str) -> str:
    return quote(value, safe="")


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
