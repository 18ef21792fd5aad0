"""What a dump consists of: statements, rows of COPY, and commands of the program that usually reads it."""

from collections.abc import Iterator
from dataclasses import dataclass

from tdmvc.errors import SourceError
from tdmvc.model.text import plural

LONGEST_STATEMENT = 64 << 20
"""In bytes; what is longer would have to be in memory several times."""
LONGEST_ROW = 256 << 20
"""In bytes, of a line of COPY; the server needs several times as much."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement, without the sign that ends it."""

    text: bytes
    line: int
    """Where it begins, from 1."""


@dataclass(frozen=True, slots=True)
class CopyBlock:
    """`COPY … FROM stdin`, and the rows that follow it."""

    statement: Statement
    chunks: Iterator[bytes]
    """In bounded memory; use it up before you ask for the next part."""


@dataclass(frozen=True, slots=True)
class ClientCommand:
    """A command of psql (`\\connect`) or of mysql (`source`), which no server understands."""

    name: str
    argument: str
    line: int


DumpPart = Statement | CopyBlock | ClientCommand


class DumpFault(Exception):
    """What is wrong with a dump, and in which line; the file is added by whoever knows it."""

    def __init__(self, what: str, line: int, remedy: str, *, is_cut_off: bool = False) -> None:
        super().__init__(what)
        self.is_cut_off = is_cut_off
        self.what = what
        self.line = line
        self.remedy = remedy

    def of(self, dump: str) -> SourceError:
        """Return the error for a dump."""
        return SourceError(self.what, where=f"{dump}, line {self.line}", remedy=self.remedy)

    @classmethod
    def cut_off(cls, inside: str, line: int) -> "DumpFault":
        return cls(
            f"The dump ends inside {inside}, so it is not complete.",
            line,
            "make the dump again.",
            is_cut_off=True,
        )

    @classmethod
    def without_footer(cls, footer: str, line: int) -> "DumpFault":
        return cls(
            f"The dump ends without the line `{footer}`, so it is not complete.",
            line,
            "make the dump again; if you shortened it yourself, add the line at its end.",
            is_cut_off=True,
        )

    @classmethod
    def long_statement(cls, line: int) -> "DumpFault":
        return cls(
            f"A statement is longer than {LONGEST_STATEMENT >> 20} MB.",
            line,
            "dump the rows as COPY (pg_dump without --inserts), or with fewer rows for each INSERT.",
        )

    @classmethod
    def long_row(cls, line: int) -> "DumpFault":
        return cls(
            f"A row is longer than {LONGEST_ROW >> 20} MB.",
            line,
            "leave its table or its column out of the dump.",
        )

    @classmethod
    def refused_command(cls, command: "ClientCommand", program: str) -> "DumpFault":
        return cls(
            f"The dump has a command of {program}, which tdmvc does not run: {command.name}.",
            command.line,
            "remove the line, if you trust the rest; `pg_dump` and `mysqldump` write no such line.",
        )


def format_skipped(skipped: dict[str, int]) -> str:
    """Return what was left out, most first: `12 owners, 3 privileges`."""
    ordered = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(plural(count, noun) for noun, count in ordered)
