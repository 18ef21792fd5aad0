"""A table as plain lines that Git can compare: a head, then one line for each row, in key order.

The same table gives the same lines, and different cells give different lines: if a
cell is cut or unclear, a short hash of the whole follows; if it is hidden, a mark that only this
clone can compute, and that differs from row to row, so that equal values of two rows
cannot be recognised. `│` and `=` inside a cell or a name are shown as code points, so no value
can pretend to be another column.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import blake2b

from tdmvc.model.dataset import PartSpan, TableContents
from tdmvc.model.schema import Column
from tdmvc.model.text import number
from tdmvc.render.cells import CUT, cell_text, masked_text, visible

BAR = "│"
_GAP = f" {BAR} "
_SHORT_HASH = 16
_LOOKS_ESCAPED = re.compile("^'|[\u2400-\u2421⟨]")
"""Text that holds what `cells.visible` writes for other characters, or quotes of its own."""


def render_table(table: TableContents) -> str:
    """Return the table as text that ends in a newline; hidden columns are masked. Never raises for any value."""
    return "\n".join(_lines(table)) + "\n"


def render_conflict(ours: TableContents, theirs: TableContents) -> str:
    """Return two sides of a merge as one text, with Git's conflict markers around lines that differ."""
    left, right = list(_lines(ours)), list(_lines(theirs))
    lines: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += left[a:b]
        else:
            lines += ["<<<<<<< ours", *left[a:b], "=======", *right[c:d], ">>>>>>> theirs"]
    return "\n".join(lines) + "\n"


def _lines(table: TableContents) -> Iterator[str]:
    yield f"# table {visible(table.name)}"
    yield f"# content {table.content.removeprefix('sha256:')[:_SHORT_HASH]}"
    yield f"# rows {number(table.rows)}"
    for column in table.columns:
        yield _column_line(column, table)
    if table.cells is not None:
        yield from _row_lines(table, table.cells)
    else:
        yield from (_part_line(table, part) for part in table.parts)
        yield (
            "# too large to be listed here; for rows: git diff, or git log -p --ext-diff, "
            "git show --ext-diff, tdmvc diff"
        )


def _column_line(column: Column, table: TableContents) -> str:
    is_key = table.has_key and column.name in table.order
    notes = [word for word, holds in (("key", is_key), ("masked", column.name in table.hidden)) if holds]
    return f"# column {visible(column.name)} {column.type_text}" + (f" ({', '.join(notes)})" if notes else "")


def _row_lines(table: TableContents, rows: Sequence[tuple[object, ...]]) -> Iterator[str]:
    if not rows:
        return
    keys = [row[: len(table.order)] for row in rows] if table.has_key and table.redaction_key else None
    columns = []
    for column, values in zip(table.columns, zip(*rows, strict=True), strict=True):
        texts: Iterable[str]
        if column.name not in table.hidden:
            texts = map(_open_text, values)
        elif keys is None:
            texts = map(masked_text, values)
        else:
            texts = _marked_texts(table, column.name, keys, values)
        lead = f"{_name(column.name)}="
        columns.append([lead + text for text in texts])
    yield from map(_GAP.join, zip(*columns, strict=True))


def _marked_texts(
    table: TableContents, column: str, keys: Sequence[tuple[object, ...]], values: Sequence[object]
) -> Iterator[str]:
    """Yield the masked values of a column, each with a mark made from its row and value."""
    start = blake2b(ascii((table.name, column)).encode(), key=table.redaction_key, digest_size=2)
    for key, value in zip(keys, values, strict=True):
        if value is None:
            yield masked_text(value)
        else:
            mark = start.copy()
            mark.update(ascii((key, value)).encode())
            yield f"{masked_text(value)}~{mark.hexdigest()}"


def _part_line(table: TableContents, part: PartSpan) -> str:
    line = f"# part {part.content[:_SHORT_HASH]} rows {number(part.rows)}"
    if part.first:
        line += f" from {_key_text(table, part.first)} to {_key_text(table, part.last)}"
    return line


def _key_text(table: TableContents, key: Sequence[object]) -> str:
    return ", ".join(
        f"{_name(name)}={masked_text(value) if name in table.hidden else _open_text(value)}"
        for name, value in zip(table.order, key, strict=True)
    )


def _open_text(value: object) -> str:
    """Return `cells.cell_text`, made different from every other value that begins alike."""
    if type(value) is int:
        return str(value)  # most cells of most tables
    text = cell_text(value)
    if BAR in text:
        text = text.replace(BAR, "⟨U+2502⟩")
    if isinstance(value, str):
        is_unclear = len(value) > CUT or bool(_LOOKS_ESCAPED.search(value))
    else:
        is_unclear = "…" in text or (isinstance(value, list | dict) and bool(_LOOKS_ESCAPED.search(text)))
    if is_unclear:
        text += f" #{blake2b(ascii(value).encode(), digest_size=4).hexdigest()}"
    return text


def _name(name: str) -> str:
    return visible(name).replace(BAR, "⟨U+2502⟩").replace("=", "⟨U+003D⟩")
