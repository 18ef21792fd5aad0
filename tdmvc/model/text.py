"""Counts, keys and commits as text, the same in messages and in every format."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
"""With one of these at its beginning, a spreadsheet may run a text of a CSV file as a formula."""
_SHOWN_CHARACTERS = 40
_SHORT_COMMIT = 10
_PLURAL_ENDS = re.compile("(?= of | with |$)")


def number(count: int) -> str:
    """Return the number with thousands separators."""
    return f"{count:,}"


def plural(count: int, noun: str, *, many: str = "") -> str:
    """Return the number with its noun: `1 row`, `1,200 rows`, `2 rows of this unit`."""
    if count == 1:
        return f"{number(count)} {noun}"
    return f"{number(count)} {many or _PLURAL_ENDS.sub('s', noun, count=1)}"


def format_key(values: Sequence[str | None]) -> str:
    """Return the texts of a key as a message shows them, long ones shortened."""
    texts = ["NULL" if value is None else _shortened(value) for value in values]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def without_formula(text: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet might run it as a formula."""
    return f"'{text}" if text.startswith(tuple(FORMULA_STARTS)) else text


def timestamp(moment: datetime) -> str:
    """Return an instant as files and messages write it, to the second: `2026-01-31T10:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def short_commit(id_: str) -> str:
    """Return the abbreviation of a commit's id."""
    return id_[:_SHORT_COMMIT]


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
