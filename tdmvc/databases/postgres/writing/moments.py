"""Notes the moment of a commit, so that the next seed knows without reading rows whether anybody has written since.

Whoever writes needs a transaction with a number, and a server gives numbers to all its databases in their order. If all
below N had ended when a load was about to commit, and no other has ended since, nobody has written anything. See
docs/decisions/0064.
"""

import re
from collections.abc import Iterable

from tdmvc.databases.postgres.catalog.relations import Relation
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.writing.versions import Versions
from tdmvc.model.seeding import SeededDataset

_MOMENT = "concat_ws(' ', pg_snapshot_xmax(s), pg_postmaster_start_time())"
"""The first number that no transaction that has ended had, or a later one; and which run of the server gave it out:
copies and backups of a server, and crashes, may give out numbers again."""
_NOTE = f"SELECT {_MOMENT}, EXISTS (SELECT FROM pg_snapshot_xip(s)) FROM pg_current_snapshot() s"
_LOOK = f"""
SELECT {_MOMENT}, pg_current_xact_id_if_assigned() IS NULL AND NOT EXISTS (SELECT FROM pg_class
    WHERE relpersistence <> 'p' AND oid IN (SELECT %(oid)s::oid UNION ALL
        SELECT relid FROM pg_partition_tree(%(oid)s::oid::regclass)))
FROM pg_current_snapshot() s
"""
"""Whether this transaction has written nothing itself, and all of the table is logged, so that no crash empties it."""
_VERSIONS = re.compile(r"versions (\d+) (-?\d+)(?: |$)")


def note_moment(connection: PostgresConnection) -> str:
    """Return a text for this moment, by which `recall_versions` can know it again; empty if others may be writing.

    Every number that this transaction has used must be below that of a savepoint that was rolled back.
    """
    ((moment, are_others_writing),) = connection.execute(_NOTE).fetchall()
    return "" if are_others_writing else str(moment)


def recall_versions(
    connection: PostgresConnection, states: Iterable[SeededDataset], relation: Relation, definition: str
) -> Versions | None:
    """Return the row versions of a table as a state remembers them; None if anybody may have written since.

    Args:
        definition: what the fingerprint of the table begins with; it contains its OID.
    """
    noted = [state for state in states if state.moment]
    if not noted:
        return None
    ((moment, is_certain),) = connection.execute(_LOOK, {"oid": relation.oid}).fetchall()
    for table in (
        table for state in noted if is_certain and state.moment == moment for table in state.tables
    ):
        text = table.fingerprint
        if text.startswith(definition) and (found := _VERSIONS.match(text, len(definition))):
            return Versions(table.rows, int(found[2]), int(found[1]))
    return None
