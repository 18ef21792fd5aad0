"""Names of databases on a server that everybody uses: templates, and what runs make from them."""

import hashlib
import re
import secrets
from dataclasses import dataclass

from tdmvc.environments.base import TemplateKey

_MOST_BYTES = 63
_MARK = "_tdmvc_"
_BUILDING = "_building"
_FORMAT = 1
"""Raised when templates are kept in another way."""
_RUN = re.compile(rf".*{_MARK}(?P<run>[0-9a-f]{{8}})_\d+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TemplateName:
    """The name of a template."""

    name: str
    number: int
    """Of its lock."""

    @property
    def building(self) -> str:
        """The name that it has until it is complete."""
        return f"{self.name}{_BUILDING}"


def name_template(base: str, user: str, key: TemplateKey) -> TemplateName:
    """Return the name of the template with a key.

    Args:
        base: the name of the database in the URL.
        user: who owns it; others could not use the rows in it.
    """
    text = "\0".join([str(_FORMAT), base, user, key.schema, key.rows])
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return TemplateName(_shorten(base, f"{_MARK}{digest}", len(_BUILDING)), _number(digest))


def lock_of_template(name: str) -> int:
    """Return the number of the lock of the template that has a name."""
    return _number(name.rpartition(_MARK)[2])


def new_run() -> int:
    """Return a number for a run that no other run has."""
    return secrets.randbits(32)


def run_prefix(base: str, run: int) -> str:
    """Return how the names of all databases begin that a run makes; a number follows."""
    return _shorten(base, f"{_MARK}{run:08x}_", 6)


def run_of(name: str) -> int | None:
    """Return the run that made a database, by its name; None for any other database."""
    found = _RUN.fullmatch(name)
    return int(found["run"], 16) if found else None


def _number(digest: str) -> int:
    return int(digest[:8], 16)


def _shorten(base: str, suffix: str, reserved: int) -> str:
    """Return a name with a suffix after which so many bytes are free."""
    most = _MOST_BYTES - len(suffix) - reserved
    return base.encode()[:most].decode(errors="ignore") + suffix
