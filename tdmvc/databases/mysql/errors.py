"""What the errors of a server mean, and what to do; without the values that servers put into their messages."""

import re
from dataclasses import dataclass

from tdmvc.databases.statements import REPEATED_KEY
from tdmvc.errors import DatabaseError

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class _Meaning:
    what: str
    remedy: str


_LOST = _Meaning(
    "The connection to the server was lost",
    "check that the server runs, then run the same command again; what was not committed was undone.",
)
_UNREACHABLE = _Meaning(
    "The server cannot be reached", "check the host, the port or the socket, and that the server runs."
)
_REFUSED = _Meaning(
    "The server refuses the user or the password",
    "check the user in the URL, and the password in the URL, in MYSQL_PWD or in ~/.my.cnf.",
)
_WITHOUT_PASSWORD = _Meaning(
    "The server refuses the user without a password",
    "set MYSQL_PWD, name the password in ~/.my.cnf, or write the URL as ${NAME} with the password in that variable.",
)
_FORBIDDEN = _Meaning("The user may not do this", "grant the user what is missing, or use another user.")
_FORBIDDEN_HERE = _Meaning(
    # The server does not say which right it is.
    _FORBIDDEN.what,
    "grant the user what is missing (a seed also needs LOCK TABLES and CREATE TEMPORARY TABLES), or use another user.",
)
_READ_ONLY = _Meaning(
    "The server accepts no changes: it is read-only", "use the primary server, or switch read_only off."
)
_FULL = _Meaning(
    "The server has no room left on its disk", "free some space there, then run the same command again."
)
_LOCKED = _Meaning(
    "Another session has kept a lock for too long",
    "wait until it ends, or end it (`SHOW PROCESSLIST` lists the sessions), then run the same command again.",
)
_TIMEOUT = _Meaning(
    "A statement took longer than allowed", "allow it more time, or try when the server is idle."
)
_TOO_LARGE = _Meaning(
    "A row is larger than the server accepts in one statement", "raise max_allowed_packet on the server."
)
_STRANGE = _Meaning(
    "The server does not answer as MySQL and MariaDB do",
    "check the host and the port, and what is between this machine and the server.",
)
_FIX_ROWS = "fix the rows, or the definition of the table."

CLEAR_PASSWORD = 2061
"""The driver's number for a way to log in that it does not take."""
_MEANINGS: dict[int, _Meaning] = {
    **dict.fromkeys((1045, 1698, 1251, 1275, 1862, 1820, 3118, 4151), _REFUSED),
    **dict.fromkeys((2002, 2003, 2005), _UNREACHABLE),
    **dict.fromkeys(
        (2006, 2013, 2014, 2026, 2055, 1053, 1927, 1317, 1158, 1159, 1160, 1161, 1077, 1079, 0), _LOST
    ),
    1044: _FORBIDDEN_HERE,
    **dict.fromkeys((1142, 1143, 1227, 1370, 1410, 1419), _FORBIDDEN),
    **dict.fromkeys((1290, 1792, 1836, 1874, 4169), _READ_ONLY),
    **dict.fromkeys((1021, 1114, 1041, 3), _FULL),
    **dict.fromkeys((1205, 1213, 1099), _LOCKED),
    **dict.fromkeys((3024, 1969, 1907), _TIMEOUT),
    **dict.fromkeys((1153, 1301), _TOO_LARGE),
    **dict.fromkeys(
        (CLEAR_PASSWORD, 2059),
        _Meaning(
            "The server wants the password without encryption, or in a way that tdmvc does not know",
            "encrypt the connection (`?ssl-mode=REQUIRED`), use the Unix socket, or a user with another plugin.",
        ),
    ),
    1049: _Meaning("There is no such database", "check the name in the URL, or create the database."),
    1040: _Meaning(
        "The server has no connection left", "wait until another one ends, or raise max_connections."
    ),
    1129: _Meaning("The server blocks this host", "run `mysqladmin flush-hosts` on the server."),
    1130: _Meaning(
        "The server accepts no connections from this host", "create a user for it, or use a tunnel."
    ),
    1062: _Meaning("A row repeats a key", f"{REPEATED_KEY}."),
    1451: _Meaning("A row is still referred to", _FIX_ROWS),
    1452: _Meaning("A row refers to a row that is missing", _FIX_ROWS),
    3819: _Meaning("A row breaks a CHECK constraint", _FIX_ROWS),
    4025: _Meaning("A row breaks a CHECK constraint", _FIX_ROWS),
    1406: _Meaning("A value is too long for its column", _FIX_ROWS),
    1264: _Meaning("A number is out of the range of its column", _FIX_ROWS),
    1048: _Meaning("A column that is NOT NULL would get a null", _FIX_ROWS),
    1364: _Meaning(
        "A column without a default gets no value", "add the column to the dataset, or give it a default."
    ),
    1265: _Meaning("A value does not fit the type of its column", _FIX_ROWS),
    1292: _Meaning("A value does not fit the type of its column", _FIX_ROWS),
    1366: _Meaning("A value does not fit the type of its column", _FIX_ROWS),
    1416: _Meaning("A value is not a geometry", _FIX_ROWS),
    3140: _Meaning("A value is not JSON", _FIX_ROWS),
    1644: _Meaning("A trigger or a procedure refused a row", "see what the triggers of the table require."),
    1118: _Meaning("A row is larger than the table can hold", _FIX_ROWS),
}
_NAMED = {
    1062: re.compile(r"for key '([^']*)'\s*\Z"),
    1451: re.compile(r"CONSTRAINT [`\"]([^`\"]*)[`\"]"),
    1452: re.compile(r"CONSTRAINT [`\"]([^`\"]*)[`\"]"),
    3819: re.compile(r"constraint '([^']*)'"),
    4025: re.compile(r"CONSTRAINT `([^`]*)`"),
    **dict.fromkeys(
        (1048, 1264, 1265, 1292, 1364, 1366, 1406),
        re.compile(r"(?:column|Column|Field) [`']?([^'\s]*?)[`']? "),
    ),
}
"""Where a message names the key, the constraint or the column."""
_FIRST_QUOTED = re.compile(r"[`']([^`']*)[`']")
DUPLICATE = 1062
LOCK_CODES = frozenset({1205, 1213, 1099})


class RefusedStatementError(DatabaseError):
    """The server refused a statement, or cannot be reached."""

    code: int = -1
    """The number of the server's error, or of the driver's; -1 for none."""


def error_code(error: Exception) -> int:
    """Return the number of an error of the driver; -1 if it has none."""
    code = error.args[0] if error.args else None
    return code if isinstance(code, int) else -1


def database_error(error: Exception, where: str, doing: str = "") -> RefusedStatementError:
    """Return the error for one of the driver's.

    Args:
        doing: what was being done, as the beginning of a sentence: `Loading orders`.
    """
    code = error_code(error)
    message = str(error.args[1]) if len(error.args) > 1 else str(error)
    prefix = f"{doing} failed. " if doing else ""
    meaning = _MEANINGS.get(code)
    if meaning is _REFUSED and "using password: NO" in message:
        meaning = _WITHOUT_PASSWORD
    if code == 1030 and "28" in message:
        meaning = _FULL
    if code == -1:
        meaning = _STRANGE
    if meaning is None:
        # Texts in quotes may be values.
        hidden = _QUOTED.sub("'…'", message)
        what = f"The server reports error {code}: {hidden.rstrip('.')}"
        return _refused(code, f"{prefix}{what}.", where, "look the number up in the manual of the server.")
    what = meaning.what
    name = _name(code, message)
    if name:
        what += f": {name}"
    elif meaning in (_FORBIDDEN, _READ_ONLY, _UNREACHABLE):
        what += f" ({_reason(message)})"
    return _refused(code, f"{prefix}{what}.", where, meaning.remedy)


def strange_answer(error: Exception, where: str) -> DatabaseError:
    """Return the error for a server that does not keep to the protocol, or that asks for a file of this machine."""
    if "LOAD_LOCAL" in str(error):
        return DatabaseError(
            "The server asks for a file of this machine, which tdmvc does not send.",
            where=where,
            remedy="make sure that this is your server: LOAD DATA LOCAL is none of tdmvc's statements.",
        )
    return DatabaseError(f"{_STRANGE.what}.", where=where, remedy=_STRANGE.remedy)


def _refused(code: int, what: str, where: str, remedy: str) -> RefusedStatementError:
    error = RefusedStatementError(what, where=where, remedy=remedy)
    error.code = code
    return error


def _name(code: int, message: str) -> str:
    pattern = _NAMED.get(code)
    found = pattern.search(message) if pattern else None
    if found is None and code in (1048, 1364):
        found = _FIRST_QUOTED.search(message)
    return found[1] if found else ""


def _reason(message: str) -> str:
    return message.splitlines()[0].rstrip(".") if message else "no reason given"
