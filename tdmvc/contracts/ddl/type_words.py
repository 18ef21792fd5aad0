"""Reads the type of a column, and finds its canonical and its physical type."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa

from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.types import KnownTypes, WrittenType, column_type
from tdmvc.sql.tokens import Token, TokenKind

NEXT_WORDS: Final = frozenset(
    {"CONSTRAINT", "NOT", "NULL", "DEFAULT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "COLLATE"}
    | {"GENERATED", "AS", "AUTO_INCREMENT", "AUTOINCREMENT", "COMMENT", "CHARSET", "ON", "KEY", "DEFERRABLE"}
    | {"STORAGE", "COMPRESSION", "USING", "INVISIBLE", "VISIBLE", "VIRTUAL", "STORED", "PERSISTENT", "FIRST"}
    | {"AFTER", "OPTIONS", "ENCRYPTED", "SRID", "COLUMN_FORMAT", "INITIALLY", "MATCH"}
)
"""What can follow the type of a column."""
_TEXT_ATTRIBUTES: Final = frozenset({"binary", "ascii", "unicode", "byte"})
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_NUMBER = re.compile(r"-?[0-9]{1,9}")


def read_type(cursor: Cursor) -> WrittenType:
    """Pass a type; SQLite's columns may have none."""
    start = cursor.position
    words: list[str] = []
    arguments: tuple[str, ...] = ()
    tail: list[str] = []
    dimensions = 0
    while cursor.has_more:
        token = cursor.peek
        word = token.keyword
        if word == "(" and (words or tail):
            arguments = _arguments(cursor)
        elif word in ("[", "ARRAY"):
            dimensions += 1
            while cursor.next().keyword != "]" and cursor.has_more and word == "[":
                pass
            if word == "ARRAY" and cursor.take("["):
                cursor.next()
                cursor.take("]")
        elif word == "." and words:
            cursor.next()
            schema, name = words.pop(), _type_word(cursor.next(), "")
            words.append(name if schema in ("public", "pg_catalog", "main") else f"{schema}.{name}")
        elif token.kind is TokenKind.SIGN or word in NEXT_WORDS or cursor.is_next("CHARACTER", "SET"):
            break
        elif token.kind in (TokenKind.WORD, TokenKind.NAME):
            (tail if arguments else words).append(_type_word(cursor.next(), cursor.script.dialect))
        else:
            break
    text = cursor.script.span(cursor.since(start))
    split = _split_words(words, arguments)
    return WrittenType(split[0], arguments, " ".join([*split[1], *tail]), dimensions, text)


def _split_words(words: list[str], arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return the name of a type, and the words that follow it."""
    for place, word in enumerate(words):
        if place and word in ("unsigned", "signed", "zerofill"):
            return " ".join(words[:place]), words[place:]
    return " ".join(words), []


def _type_word(token: Token, dialect: str) -> str:
    if token.kind is TokenKind.WORD:
        return token.text.lower()
    name = token.name
    return name if _PLAIN_NAME.fullmatch(name) or dialect in ("sqlite", "mysql") else token.text


def _arguments(cursor: Cursor) -> tuple[str, ...]:
    return tuple(cursor.script.span(one.rest()) for one in cursor.parts(cursor.brackets()))


def without_attributes(written: WrittenType, dialect: str) -> tuple[WrittenType, list[str]]:
    """Return a type of MySQL without the words for the collation of its texts, and these words."""
    if dialect != "mysql":
        return written, []
    name, *others = written.words.split(" ")
    tail = written.tail.split()
    lost = [one for one in (*others, *tail) if one in _TEXT_ATTRIBUTES]
    kept = [one for one in others if one not in _TEXT_ATTRIBUTES]
    words, tail = " ".join([name, *kept]), [one for one in tail if one not in _TEXT_ATTRIBUTES]
    return (replace(written, words=words, tail=" ".join(tail)), lost) if lost else (written, [])


def typed(cursor: Cursor, written: WrittenType, known: KnownTypes) -> tuple[pa.DataType, str | None]:
    """Return the canonical and the physical type of what was written.

    Raises:
        ConfigError: it is no type.
    """
    dialect = cursor.script.dialect
    has_labels = written.words in ("enum", "set", "struct", "map", "union", "row")
    if dialect != "sqlite" and not has_labels:
        if not written.words:
            raise cursor.error("Expected a type")
        if written.words.split(" ")[0] in (
            "numeric",
            "decimal",
            "dec",
            "varchar",
            "float",
            "char",
            "bit",
        ) and not all(_NUMBER.fullmatch(one) or one.lower() == "max" for one in written.arguments):
            raise cursor.error(f"The length of the type '{written.text[:60]}' is no number")
    try:
        return column_type(written, dialect, known)
    except (ValueError, IndexError, pa.ArrowException, RecursionError):
        raise cursor.error(f"'{written.text[:60]}' is no type") from None
