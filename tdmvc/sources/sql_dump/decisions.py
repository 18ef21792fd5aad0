"""What is done with each statement of a dump."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """Run it."""

    may_lack: bool = False
    """Whether it is fine if the object does not exist, as for DROP."""
    may_fail: str = ""
    """What is counted if the server refuses it; empty if that is an error."""
    makes_table: bool = False
    is_rows: bool = False
    """Whether it only writes rows, so that it may run together with its neighbours."""
    is_last: bool = False
    """Whether it must wait until all rows are there, because it would change them."""
    text: bytes | None = None
    """What to run instead of the statement as written."""
    fallback: bytes | None = None
    """What to run if the server does not know a collation."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave it out."""

    noun: str
    """What is counted; empty for what nobody misses."""


@dataclass(frozen=True, slots=True)
class MakeExtension:
    """Make an extension of PostgreSQL, as an administrator if the extension is known to be harmless."""

    name: str
    schema: str
    """Empty for the default one."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Stop: the statement would reach outside of the database."""

    why: str


Decision = Run | Skip | MakeExtension | Refuse
