"""Views of a database, without the names of the database itself, and all else that no dataset keeps."""

from collections.abc import Sequence

from tdmvc.databases.mysql.catalog.relations import CatalogNames
from tdmvc.databases.mysql.connection import MysqlConnection, text_of
from tdmvc.databases.mysql.names import DIALECT, text_literals
from tdmvc.model.declarations import View
from tdmvc.model.reference_order import order_by_references
from tdmvc.model.text import plural
from tdmvc.sql.tokens import Token, TokenKind, names_in, tokens

_OTHERS = (
    ("trigger", "TRIGGERS", "TRIGGER_SCHEMA", "TRIGGER_NAME"),
    ("event", "EVENTS", "EVENT_SCHEMA", "EVENT_NAME"),
)


def read_views(connection: MysqlConnection, schema: str) -> tuple[list[View], list[str]]:
    """Return the views of a database in an order in which they can be made, and the names of those left out."""
    rows = connection.query(
        "SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS "
        f"WHERE TABLE_SCHEMA = {text_literals([schema])} ORDER BY TABLE_NAME"
    )
    views, left_out = [], []
    for name, definition in rows:
        # Empty for a user without the right SHOW VIEW.
        query = without_schema(text_of(definition), schema)
        if query:
            views.append(View(text_of(name), query, DIALECT))
        else:
            left_out.append(f"view {text_of(name)}")
    return _ordered(views), left_out


def read_left_out(connection: MysqlConnection, schemas: Sequence[str], names: CatalogNames) -> list[str]:
    """Return what no dataset keeps, each with its kind: `procedure p`."""
    wanted = text_literals(schemas)
    left_out = [f"{kind} {name}" for kind, name in names.others]
    for kind, table, schema, name in _OTHERS:
        rows = connection.query(
            f"SELECT {name} FROM information_schema.{table} WHERE {schema} IN ({wanted}) ORDER BY 1"
        )
        left_out += [f"{kind} {text_of(row[0])}" for row in rows]
    rows = connection.query(
        f"SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN ({wanted}) "
        "ORDER BY ROUTINE_NAME"
    )
    left_out += [f"{text_of(kind)} {text_of(name)}" for kind, name in rows]
    # The server itself names a reference by its table and a number.
    ((references,),) = connection.query(
        f"SELECT COUNT(*) FROM information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN ({wanted}) "
        "AND CONSTRAINT_TYPE = 'FOREIGN KEY' AND CONSTRAINT_NAME NOT REGEXP '_ibfk_[0-9]+$'"
    )
    named = int(references)
    return left_out + ([f"the names of {plural(named, 'reference')}"] if named else [])


def without_schema(query: str, schema: str) -> str:
    """Return a query without the database's name before tables and columns; empty if it cannot be told apart.

    The server writes a table as `db`.`table` after FROM and JOIN, and a column as `db`.`table`.`column`,
    or `alias`.`column`.
    """
    parts = tokens(query)
    removed: list[tuple[int, int]] = []
    for i, token in enumerate(parts):
        if not _is(token, schema) or not _follows_dot(parts, i) or _after_dot(parts, i):
            continue
        is_column = _follows_dot(parts, i + 2)
        is_table = _before(parts, i) in ("FROM", "JOIN")
        if is_column or is_table:
            removed.append((token.start, parts[i + 1].end))
        else:
            return ""
    for start, end in reversed(removed):
        query = query[:start] + query[end:]
    return query


def _is(token: Token, schema: str) -> bool:
    return token.kind is TokenKind.NAME and token.name == schema


def _follows_dot(parts: list[Token], i: int) -> bool:
    return i + 2 < len(parts) and parts[i + 1].text == "." and parts[i + 2].kind is TokenKind.NAME


def _after_dot(parts: list[Token], i: int) -> bool:
    return i > 0 and parts[i - 1].text == "."


def _before(parts: list[Token], i: int) -> str:
    """Return the keyword before a token, whatever brackets are between them."""
    while i > 0 and parts[i - 1].text == "(":
        i -= 1
    return parts[i - 1].keyword if i > 0 else ""


def _ordered(views: list[View]) -> list[View]:
    """Return views so that each follows those that it uses."""
    by_name = {view.name: view for view in views}
    uses = {name: names_in(view.query, by_name.keys() - {name}) for name, view in by_name.items()}
    return [by_name[name] for name in order_by_references(uses)]
