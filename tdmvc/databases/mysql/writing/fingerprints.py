"""Proves that a table is as a load left it: its rows, its definition and its next number."""

import hashlib
import re

from tdmvc.databases.mysql.catalog.relations import MysqlTable
from tdmvc.databases.mysql.catalog.types import MysqlColumn
from tdmvc.databases.mysql.connection import MysqlConnection
from tdmvc.databases.mysql.names import quoted, table_sql
from tdmvc.errors import DatabaseError

_NEXT_NUMBER = re.compile(r" AUTO_INCREMENT=\d+")
_LONG = ("text", "blob", "json", "point", "polygon", "linestring", "geom")


def fingerprint(connection: MysqlConnection, table: MysqlTable, next_number: int | None) -> tuple[int, str]:
    """Return the row count, and a text that differs once rows, definition, next number or the server differ.

    CHECKSUM TABLE adds up a CRC of the bytes of each row. It takes ('ab', 'c') and ('a', 'bc') for the same, and does
    not see every thousandth exchange of two rows' values. Therefore hashes of the rows' texts are added up as well.

    Args:
        next_number: what AUTO_INCREMENT gives next.
    """
    name = table_sql(table.schema, table.name)
    doing = f"Comparing {table.name}"
    texts = ", ".join(_text_of(column) for column in table.columns)
    # As a number: a sum of texts would be one of floats.
    hashed = f"CAST(CONV(LEFT(MD5(CONCAT_WS(',', {texts})), 16), 16, 10) AS UNSIGNED)"
    (row,) = connection.query(f"SELECT COUNT(*), SUM({hashed}) FROM {name}", doing)
    (checksum,) = connection.query(f"CHECKSUM TABLE {name} EXTENDED", doing)
    if checksum[1] is None:
        raise DatabaseError(
            f"{doing} failed. The server cannot compute the checksum of the table.",
            where=connection.where,
            remedy=f"check the table: CHECK TABLE {name}.",
        )
    (created,) = connection.query(f"SHOW CREATE TABLE {name}", doing)
    definition = hashlib.sha256(_NEXT_NUMBER.sub("", str(created[1])).encode()).hexdigest()[:20]
    parts = [connection.version_text, definition, checksum[1], row[1], next_number]
    return int(row[0]), " ".join(str(part) for part in parts)


def _text_of(column: MysqlColumn) -> str:
    """Return SQL for a text that differs for each value of a column."""
    name = quoted(column.name)
    if any(kind in column.kind for kind in _LONG):
        # The server returns NULL for a text above max_allowed_packet.
        return f"IFNULL(MD5({name}), '')"
    # The text of a float has six digits, that of a double all.
    return f"QUOTE(CAST({f'{name} + 0e0' if column.kind == 'float' else name} AS BINARY))"
