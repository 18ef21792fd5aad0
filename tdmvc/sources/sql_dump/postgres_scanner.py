"""Splits a plain dump of pg_dump into statements and rows, as psql does, in bounded memory.

It follows the rules of psql: a semicolon ends a statement unless it is in a text, a name, a comment, a bracket
(`CREATE RULE … DO (…; …)`) or the body of an SQL function (`BEGIN ATOMIC … END`). All encodings that PostgreSQL
servers allow are read byte by byte, because their letters never contain a byte that means something here.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from tdmvc.sources.sql_dump.buffer import DumpBuffer
from tdmvc.sources.sql_dump.copy_rows import is_copy_from_stdin, read_rows
from tdmvc.sources.sql_dump.parts import (
    ClientCommand,
    CopyBlock,
    DumpFault,
    DumpPart,
)

_LETTER = rb"A-Za-z_\x80-\xff"
_SIGNS = rb"--|/\*|'|\"|\$|;|\(|\)|\\"
_EVENT = re.compile(_SIGNS, re.DOTALL)
_EVENT_OR_WORD = re.compile(rb"[%b][%b0-9$]*|%b" % (_LETTER, _LETTER, _SIGNS))
_DOLLAR = re.compile(rb"\$(?:[%b][%b0-9]*)?\$" % (_LETTER, _LETTER))
_MAYBE_DOLLAR = re.compile(rb"\$[%b0-9]*\Z" % _LETTER)
_ESCAPED = re.compile(rb"\\.|'", re.DOTALL)
_COMMENT = re.compile(rb"/\*|\*/")
_CONTINUED = re.compile(rb"'|[ \t\r\f\v]*\n\s*'")
_BLANK = re.compile(rb"\S")
_NAME_START = re.compile(rb"[%b]" % _LETTER)
_NAME_BYTE = re.compile(rb"[%b0-9$]" % _LETTER)
_TOKEN = re.compile(rb"[%b][%b0-9$]*|[0-9]+|[^\s]" % (_LETTER, _LETTER), re.DOTALL)
_ROUTINE = re.compile(rb"CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)(?: |\Z)")
_WORDS_OF_ROUTINE = 4
_STRINGS_SETTING = re.compile(
    rb"standard_conforming_strings['\"]?\s*(?:=|,|\bTO\b)\s*'?(?P<value>on|off|true|false)", re.IGNORECASE
)
_HEADER = b"-- PostgreSQL database dump"
_FOOTER = b"-- PostgreSQL database dump complete"


class PostgresScanner:
    """Reads the parts of a plain dump, in their order."""

    def __init__(self, file: BinaryIO) -> None:
        self._buffer = DumpBuffer(file)
        self._escapes = False
        """Whether a backslash escapes in every text: `standard_conforming_strings = off`."""
        self._depth = 0
        self._words: list[bytes] = []
        self._begins = 0
        self._last_word = (-1, b"")
        """Where the last word ended, from the start of the statement, and the word."""
        self._headers = self._footers = 0

    def parts(self) -> Iterator[DumpPart]:
        """Yield the parts.

        Raises:
            DumpFault: the dump is cut off, or a statement or a row is too long.
        """
        buffer = self._buffer
        while True:
            self._depth, self._words, self._begins = 0, [], 0
            self._last_word = (-1, b"")
            part = self._read_part()
            if part is None:
                break
            yield part
        if self._headers > self._footers:
            raise DumpFault.without_footer(_FOOTER.decode(), buffer.line)

    def _read_part(self) -> DumpPart | None:
        buffer = self._buffer
        while True:
            gap = buffer.position - buffer.start
            found = buffer.find(self._pattern(), overlap=1)
            if found is None:
                return self._rest()
            sign = found[0]
            word = self._word_before(found.start(), buffer.start + gap) if sign in (b"'", b"$") else b""
            buffer.position = found.end()
            if sign == b"--":
                self._skip_line_comment(found.start() - buffer.start)
            elif sign == b"/*":
                self._skip_comment(found.start() - buffer.start)
            elif sign == b"'":
                self._skip_text(found.start() - buffer.start, word)
            elif sign == b'"':
                self._skip_to(b'"', "a name in quotes")
            elif sign == b"$":
                # A dollar sign in a name begins no text.
                if not word:
                    self._skip_dollar(found.start() - buffer.start)
            elif sign == b"(":
                self._depth += 1
            elif sign == b")":
                self._depth = max(0, self._depth - 1)
            elif sign == b"\\":
                return self._client_command(found.start() - buffer.start)
            elif sign != b";":
                self._note_word(sign)
                self._last_word = (found.end() - buffer.start, sign)
            elif self._depth == 0 and self._begins == 0:
                part = self._statement(found.start() - buffer.start)
                if part is not None:
                    return part

    def _word_before(self, position: int, gap: int) -> bytes:
        """Return the name or keyword that ends at a position; what is before the gap was looked at."""
        buffer = self._buffer
        if gap == position:
            end, word = self._last_word
            return word if end == position - buffer.start else b""
        if not _NAME_BYTE.match(buffer.data, position - 1):
            return b""
        last = b""
        for found in _TOKEN.finditer(buffer.data, gap, position):
            last = found[0]
        return last if _NAME_START.match(last) else b""

    def _pattern(self) -> "re.Pattern[bytes]":
        if len(self._words) < _WORDS_OF_ROUTINE or self._is_routine():
            return _EVENT_OR_WORD
        return _EVENT

    def _is_routine(self) -> bool:
        return _ROUTINE.match(b" ".join(self._words)) is not None

    def _note_word(self, word: bytes) -> None:
        """Follow BEGIN ATOMIC … END, as psql does."""
        word = word.upper()
        if len(self._words) < _WORDS_OF_ROUTINE:
            self._words.append(word)
        if self._depth or not self._is_routine():
            return
        if word == b"BEGIN" or (word == b"CASE" and self._begins):
            self._begins += 1
        elif word == b"END" and self._begins:
            self._begins -= 1

    def _skip_line_comment(self, begin: int) -> None:
        buffer = self._buffer
        is_first = buffer.is_blank_before(begin)
        buffer.position = buffer.start + begin
        comment = buffer.read_line()
        if is_first:
            self._headers += comment == _HEADER
            self._footers += comment == _FOOTER
            buffer.drop(buffer.position)

    def _skip_comment(self, begin: int) -> None:
        buffer = self._buffer
        is_first, depth = buffer.is_blank_before(begin), 1
        while depth:
            found = buffer.find(_COMMENT, overlap=1)
            if found is None:
                raise DumpFault.cut_off("a comment", buffer.line_at(buffer.start + begin))
            depth += 1 if found[0] == b"/*" else -1
            buffer.position = found.end()
            if is_first:
                # A comment may be longer than any statement.
                buffer.drop(buffer.position)
                begin = 0

    def _skip_text(self, begin: int, word: bytes) -> None:
        """Skip a text; the word before it says how backslashes are meant: E'…', B'…', X'…'."""
        buffer = self._buffer
        quote = buffer.start + begin
        is_unicode = buffer.data[max(buffer.start, quote - 2) : quote].upper() == b"U&"
        is_plain = not self._escapes or is_unicode or word in (b"B", b"b", b"X", b"x")
        if word not in (b"E", b"e") and is_plain:
            self._skip_to(b"'", "a text")
            return
        while True:
            found = buffer.find(_ESCAPED, overlap=1)
            if found is None:
                raise DumpFault.cut_off("a text", buffer.line_at(buffer.start + begin))
            buffer.position = found.end()
            if found[0] == b"'" and not self._text_continues():
                return

    def _text_continues(self) -> bool:
        """Whether a text goes on behind a quote: with a second one, or on another line; then move there."""
        buffer = self._buffer
        while True:
            blank = _BLANK.search(buffer.data, buffer.position)
            if blank is not None or not buffer.more():
                break
        found = _CONTINUED.match(buffer.data, buffer.position)
        if found is None:
            return False
        buffer.position = found.end()
        return True

    def _skip_to(self, sign: bytes, what: str) -> None:
        buffer = self._buffer
        line = buffer.line_at(buffer.position)
        if not buffer.find_text(sign):
            raise DumpFault.cut_off(what, line)

    def _skip_dollar(self, begin: int) -> None:
        """Skip a text in dollar quotes; a dollar sign before a number begins none."""
        buffer = self._buffer
        while _MAYBE_DOLLAR.match(buffer.data, buffer.start + begin) and buffer.more():
            pass
        found = _DOLLAR.match(buffer.data, buffer.start + begin)
        if found is not None:
            buffer.position = found.end()
            self._skip_to(found[0], f"a text in {found[0].decode('latin-1')}")

    def _client_command(self, begin: int) -> ClientCommand:
        buffer = self._buffer
        line = buffer.line_at(buffer.start + begin)
        is_first = buffer.is_blank_before(begin)
        buffer.position = buffer.start + begin
        words = buffer.read_line().decode("utf-8", "replace").split(maxsplit=1)
        buffer.drop(buffer.position)
        argument = words[1].strip().rstrip(";").strip() if len(words) > 1 else ""
        command = ClientCommand(words[0].rstrip(";"), argument, line)
        if not is_first:
            raise DumpFault.refused_command(command, "psql")
        return command

    def _statement(self, end: int) -> DumpPart | None:
        buffer = self._buffer
        statement = buffer.take_statement(end, sign_bytes=1)
        if statement is None:
            return None
        self._note_setting(statement.text)
        if self._words[:1] != [b"COPY"] or not is_copy_from_stdin(statement.text):
            return statement
        rest = buffer.read_line()
        if rest.strip():
            raise DumpFault(
                "Something follows COPY … FROM stdin on its line.",
                statement.line,
                "write it on a line behind the rows.",
            )
        buffer.drop(buffer.position)
        return CopyBlock(statement, read_rows(buffer, statement.line))

    def _note_setting(self, text: bytes) -> None:
        if self._words[:1] in ([b"SET"], [b"SELECT"]) and b"standard_conforming_strings" in text.lower():
            found = _STRINGS_SETTING.search(text)
            if found is not None:
                self._escapes = found["value"].lower() in (b"off", b"false")

    def _rest(self) -> DumpPart | None:
        """Return the last statement, which nothing needs to end."""
        buffer = self._buffer
        if self._depth or self._begins:
            raise DumpFault.cut_off("a statement", buffer.line)
        part = self._statement(len(buffer.data) - buffer.start)
        if part is not None and self._headers > self._footers:
            # pg_dump ends every statement: the server would only say that this one makes no sense.
            raise DumpFault.cut_off("a statement", buffer.line)
        buffer.start = buffer.position = len(buffer.data)
        return part
