"""Reads clauses that several statements have: REFERENCES, IDENTITY, the options of sequences."""

import re

from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.model.declarations import ForeignKey, Identity, ReferenceActions


def read_identity(cursor: Cursor, *, is_always: bool) -> Identity:
    """Pass the options of IDENTITY in brackets, if there are some."""
    start, increment = None, None
    if cursor.is_next("("):
        start, increment = _sequence_options(Cursor(cursor.script, cursor.brackets(), cursor.path))
    usual = 1 if (increment or 1) > 0 else -1
    return Identity(is_always, None if start == usual else start, None if increment == 1 else increment)


def _whole(cursor: Cursor) -> int:
    sign = -1 if cursor.take("-") else 1
    token = cursor.next()
    if not re.fullmatch(r"[0-9]{1,19}", token.text):
        raise cursor.error("Expected a whole number")
    return sign * int(token.text)


def read_sequence(cursor: Cursor) -> tuple[int, int]:
    """Return the start and the increment of a sequence by the options that are left."""
    start, increment = _sequence_options(cursor)
    increment = 1 if increment is None else increment
    return start if start is not None else (1 if increment > 0 else -1), increment


def _sequence_options(cursor: Cursor) -> tuple[int | None, int | None]:
    """Return the start and the increment that the options say, up to the end."""
    start, increment = None, None
    while cursor.has_more:
        if cursor.take("START"):
            cursor.take("WITH")
            start = _whole(cursor)
        elif cursor.take("INCREMENT"):
            cursor.take("BY")
            increment = _whole(cursor)
        else:
            cursor.next()
    return start, increment


def read_reference(cursor: Cursor, columns: tuple[str, ...]) -> ForeignKey:
    """Pass what follows REFERENCES; without columns, the reference leads to the key, which `to` then leaves open."""
    target = cursor.qualified_name()
    to = cursor.names() if cursor.is_next("(") else ()
    actions = {"DELETE": "no action", "UPDATE": "no action"}
    set_columns: tuple[str, ...] = ()
    deferrable: str | None = None
    is_full, is_validated = False, True
    while cursor.has_more:
        if cursor.take("ON"):
            event = cursor.take_one("DELETE", "UPDATE") or ""
            if not event:
                raise cursor.error("Expected DELETE or UPDATE")
            actions[event] = _action(cursor)
            if event == "DELETE" and cursor.is_next("("):
                set_columns = cursor.names()
        elif cursor.take("MATCH"):
            is_full = cursor.next().keyword == "FULL"
        elif cursor.take("NOT", "DEFERRABLE"):
            deferrable = None
        elif cursor.take("DEFERRABLE"):
            deferrable = deferrable or "immediate"
        elif cursor.take("INITIALLY"):
            deferrable = cursor.next().text.lower()
        elif cursor.take("NOT", "VALID"):
            is_validated = False
        elif not cursor.take("ENFORCED"):
            break
    declared = ReferenceActions(
        actions["DELETE"], actions["UPDATE"], deferrable, is_full, set_columns, is_validated
    )
    return ForeignKey(columns, target, to, declared)


def _action(cursor: Cursor) -> str:
    for words in (("NO", "ACTION"), ("SET", "NULL"), ("SET", "DEFAULT"), ("CASCADE",), ("RESTRICT",)):
        if cursor.take(*words):
            # Both of MySQL's check at once.
            is_usual = words == ("RESTRICT",) and cursor.script.dialect == "mysql"
            return "no action" if is_usual else " ".join(words).lower()
    raise cursor.error("Expected an action")
