"""The text that is shown in place of a personal value or a password, and where passwords are in a text."""

import re

MASK = "•••"

_PASSWORD = re.compile(
    r"""
    (?<=://) (?P<user> [^\s:@/]* ) : (?: \S*@ | (?!\d) [^\s'"]+ )  # the number after a host is its port
    | (?<=:) [^\s:/@]+ @
    | (?P<name> \b (?: password | passwd | pwd ) \s* = \s* ) [^\s;&'"]+
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_passwords(text: str) -> str:
    """Return a text with the passwords of its URLs and connection strings masked."""
    return _PASSWORD.sub(_hide_password, text)


def _hide_password(found: re.Match[str]) -> str:
    if found["name"]:
        return found["name"] + MASK
    return f"{found['user']}:{MASK}@" if found["user"] is not None else f"{MASK}@"
