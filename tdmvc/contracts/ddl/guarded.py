"""Reads DO blocks of PostgreSQL that let statements run more than once: `DO $$ BEGIN …; EXCEPTION … END $$`."""

from collections.abc import Sequence
from typing import Final

from tdmvc.contracts.ddl.script import DdlScript, DdlStatement
from tdmvc.sql.tokens import Token, TokenKind

_READ: Final = frozenset({"CREATE", "ALTER", "DROP", "COMMENT", "INSERT", "UPDATE", "DELETE"})
_WITHOUT_MEANING: Final = frozenset({"EXCEPTION", "WHEN", "END", "NULL", "RAISE"})


def guarded_statements(
    script: DdlScript, statement: DdlStatement
) -> list[tuple[DdlScript, DdlStatement]] | None:
    """Return the statements of a DO block, with the text that they are from.

    None if the block does more than to pass over what is there already, so that its effect depends on rows.
    """
    body = next((token for token in statement.tokens if token.kind is TokenKind.TEXT), None)
    if body is None or not body.text.startswith("$"):
        return None
    tag = body.text[: body.text.index("$", 1) + 1]
    inner = DdlScript(
        "\n" * (script.line(body) - 1) + body.text.removeprefix(tag).removesuffix(tag), script.dialect
    )
    found: list[tuple[DdlScript, DdlStatement]] = []
    for one in inner.statements():
        tokens = _unguarded(one.tokens)
        word = tokens[0].keyword if tokens else "END"
        if word in _READ:
            found.append((inner, DdlStatement(tuple(tokens), inner.line(tokens[0]))))
        elif word not in _WITHOUT_MEANING:
            return None
    return found


def _unguarded(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return a statement without `BEGIN` and `IF NOT EXISTS (…) THEN` before it."""
    while tokens and tokens[0].keyword == "BEGIN":
        tokens = tokens[1:]
    if [token.keyword for token in tokens[:3]] == ["IF", "NOT", "EXISTS"]:
        words = [token.keyword for token in tokens]
        return _unguarded(tokens[words.index("THEN") + 1 :]) if "THEN" in words else tokens
    return tokens
