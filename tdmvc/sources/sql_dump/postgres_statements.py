"""What is done with each statement of a dump of PostgreSQL."""

import re
from itertools import pairwise

from tdmvc.sources.sql_dump.decisions import Decision, MakeExtension, Refuse, Run, Skip
from tdmvc.sql.tokens import Token, TokenKind, tokens

_HEAD = 4000
"""How much of a statement is read to decide about it; names are shorter than 64 bytes."""
_VERBS = ("CREATE", "ALTER", "DROP", "COMMENT ON")
_ROLES = "role"
_FOREIGN = "foreign table or server"
_LARGE_OBJECT = "large object"
_LARGE_OBJECT_CALL = re.compile(
    rb"SELECT\s+(?:pg_catalog\s*\.\s*)?(?P<name>lo_create|lo_open|lowrite|lo_close)\s*\(", re.I
)
_SKIPPED_OBJECTS: dict[str, str] = {
    "ROLE": _ROLES,
    "USER": _ROLES,
    "GROUP": _ROLES,
    "USER MAPPING": _FOREIGN,
    "SERVER": _FOREIGN,
    "FOREIGN TABLE": _FOREIGN,
    "FOREIGN DATA WRAPPER": _FOREIGN,
    "DATABASE": "database",
    "TABLESPACE": "tablespace",
    "PUBLICATION": "publication",
    "SUBSCRIPTION": "subscription",
    "EVENT TRIGGER": "event trigger",
    "POLICY": "row security policy",
}
_SKIPPED_STARTS: dict[str, str] = {
    "GRANT": "privilege",
    "REVOKE": "privilege",
    "ALTER DEFAULT PRIVILEGES": "privilege",
    "REASSIGN OWNED": "owner",
    "DROP OWNED": "owner",
    "IMPORT FOREIGN SCHEMA": _FOREIGN,
    "SECURITY LABEL": "security label",
    "ALTER LARGE OBJECT": "owner",
    "COMMENT ON LARGE OBJECT": "",
    "COMMENT ON EXTENSION": "comment on an extension",
    "ALTER EXTENSION": "comment on an extension",
    "SET ROLE": _ROLES,
    "SET SESSION AUTHORIZATION": _ROLES,
    "SET LOCAL ROLE": _ROLES,
    "RESET ROLE": "",
    "RESET SESSION AUTHORIZATION": "",
    # Each statement is a transaction of its own.
    "BEGIN": "",
    "START TRANSACTION": "",
    "COMMIT": "",
    "END": "",
    "SAVEPOINT": "",
    "RELEASE": "",
    # No trigger fires while a dump is loaded.
    "SET SESSION_REPLICATION_ROLE": "",
    "ANALYZE": "",
    "VACUUM": "",
    "CLUSTER": "",
    "CHECKPOINT": "",
    "CREATE LANGUAGE PLPGSQL": "",
    "CREATE PROCEDURAL LANGUAGE PLPGSQL": "",
    "CREATE OR REPLACE LANGUAGE PLPGSQL": "",
    "CREATE OR REPLACE PROCEDURAL LANGUAGE PLPGSQL": "",
    "ALTER LANGUAGE": "owner",
    "COMMENT ON LANGUAGE": "comment on an extension",
    "COMMENT ON PROCEDURAL LANGUAGE": "comment on an extension",
}
_ROW_SECURITY = re.compile(r"\b(?:FORCE|ENABLE) ROW LEVEL SECURITY\b")
_SWITCHED_TRIGGERS = re.compile(r"\b(?:ENABLE|DISABLE) TRIGGER (?:ALL|USER)\b")
_COUNTED_IF_REFUSED = {
    "CREATE TRIGGER": "trigger",
    "CREATE CONSTRAINT TRIGGER": "trigger",
    "CREATE OR REPLACE TRIGGER": "trigger",
    "SET": "setting",
    "ALTER TABLE": "",
}
_INSERT = re.compile(rb"INSERT\s+INTO\s", re.IGNORECASE)
_ROWS = Run(is_rows=True)
_NOISE = frozenset({"ONLY", "IF", "NOT", "EXISTS", "CONCURRENTLY"})
_ROUTINES = re.compile(r"CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b")


def decide_postgres(text: bytes) -> Decision:
    """Return what is done with a statement."""
    if _INSERT.match(text):
        return _ROWS
    large_object = _LARGE_OBJECT_CALL.match(text)
    if large_object is not None:
        # They belong to no table.
        return Skip(_LARGE_OBJECT if large_object["name"].lower() == b"lo_create" else "")
    head = tokens(text[:_HEAD].decode("utf-8", "replace"))
    words = " ".join(token.text.upper() for token in head if token.kind in (TokenKind.WORD, TokenKind.SIGN))
    start = " ".join(_leading_words(head))
    skipped = _skipped(start, words)
    if skipped is not None:
        return skipped
    if start.startswith("COPY"):
        return Refuse("COPY reads or writes something else than the rows of the dump.")
    if start.startswith(("ROLLBACK", "ABORT", "PREPARE TRANSACTION")):
        return Refuse("A transaction is rolled back; statements before it would have to be undone.")
    if start.startswith(("ALTER SYSTEM", "LOAD")):
        return Refuse("The statement changes the server.")
    if start.startswith("CREATE EXTENSION"):
        return _extension(head)
    return Run(
        may_lack=start.startswith("DROP") or (start.startswith("ALTER TABLE") and " DROP " in f" {words} "),
        may_fail=_may_fail(start),
        makes_table=start.startswith("CREATE") and "TABLE" in start,
    )


def label_postgres(text: bytes) -> str:
    """Return what a statement does, for messages, without values: `CREATE TABLE public.film`."""
    return _label(tokens(text[:_HEAD].decode("utf-8", "replace")))


def _skipped(start: str, words: str) -> Skip | None:
    for begin, noun in _SKIPPED_STARTS.items():
        if start == begin or start.startswith(f"{begin} "):
            return Skip(noun)
    for verb in _VERBS:
        for kind in _SKIPPED_OBJECTS:
            if start == f"{verb} {kind}" or start.startswith(f"{verb} {kind} "):
                longest = max(
                    (other for other in _SKIPPED_OBJECTS if start.startswith(f"{verb} {other}")), key=len
                )
                return Skip(_SKIPPED_OBJECTS[longest])
    if start.startswith("ALTER"):
        if " OWNER TO " in f"{words} ":
            return Skip("owner")
        if _ROW_SECURITY.search(words):
            return Skip("row security policy")
        if _SWITCHED_TRIGGERS.search(words):
            return Skip("")
    return None


def _may_fail(start: str) -> str:
    if _ROUTINES.match(start):
        return "function in a language that the server does not have"
    return next(
        (noun for begin, noun in _COUNTED_IF_REFUSED.items() if f"{start} ".startswith(f"{begin} ")), ""
    )


def _leading_words(head: list[Token]) -> list[str]:
    words: list[str] = []
    for token in head:
        if token.kind is not TokenKind.WORD:
            break
        words.append(token.keyword)
    return words


def _extension(head: list[Token]) -> MakeExtension:
    """Return the name and the schema of CREATE EXTENSION [IF NOT EXISTS] name [WITH] [SCHEMA schema]."""
    rest = [token for token in head[2:] if token.keyword not in _NOISE]
    name = rest[0].name if rest else ""
    schema = ""
    for token, following in pairwise(rest):
        if token.keyword == "SCHEMA":
            schema = following.name
    return MakeExtension(name, schema)


def _label(head: list[Token]) -> str:
    """Return the verb, the kind and the name of the object; never a value, and nothing in brackets."""
    shown: list[str] = []
    has_name = False
    for token in head:
        if token.kind in (TokenKind.TEXT, TokenKind.NUMBER, TokenKind.BYTES):
            break
        is_dot = token.text == "."
        if token.kind is TokenKind.SIGN and not is_dot:
            break
        if token.keyword in _NOISE:
            continue
        is_name = token.kind is TokenKind.NAME or (
            token.kind is TokenKind.WORD and token.text.upper() != token.text
        )
        if has_name and not is_dot and shown[-1] != ".":
            break
        has_name = has_name or is_name
        shown.append(token.text)
        if len(shown) > 12:
            break
    return " ".join(shown).replace(" . ", ".")
