"""What shows that nobody has written to an embedded server since a moment."""

from dataclasses import dataclass
from typing import Any

from tdmvc.databases.postgres.connection import Statement
from tdmvc.environments.postgres.administrator import LOCKS_TABLE, Administrator

SNAPSHOT: Statement = (
    "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint",
    (),
)
"""Reads one more than the number of the newest transaction that has ended."""
_OPEN = f"""
    SELECT EXISTS (
        SELECT 1 FROM pg_catalog.pg_stat_activity AS activity
        WHERE pid <> pg_catalog.pg_backend_pid()
            AND (backend_xid IS NOT NULL OR (datname = %s AND state <> 'idle' AND {LOCKS_TABLE}))
    ) OR EXISTS (SELECT 1 FROM pg_catalog.pg_prepared_xact())
"""


@dataclass(frozen=True, slots=True)
class TransactionMark:
    """A moment, by the transactions that had ended."""

    next_number: int
    """Transactions that write later have this number or a higher one."""
    own_started: int
    """How many transactions of tdmvc had started; each may have ended before the moment, or after it."""


def read_mark(administrator: Administrator, rows: list[Any]) -> TransactionMark:
    """Return the moment at which the rows of `SNAPSHOT` were read."""
    ((number,),) = rows
    # Read afterwards: whatever is not counted yet cannot have ended by then.
    return TransactionMark(number, administrator.own.started)


def has_written(administrator: Administrator, mark: TransactionMark, database: str = "") -> bool:
    """Whether anybody but tdmvc may have written to the server since a moment, or may still be about to commit.

    A transaction takes a number before it writes. Open ones are asked for first: if one ends after that, the number
    of the newest one that ended tells.

    Args:
        database: one in which whoever has locked a table counts, too.

    Raises:
        DatabaseError: the server is gone.
    """
    own = max(0, administrator.own.done - mark.own_started)
    ((is_open,),), ((number,),) = administrator.rows_of((_OPEN, [database]), SNAPSHOT)
    # At least `own` of the numbers belong to tdmvc: if there are no more, nobody else has taken one.
    return bool(is_open or number - mark.next_number != own)
