"""Names and texts in MySQL's SQL, always quoted."""

import hashlib
import re
from collections.abc import Iterable

from tdmvc.databases.state_table import STATE_TABLE

DIALECT = "mysql"
PENDING_TABLE = "tdmvc_pending"
"""What a seed that is running, or was killed, has to undo or to finish."""
OWN_TABLES = frozenset({STATE_TABLE, PENDING_TABLE})


def quoted(name: str) -> str:
    """Return a name as a quoted identifier."""
    return "`" + name.replace("`", "``") + "`"


def quoted_names(names: Iterable[str]) -> str:
    """Return names as quoted identifiers, separated by commas."""
    return ", ".join(quoted(name) for name in names)


def text_literal(text: str) -> str:
    """Return a text as a literal, for a session without backslash escapes."""
    return "'" + text.replace("'", "''") + "'"


def text_literals(texts: Iterable[str]) -> str:
    """Return texts as literals, separated by commas."""
    return ", ".join(text_literal(text) for text in texts)


def table_sql(schema: str, table: str) -> str:
    """Return a table's full name as SQL."""
    return f"{quoted(schema)}.{quoted(table)}"


def alias(purpose: str, schema: str, table: str) -> str:
    """Return another name for a table, which no other table has: LOCK TABLES takes each alias once."""
    digest = hashlib.sha256(table_sql(schema, table).encode()).hexdigest()[:16]
    return f"tdmvc_{purpose}_{digest}"


def without_escapes(expression: str) -> str:
    """Return an expression as SQL: the catalog of MySQL 8 writes \\' for each quote, and says each text's charset."""
    return re.sub(r"_utf8mb[34](?=')", "", expression.replace("\\'", "'"))
