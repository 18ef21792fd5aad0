"""Names of databases on a server that everybody uses, and locks that tell who uses them."""

import hashlib
import re
import secrets

from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import text_literal
from tdmvc.environments.base import TemplateKey
from tdmvc.environments.mariadb.failures import MARK

_MOST_CHARACTERS = 64
_TEMPLATE = "template_"
_RUN = re.compile(rf".*{MARK}(?P<run>[0-9a-f]{{12}})_\d+", re.DOTALL)
_WAIT_SECONDS = 86_400


def name_template(base: str, key: TemplateKey) -> str:
    """Return the name of the database that is a template."""
    return _with_base(base, f"{_TEMPLATE}{key.digest}")


def is_template(name: str) -> bool:
    """Whether a database is a template by its name."""
    return f"{MARK}{_TEMPLATE}" in name


def new_run() -> str:
    """Return what marks the databases of one run."""
    return secrets.token_hex(6)


def name_copy(base: str, run: str, number: int) -> str:
    """Return the name of a database of a run."""
    return _with_base(base, f"{run}_{number}")


def run_of(name: str) -> str | None:
    """Return the run to which a database belongs by its name."""
    found = _RUN.fullmatch(name)
    return found["run"] if found else None


def take_lock(connection: MysqlConnection, name: str, *, wait: bool = True) -> bool:
    """Take a lock, which ends with the connection; False if another connection holds it.

    Raises:
        DatabaseError: the connection is lost.
    """
    seconds = _WAIT_SECONDS if wait else 0
    return text_of(connection.query(f"SELECT GET_LOCK({_lock(name)}, {seconds})")[0][0]) == "1"


def release_lock(connection: MysqlConnection, name: str) -> None:
    """Release a lock that the connection holds.

    Raises:
        DatabaseError: the connection is lost.
    """
    connection.query(f"SELECT RELEASE_LOCK({_lock(name)})")


def _lock(name: str) -> str:
    return text_literal("tdmvc_" + hashlib.sha256(name.encode()).hexdigest()[:32])


def _with_base(base: str, end: str) -> str:
    return f"{base[: _MOST_CHARACTERS - len(MARK) - len(end)]}{MARK}{end}"
