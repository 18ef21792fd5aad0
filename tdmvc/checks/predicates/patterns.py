"""Regular expressions of ECMA-262 and Python as ones of RE2 that match the same texts."""

import re

from tdmvc.checks.predicates.character_classes import (
    DIGITS,
    LINE_ENDS,
    SPACES,
    WORDS,
    Ranges,
    class_text,
    complement,
    python_class,
)
from tdmvc.checks.predicates.errors import InexactError
from tdmvc.model.rules import Pattern, PatternSyntax

_MOST_REPEATS = 1_000
"""RE2 refuses a higher count."""
_LONGEST = 10_000
_REPEAT = re.compile(r"\{(\d{1,6})(?:(,)(\d{0,6}))?\}", re.ASCII)
_GROUP_NAME = re.compile(r"\?P?<[A-Za-z_$][\w$]*>", re.ASCII)
_STEP = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.S)
"""What one step of an expression is: an escape, a class or a character."""
_CONTROLS = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_SURROGATES = range(0xD800, 0xE000)


def to_re2(pattern: Pattern) -> str:
    r"""Return the expression of RE2 that matches the same texts.

    Classes are spelled out, because `\s` and `.` mean other characters there; groups capture nothing.

    Raises:
        InexactError: RE2 has no such expression, or it is not known whether it reads it the same way.
    """
    if pattern.syntax is PatternSyntax.RE2:
        return pattern.expression
    expression = _Translator(pattern).translate()
    return rf"\A(?:{expression})\z" if pattern.is_whole else expression


class _Translator:
    """Reads an expression from left to right."""

    def __init__(self, pattern: Pattern) -> None:
        if len(pattern.expression) > _LONGEST:
            raise InexactError("its regular expression is too long for SQL")
        self._text, self._at, self._depth = pattern.expression, 0, 0
        self._is_python, self._is_whole = pattern.syntax is PatternSyntax.PYTHON, pattern.is_whole

    def translate(self) -> str:
        found = self._alternatives()
        if self._at < len(self._text):
            raise InexactError("its regular expression has a bracket too many")
        return found

    def _alternatives(self) -> str:
        parts: list[str] = []
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._next() == "|":
                self._at += 1
                parts.append("|")
                continue
            parts.append(self._term())
        return "".join(parts)

    def _term(self) -> str:
        mark = self._next()
        self._at += 1
        match mark:
            case "(":
                return self._repeated(self._group())
            case "[":
                return self._repeated(class_text(self._class()))
            case ".":
                kept = Ranges((ord("\n"), ord("\n"))) if self._is_python else LINE_ENDS
                return self._repeated(class_text(complement(kept)))
            case "^":
                return self._alone(r"\A")
            case "$":
                return self._end()
            case "\\":
                return self._escape()
            case "*" | "+" | "?" | "{" | "}" | "]":
                raise InexactError(
                    "its regular expression repeats nothing, or has a bracket that stands for itself"
                )
        return self._repeated(_literal(mark))

    def _end(self) -> str:
        if not self._is_python:
            return self._alone(r"\z")
        if self._is_whole:
            if not self._is_last():
                # Python's also matches before a last line end, which what follows may match.
                raise InexactError("its regular expression goes on behind '$'")
            return self._alone(r"\z")
        # Python's also matches before a line end that is the last character.
        if self._depth or self._next() not in ("", "|"):
            raise InexactError("its regular expression goes on behind '$'")
        return r"\x{a}?\z"

    def _is_last(self) -> bool:
        """Whether nothing that is here can be followed by a character, but for other alternatives."""
        if self._next() not in ("", "|", ")", "$"):
            return False
        depth = 0
        for found in _STEP.finditer(self._text, self._at):
            depth += {"(": 1, ")": -1}.get(found[0], 0)
            if depth < 0:
                return re.fullmatch(r"[)$]*", self._text[found.end() :]) is not None
        return True

    def _alone(self, assertion: str) -> str:
        if self._next() in ("*", "+", "?", "{"):
            raise InexactError("its regular expression repeats an assertion")
        return assertion

    def _repeated(self, atom: str) -> str:
        mark = self._next()
        if mark in ("*", "+", "?"):
            self._at += 1
            return atom + mark + self._lazy()
        found = _REPEAT.match(self._text, self._at) if mark == "{" else None
        if found is None:
            return atom
        most = int(found[3]) if found[3] else int(found[1])
        if max(int(found[1]), most) > _MOST_REPEATS:
            raise InexactError(f"its regular expression repeats something more than {_MOST_REPEATS:,} times")
        self._at = found.end()
        return atom + found[0] + self._lazy()

    def _lazy(self) -> str:
        """Skip the mark for as few repeats as possible: it does not change whether there is a match."""
        if self._next() == "?":
            self._at += 1
        if self._next() in ("*", "+", "?") or _REPEAT.match(self._text, self._at):
            raise InexactError("its regular expression repeats a repeat")
        return ""

    def _group(self) -> str:
        if self._next() == "?":
            named = _GROUP_NAME.match(self._text, self._at)
            if self._text.startswith("?:", self._at):
                self._at += 2
            elif named is not None:
                self._at = named.end()
            else:
                raise InexactError("its regular expression looks around, or sets options")
        self._depth += 1
        inner = self._alternatives()
        self._depth -= 1
        if self._next() != ")":
            raise InexactError("its regular expression lacks a bracket")
        self._at += 1
        return f"(?:{inner})"

    def _escape(self) -> str:
        mark = self._next()
        if mark == "b" and not self._is_python:
            self._at += 1
            return self._alone(r"\b")  # not \B: that of RE2 also matches between the bytes of a character
        found = self._escaped()
        return self._repeated(class_text(found) if isinstance(found, Ranges) else _literal(found))

    def _escaped(self) -> Ranges | str:
        r"""Return what stands behind a backslash: a class, or a character."""
        mark = self._next()
        self._at += 1
        if mark in "dDwWsS" and mark:
            named = python_class(mark.lower()) if self._is_python else None
            ranges = named or {"d": DIGITS, "w": WORDS, "s": SPACES}[mark.lower()]
            return complement(ranges) if mark.isupper() else ranges
        if mark in _CONTROLS:
            return _CONTROLS[mark]
        if mark in _SYNTAX and mark:
            return mark
        if mark == "0" and not self._next().isdigit():
            return "\0"
        if mark == "c" and not self._is_python and re.match("[A-Za-z]", self._next()):
            self._at += 1
            return chr(ord(self._text[self._at - 1]) % 32)
        if mark == "x":
            return self._code(2)
        if mark == "u":
            return self._unicode()
        raise InexactError(f"its regular expression has '\\{mark}', which RE2 may read in another way")

    def _unicode(self) -> str:
        if self._next() == "{" and not self._is_python:
            end = self._text.find("}", self._at)
            digits = self._text[self._at + 1 : end] if end > 0 else ""
            if not re.fullmatch("[0-9A-Fa-f]{1,6}", digits) or int(digits, 16) > 0x10FFFF:
                raise InexactError("its regular expression has a code point that does not exist")
            self._at = end + 1
            return self._valid(int(digits, 16))
        first = int(self._hex(4), 16)
        if 0xD800 <= first < 0xDC00 and self._text.startswith("\\u", self._at):
            self._at += 2
            second = int(self._hex(4), 16)
            if 0xDC00 <= second < 0xE000:
                return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        return self._valid(first)

    def _code(self, digits: int) -> str:
        return self._valid(int(self._hex(digits), 16))

    def _valid(self, code: int) -> str:
        if code in _SURROGATES:
            raise InexactError("its regular expression has half of a surrogate pair")
        return chr(code)

    def _hex(self, digits: int) -> str:
        found = self._text[self._at : self._at + digits]
        if not re.fullmatch(f"[0-9A-Fa-f]{{{digits}}}", found):
            raise InexactError("its regular expression has a character by an incomplete number")
        self._at += digits
        return found

    def _class(self) -> Ranges:
        is_negated = self._next() == "^"
        self._at += is_negated
        if self._is_python and self._next() == "]":
            raise InexactError("its regular expression has a bracket that stands for itself")
        found: list[tuple[int, int]] = []
        while (mark := self._next()) != "]":
            if not mark:
                raise InexactError("its regular expression lacks a bracket")
            if mark in "[&~|" and (mark == "[" or self._text.startswith(mark * 2, self._at)):
                raise InexactError(
                    "its regular expression has a class that other programs read as a set operation"
                )
            first = self._class_atom()
            if self._next() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                last = self._class_atom()
                found.append(_between(first, last))
            elif isinstance(first, Ranges):
                found.extend(first.pairs)
            else:
                found.append((ord(first), ord(first)))
        self._at += 1
        ranges = Ranges(*found)
        return complement(ranges) if is_negated else ranges

    def _class_atom(self) -> Ranges | str:
        mark = self._next()
        self._at += 1
        if mark != "\\":
            return mark
        if self._next() == "b":
            self._at += 1
            return "\b"
        if self._next() == "-":
            self._at += 1
            return "-"
        return self._escaped()

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]


def _between(first: Ranges | str, last: Ranges | str) -> tuple[int, int]:
    if isinstance(first, Ranges) or isinstance(last, Ranges) or ord(first) > ord(last):
        raise InexactError("its regular expression has a range without ends")
    return ord(first), ord(last)


def _literal(character: str) -> str:
    if ord(character) in _SURROGATES:
        raise InexactError("its regular expression has half of a surrogate pair")
    return character if character.isascii() and character.isalnum() else f"\\x{{{ord(character):x}}}"
