"""Proves that a table is as a load left it: its rows, its definition and its next number."""

import hashlib
import re

from tdmvc.databases.mysql.catalog import MysqlTable
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import quoted, table_sql
from tdmvc.errors import DatabaseError

_NEXT_NUMBER = re.compile(r" AUTO_INCREMENT=\d+")
_VARYING = ("char", "text", "blob", "binary", "json", "bit", "point", "polygon", "linestring", "geom")


def fingerprint(connection: MysqlConnection, table: MysqlTable, next_number: int | None) -> tuple[int, str]:
    """Return the row count, and a text that differs once rows, definition, next number or the server differ.

    CHECKSUM TABLE adds up a CRC of the bytes of each row. It puts texts one after the other without their lengths,
    so that ('ab', 'c') and ('a', 'bc') have the same; therefore the lengths count as well.

    Args:
        next_number: what AUTO_INCREMENT gives next.
    """
    name = table_sql(table.schema, table.name)
    doing = f"Comparing {table.name}"
    varying = [column for column in table.columns if any(kind in column.kind for kind in _VARYING)]
    # Each column counts with another factor, and with a null as another length.
    lengths = " + ".join(
        f"(IFNULL(LENGTH({quoted(column.name)}), -1) + 2) * {2 * i + 1}" for i, column in enumerate(varying)
    )
    counted = f", SUM(CRC32({lengths}))" if len(varying) > 1 else ""
    (row,) = connection.query(f"SELECT COUNT(*){counted} FROM {name}", doing)
    (checksum,) = connection.query(f"CHECKSUM TABLE {name} EXTENDED", doing)
    if checksum[1] is None:
        raise DatabaseError(
            f"{doing} failed. The server cannot compute the checksum of the table.",
            where=connection.where,
            remedy=f"check the table: CHECK TABLE {name}.",
        )
    (created,) = connection.query(f"SHOW CREATE TABLE {name}", doing)
    definition = hashlib.sha256(_NEXT_NUMBER.sub("", str(created[1])).encode()).hexdigest()[:20]
    parts = [connection.version_text, definition, checksum[1], *(row[1:]), next_number]
    return int(row[0]), " ".join(str(part) for part in parts)
