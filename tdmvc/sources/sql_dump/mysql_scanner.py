"""Splits a dump of mysqldump or mariadb-dump into statements, as the program mysql does, in bounded memory.

A comment that begins with `/*!` is code. `DELIMITER ;;` changes the sign that ends a statement.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from tdmvc.sources.sql_dump.buffer import DumpBuffer
from tdmvc.sources.sql_dump.parts import ClientCommand, DumpFault, DumpPart, Statement

_SIGNS = rb"--(?=\s|\Z)|\#|/\*|\*/|'|\"|`|\\"
_ESCAPED = {quote: re.compile(rb"\\.|%b" % quote, re.DOTALL) for quote in (b"'", b'"')}
_EXECUTABLE = re.compile(rb"/\*M?!(?!999999)\d*")
_LOOK_AHEAD = len(b"/*M!999999")
_FIRST_WORD = re.compile(rb"\s*(?P<word>[A-Za-z]+)(?P<rest>[^\r\n]*)(?:\r?\n|\Z)")
_COMMANDS = frozenset(
    b"charset connect ego edit go help nopager notee nowarning pager print prompt rehash resetconnection sandbox source"
    b" status system tee use warnings".split()
)
"""What the program mysql takes for its own at the beginning of a line; `use` is also a statement."""
_HEADER = re.compile(rb"-- (?:MySQL|MariaDB) dump ")
_FOOTER = re.compile(rb"-- Dump completed")
_USE = re.compile(rb"use\s+(?P<name>.+)", re.IGNORECASE | re.DOTALL)
_SQL_MODE = re.compile(rb"\bsql_mode\s*=\s*(?P<value>'[^']*'|\S+)", re.IGNORECASE)


class MysqlScanner:
    """Reads the statements of a dump, in their order."""

    def __init__(self, file: BinaryIO) -> None:
        self._buffer = DumpBuffer(file)
        self._set_delimiter(b";")
        self._escapes = True
        """Whether a backslash escapes in a text; not with the mode NO_BACKSLASH_ESCAPES."""
        self._headers = self._footers = 0

    def parts(self) -> Iterator[DumpPart]:
        """Yield the parts.

        Raises:
            DumpFault: the dump is cut off, or a statement is too long.
        """
        while (part := self._read_part()) is not None:
            yield part
        if self._headers > self._footers:
            raise DumpFault.without_footer("-- Dump completed", self._buffer.line)

    def _set_delimiter(self, sign: bytes) -> None:
        self._delimiter = sign
        self._pattern = re.compile(re.escape(sign) + b"|" + _SIGNS)

    def _read_part(self) -> DumpPart | None:
        buffer = self._buffer
        is_new = True
        while True:
            if is_new:
                command = self._command()
                if command is not None:
                    return command
                is_new = False
            found = buffer.find(self._pattern, overlap=max(2, len(self._delimiter)))
            if found is None:
                return self._rest()
            sign = found[0]
            begin = found.start() - buffer.start
            buffer.position = found.end()
            if sign == self._delimiter:
                statement = self._statement(begin)
                if statement is not None:
                    return statement
                is_new = True
            elif sign in (b"--", b"#"):
                is_new = self._skip_line_comment(begin)
            elif sign == b"/*":
                is_new = self._skip_comment(begin)
            elif sign in _ESCAPED:
                self._skip_text(begin, sign)
            elif sign == b"`":
                if not buffer.find_text(b"`"):
                    raise DumpFault.cut_off("a name in quotes", buffer.line_at(buffer.start + begin))
            elif sign == b"\\":
                line = buffer.line_at(buffer.start + begin)
                name = buffer.read_line()[:1].decode("latin-1")
                raise DumpFault.refused_command(ClientCommand(f"\\{name}", "", line), "mysql")

    def _command(self) -> ClientCommand | None:
        """Return the command at the beginning of a line, if there is one; a new delimiter is followed."""
        buffer = self._buffer
        while True:
            while (found := self._first_line()) is None and _may_be_word(buffer.data[buffer.start :]):
                if not buffer.more():
                    found = self._first_line()
                    break
            if found is None:
                return None
            word = found["word"].lower()
            argument = found["rest"].strip()
            if word != b"delimiter" and word not in _COMMANDS:
                return None
            if word == b"use" and self._delimiter in argument:
                return None
            line = buffer.line_at(found.start("word"))
            buffer.drop(found.end())
            if word != b"delimiter":
                text = argument.decode("utf-8", "replace").removesuffix(self._delimiter.decode("latin-1"))
                return ClientCommand(word.decode(), text.strip().strip("`"), line)
            if not argument:
                raise DumpFault("DELIMITER names no sign.", line, "make the dump again.")
            self._set_delimiter(argument.split()[0])

    def _first_line(self) -> "re.Match[bytes] | None":
        """Return the line at the beginning of a statement, once it is there as a whole."""
        buffer = self._buffer
        found = _FIRST_WORD.match(buffer.data, buffer.start)
        return found if found is not None and (found[0].endswith(b"\n") or buffer.is_complete) else None

    def _skip_line_comment(self, begin: int) -> bool:
        """Skip a comment, and return whether a statement may begin behind it."""
        buffer = self._buffer
        is_first = buffer.is_blank_before(begin)
        buffer.position = buffer.start + begin
        comment = buffer.read_line()
        if is_first:
            self._headers += _HEADER.match(comment) is not None
            self._footers += _FOOTER.match(comment) is not None
            buffer.drop(buffer.position)
        return is_first

    def _skip_comment(self, begin: int) -> bool:
        """Skip a comment unless it is code, and return whether a statement may begin behind it."""
        buffer = self._buffer
        while len(buffer.data) - buffer.start - begin < _LOOK_AHEAD and buffer.more():
            pass
        if _EXECUTABLE.match(buffer.data, buffer.start + begin):
            return False
        is_first = buffer.is_blank_before(begin)
        if not buffer.find_text(b"*/"):
            raise DumpFault.cut_off("a comment", buffer.line_at(buffer.start + begin))
        if is_first:
            buffer.drop(buffer.position)
        return is_first

    def _skip_text(self, begin: int, quote: bytes) -> None:
        buffer = self._buffer
        if not self._escapes:
            if not buffer.find_text(quote):
                raise DumpFault.cut_off("a text", buffer.line_at(buffer.start + begin))
            return
        while True:
            found = buffer.find(_ESCAPED[quote], overlap=1)
            if found is None:
                raise DumpFault.cut_off("a text", buffer.line_at(buffer.start + begin))
            buffer.position = found.end()
            if found[0] == quote:
                return

    def _statement(self, end: int) -> Statement | ClientCommand | None:
        statement = self._buffer.take_statement(end, len(self._delimiter))
        if statement is None:
            return None
        if b"sql_mode" in statement.text[:1000].lower():
            for found in _SQL_MODE.finditer(statement.text):
                self._escapes = b"NO_BACKSLASH_ESCAPES" not in found["value"].upper()
        chosen = _USE.fullmatch(statement.text)
        if chosen is None:
            return statement
        name = chosen["name"].decode("utf-8", "replace").strip().strip("`")
        return ClientCommand("use", name, statement.line)

    def _rest(self) -> Statement | ClientCommand | None:
        part = self._statement(len(self._buffer.data) - self._buffer.start)
        if part is not None and self._headers > self._footers:
            # mysqldump ends every statement: the server would only say that this one makes no sense.
            raise DumpFault.cut_off("a statement", self._buffer.line)
        return part


def _may_be_word(text: bytes) -> bool:
    """Whether a longer text may begin with a line that is a command."""
    first = text.strip().split(maxsplit=1)
    return not first or (b"\n" not in text.strip() and first[0].isalpha() and len(text) < 1000)
