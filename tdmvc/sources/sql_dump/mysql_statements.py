"""What is done with each statement of a dump of MySQL or MariaDB."""

import re

from tdmvc.sources.sql_dump.decisions import Decision, Refuse, Run, Skip
from tdmvc.sql.tokens import Token, TokenKind, tokens

_HEAD = 4000
"""How much of a statement is read to decide about it."""
_CODE_COMMENT = re.compile(r"/\*M?!\d*|\*/")
_DEFINER = re.compile(
    rb"\A(?P<before>[^'\"(]*?\bDEFINER\s*=\s*)(?:`[^`]*`|'[^']*'|\w+)(?:\s*@\s*(?:`[^`]*`|'[^']*'|[\w.%-]+))?",
    re.IGNORECASE,
)
_COLLATION = re.compile(rb"\butf8mb4_0900_(?P<kind>\w+)\b")
_SAME_FOR_ACCENTS = b"utf8mb4_unicode_520_nopad_ci"
_SAME_FOR_NOTHING = b"utf8mb4_nopad_bin"
_SKIPPED_STARTS: dict[str, str] = {
    "CREATE DATABASE": "database",
    "CREATE SCHEMA": "database",
    "DROP DATABASE": "database",
    "DROP SCHEMA": "database",
    "ALTER DATABASE": "database",
    "GRANT": "privilege",
    "REVOKE": "privilege",
    "CREATE USER": "role",
    "ALTER USER": "role",
    "DROP USER": "role",
    "RENAME USER": "role",
    "CREATE ROLE": "role",
    "DROP ROLE": "role",
    "SET ROLE": "role",
    "SET DEFAULT ROLE": "role",
    "SET PASSWORD": "role",
    "FLUSH": "",
    "LOCK TABLES": "",
    "LOCK TABLE": "",
    "UNLOCK TABLES": "",
    "START TRANSACTION": "",
    "BEGIN": "",
    "COMMIT": "",
    "SAVEPOINT": "",
    "RELEASE": "",
    "ANALYZE": "",
    "OPTIMIZE": "",
    "CHECK TABLE": "",
    "SET GLOBAL": "setting",
    "SET PERSIST": "setting",
    "CREATE EVENT": "event",
    "ALTER EVENT": "event",
    "DROP EVENT": "event",
}
_REFUSED_STARTS: dict[str, str] = {
    "LOAD": "LOAD DATA reads a file.",
    "INSTALL": "The statement changes the server.",
    "UNINSTALL": "The statement changes the server.",
    "CHANGE": "The statement changes the server.",
    "START SLAVE": "The statement changes the server.",
    "START REPLICA": "The statement changes the server.",
    "SHUTDOWN": "The statement changes the server.",
    "CREATE SERVER": "The statement connects to another server.",
    "ROLLBACK": "A transaction is rolled back; statements before it would have to be undone.",
}
_WORDS_OF_FILES = frozenset({"OUTFILE", "DUMPFILE"})
_LIBRARY = "SONAME"
_COUNTED_IF_REFUSED = {
    "TRIGGER": "trigger",
    "FUNCTION": "routine",
    "PROCEDURE": "routine",
    "PACKAGE": "routine",
}
_ROWS_START = re.compile(rb"(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO\s", re.IGNORECASE)
_ROWS = Run(is_rows=True)
_NOISE = frozenset(
    {"IF", "NOT", "EXISTS", "IGNORE", "OR", "REPLACE", "ALGORITHM", "UNDEFINED", "MERGE", "TEMPTABLE"}
)


def decide_mysql(text: bytes) -> Decision:
    """Return what is done with a statement."""
    if _ROWS_START.match(text):
        return _ROWS
    head = tokens(_CODE_COMMENT.sub(" ", text[:_HEAD].decode("utf-8", "replace")))
    words = [token.keyword for token in head if token.kind is TokenKind.WORD]
    start = " ".join(words[:4])
    refused = next(
        (why for begin, why in _REFUSED_STARTS.items() if f"{start} ".startswith(f"{begin} ")), None
    )
    if refused is not None:
        return Refuse(refused)
    if words[:1] == ["SELECT"] and not _WORDS_OF_FILES.isdisjoint(words):
        return Refuse("SELECT … INTO writes a file.")
    for begin, noun in _SKIPPED_STARTS.items():
        if f"{start} ".startswith(f"{begin} "):
            return Skip(noun)
    if words[:1] == ["SET"]:
        is_global = any(
            token.keyword in ("GLOBAL", "PERSIST", "SQL_LOG_BIN", "GTID_PURGED") for token in head
        )
        return Skip("setting") if is_global else Run(may_fail="setting")
    if words[:1] == ["ALTER"] and words[-1:] == ["KEYS"] and ("ENABLE" in words or "DISABLE" in words):
        return Skip("")
    kind = _kind(words) if words[:1] == ["CREATE"] else ""
    if kind == "EVENT":
        return Skip("event")
    if kind == "FUNCTION" and _LIBRARY in words:
        return Refuse("The function is in a library.")
    return Run(
        may_lack=words[:1] == ["DROP"],
        may_fail=_COUNTED_IF_REFUSED.get(kind, ""),
        makes_table=kind == "TABLE",
        is_last=kind == "TRIGGER",
        text=_DEFINER.sub(rb"\g<before>CURRENT_USER", text) if words[:1] == ["CREATE"] else None,
        fallback=_without_new_collations(text) if words[:1] in (["CREATE"], ["ALTER"]) else None,
    )


def label_mysql(text: bytes) -> str:
    """Return what a statement does, for messages, without values: `CREATE TABLE `film``."""
    return _label(tokens(_CODE_COMMENT.sub(" ", text[:_HEAD].decode("utf-8", "replace"))))


def _without_new_collations(text: bytes) -> bytes | None:
    """Return a statement with collations that MariaDB has, too, or None if it names none of MySQL 8."""
    if _COLLATION.search(text) is None:
        return None
    return _COLLATION.sub(
        lambda found: _SAME_FOR_ACCENTS if found["kind"] == b"ai_ci" else _SAME_FOR_NOTHING,
        _DEFINER.sub(rb"\g<before>CURRENT_USER", text),
    )


def _kind(words: list[str]) -> str:
    """Return what a CREATE makes: the first word that names a kind of object."""
    kinds = ("TABLE", "VIEW", "INDEX", "SEQUENCE", "EVENT", *_COUNTED_IF_REFUSED)
    return next((word for word in words if word in kinds), "")


def _label(head: list[Token]) -> str:
    """Return the verb, the kind and the name of the object; never a value, and nothing in brackets."""
    shown: list[str] = []
    has_name = is_definer = False
    for token in head:
        if token.keyword == "DEFINER":
            is_definer = True
        if is_definer:
            # DEFINER=`root`@`localhost` SQL SECURITY DEFINER
            is_definer = token.keyword not in _COUNTED_IF_REFUSED and token.keyword != "VIEW"
            if is_definer:
                continue
        if token.kind in (TokenKind.TEXT, TokenKind.NUMBER, TokenKind.BYTES) or token.text == "(":
            break
        if token.keyword in _NOISE or token.text == "=":
            continue
        is_dot = token.text == "."
        if has_name and not is_dot and shown[-1] != ".":
            break
        has_name = has_name or token.kind is TokenKind.NAME
        shown.append(token.text)
        if len(shown) > 8:
            break
    return " ".join(shown).replace(" . ", ".")
