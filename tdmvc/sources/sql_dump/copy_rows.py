"""The rows that follow `COPY … FROM stdin` in a dump."""

import re
from collections.abc import Iterator
from itertools import pairwise

from tdmvc.sources.sql_dump.buffer import DumpBuffer
from tdmvc.sources.sql_dump.parts import LONGEST_ROW, DumpFault
from tdmvc.sql.tokens import tokens

_END_OF_ROWS = re.compile(rb"\\\.\r?(?:\n|\Z)")
_END_ON_NEW_LINE = re.compile(rb"(?<=\n)\\\.\r?(?:\n|\Z)")
_LONGEST_END = len(b"\\.\r\n")


def is_copy_from_stdin(statement: bytes) -> bool:
    """Whether rows follow a statement that begins with COPY."""
    depth = 0
    words = []
    for token in tokens(statement.decode("latin-1")):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            words.append(token.keyword)
    return any(pair == ("FROM", "STDIN") for pair in pairwise(words))


def read_rows(buffer: DumpBuffer, line: int) -> Iterator[bytes]:
    """Yield the rows behind COPY, in chunks, up to the line that ends them.

    Args:
        line: where COPY begins, for messages.

    Raises:
        DumpFault: the dump is cut off, or a row is too long.
    """
    length = 0
    while True:
        found = None if length else _END_OF_ROWS.match(buffer.data, buffer.start)
        found = found or _END_ON_NEW_LINE.search(buffer.data, buffer.start + 1)
        if found is not None and (found[0].endswith(b"\n") or buffer.is_complete):
            if found.start() > buffer.start:
                yield buffer.data[buffer.start : found.start()]
            buffer.drop(found.end())
            return
        if buffer.is_complete:
            raise DumpFault.cut_off("the rows of a table", line)
        # What is not yet a whole line may be the one that ends the rows, unless it is long.
        end = buffer.data.rfind(b"\n", buffer.start) + 1
        if end <= buffer.start and len(buffer.data) - buffer.start > _LONGEST_END:
            end = len(buffer.data)
        if end > buffer.start:
            chunk = buffer.data[buffer.start : end]
            newline = chunk.rfind(b"\n")
            length = len(chunk) - newline - 1 if newline >= 0 else length + len(chunk)
            buffer.drop(end)
            if length > LONGEST_ROW:
                raise DumpFault.long_row(buffer.line)
            yield chunk
        buffer.more()
