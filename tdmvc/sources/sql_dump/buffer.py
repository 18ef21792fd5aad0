"""The bytes of a dump, in a buffer that holds one statement at a time."""

import re
from typing import BinaryIO

from tdmvc.sources.sql_dump.parts import LONGEST_STATEMENT, DumpFault, Statement

_CHUNK = 1 << 20
_VISIBLE = re.compile(rb"\S")


class DumpBuffer:
    """A window on a file: from the start of the statement that is being read to what was read ahead."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.data = b""
        self.start = 0
        """Where the statement begins."""
        self.position = 0
        """What comes before it was looked at."""
        self.line = 1
        """The line of `start`."""
        self.is_complete = False
        """Whether the file has been read to its end."""

    def more(self) -> bool:
        """Read more, and return whether there was more; positions stay valid relative to `start`, which becomes 0.

        Raises:
            DumpFault: the statement is too long.
        """
        if self.is_complete:
            return False
        if len(self.data) - self.start > LONGEST_STATEMENT:
            raise DumpFault.long_statement(self.line)
        chunk = self._file.read(max(_CHUNK, (len(self.data) - self.start) // 2))
        if not chunk:
            self.is_complete = True
            return False
        self.data = self.data[self.start :] + chunk
        self.position -= self.start
        self.start = 0
        return True

    def drop(self, end: int) -> None:
        """Forget what comes before a position; the next statement begins there."""
        self.line += self.data.count(b"\n", self.start, end)
        self.start = self.position = end

    def is_blank_before(self, position: int) -> bool:
        """Whether the statement has only white space before a position, which counts from `start`."""
        return _VISIBLE.search(self.data, self.start, self.start + position) is None

    def take_statement(self, end: int, sign_bytes: int) -> Statement | None:
        """Return the statement up to a position, which counts from `start`; None if there is only white space.

        Args:
            sign_bytes: the length of the sign that ends it, and that is dropped with it.
        """
        text = self.data[self.start : self.start + end]
        line = self.line + text.count(b"\n", 0, len(text) - len(text.lstrip()))
        self.drop(min(self.start + end + sign_bytes, len(self.data)))
        stripped = text.strip()
        return Statement(stripped, line) if stripped else None

    def find(self, pattern: "re.Pattern[bytes]", overlap: int = 0) -> "re.Match[bytes] | None":
        """Return the first match at or behind the position, or None if the file has no more.

        Args:
            overlap: how many bytes of a match may be at the end of what was read, when more follows.
        """
        while True:
            found = pattern.search(self.data, self.position)
            if found is not None and (found.end() < len(self.data) or self.is_complete):
                return found
            # What is at the very end may be part of something longer.
            resume = found.start() if found is not None else len(self.data) - overlap
            self.position = max(self.position, min(resume, len(self.data)))
            if not self.more():
                return pattern.search(self.data, self.position)

    def find_text(self, text: bytes) -> bool:
        """Move behind the next occurrence of a text, and return whether there is one."""
        while True:
            found = self.data.find(text, self.position)
            if found >= 0:
                self.position = found + len(text)
                return True
            self.position = max(self.position, len(self.data) - len(text) + 1)
            if not self.more():
                return False

    def line_at(self, position: int) -> int:
        """Return the line of a position behind `start`."""
        return self.line + self.data.count(b"\n", self.start, position)

    def read_line(self) -> bytes:
        """Return the rest of the line at the position, without its end, and move behind it."""
        begin = self.position - self.start
        if not self.find_text(b"\n"):
            self.position = len(self.data)
        return self.data[self.start + begin : self.position].rstrip(b"\r\n")
