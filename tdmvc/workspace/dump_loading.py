"""Runs the parts of a dump in a database: rows together, what is not part of a dataset left out and counted."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tdmvc.databases.scripts import Script, StatementError
from tdmvc.errors import DatabaseError, SourceError
from tdmvc.model.progress import ProgressCallback
from tdmvc.sources.sql_dump.decisions import Decision, MakeExtension, Refuse, Run, Skip
from tdmvc.sources.sql_dump.parts import ClientCommand, CopyBlock, DumpFault, DumpPart, Statement

_BATCH_STATEMENTS = 500
_BATCH_BYTES = 1 << 18
_MISSING = frozenset({"42P01", "42704", "42883", "3F000", "42703", "1051", "1091", "1305", "1360"})
"""States that say that an object does not exist."""
_IGNORED_COMMANDS = frozenset({"\\restrict", "\\unrestrict"})
_DATABASE_COMMANDS = frozenset({"\\connect", "\\c", "use"})
_DISK_FULL = frozenset({"53100", "1021", "1114"})
_UNKNOWN_COLLATION = "1273"
_REPLACED_COLLATION = "collation of MySQL 8 that was replaced"
_OWN_SERVER = (
    "restore the dump into a server of your own, and add that database: `tdmvc add DATASET {scheme}://…`."
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the servers that dumps are for."""

    scheme: str
    program: str
    """The program whose commands a dump may have."""
    decide: Callable[[bytes], Decision]
    label: Callable[[bytes], str]
    """Returns what a COPY does."""
    make_extension: Callable[[MakeExtension], str]
    """Makes an extension; returns what to count if there is none, else an empty text."""


@dataclass(slots=True)
class DumpLoader:
    """Loads one file after the other; what it left out is counted over all."""

    on_progress: ProgressCallback
    skipped: "Counter[str]" = field(default_factory=Counter)
    _database: str = ""
    """The database that the dump connects to."""
    _filled: str | None = None
    """The database that got the first table."""

    def load(
        self, path: Path, parts: Iterator[DumpPart], file: BinaryIO, script: Script, dialect: Dialect
    ) -> None:
        """Run all parts of a file.

        Raises:
            SourceError: the dump is cut off, or the server refuses a statement.
            DatabaseError: the connection is lost, or the disk is full.
        """
        try:
            self._load(path, parts, file, script, dialect)
        except DumpFault as fault:
            raise fault.of(path) from None

    def _load(
        self, path: Path, parts: Iterator[DumpPart], file: BinaryIO, script: Script, dialect: Dialect
    ) -> None:
        batch = _Batch(path, script, dialect)
        late: list[tuple[Statement, Run]] = []
        for part in parts:
            if isinstance(part, ClientCommand):
                self._follow(part, dialect)
                continue
            if isinstance(part, CopyBlock):
                batch.flush()
                self._note_table(part.statement)
                label = dialect.label(part.statement.text)
                _run(
                    path,
                    part.statement,
                    label,
                    partial(script.copy, part.statement.text, part.chunks),
                    dialect,
                )
                self._report(path, file)
                continue
            decision = dialect.decide(part.text)
            match decision:
                case Skip(noun):
                    self.skipped[noun] += bool(noun)
                case Refuse(why):
                    raise DumpFault(why, part.line, _OWN_SERVER.format(scheme=dialect.scheme))
                case MakeExtension():
                    batch.flush()
                    missing = dialect.make_extension(decision)
                    self.skipped[missing] += bool(missing)
                case Run(is_last=True):
                    late.append((part, decision))
                case Run(is_rows=True):
                    self._note_table(part)
                    batch.add(part, decision)
                    self._report(path, file)
                case Run():
                    batch.flush()
                    if decision.label.upper().startswith("CREATE TABLE"):
                        self._note_table(part)
                    self._run_one(path, part, decision, script, dialect)
        batch.flush()
        for statement, run in late:
            self._run_one(path, statement, run, script, dialect)

    def _run_one(self, path: Path, statement: Statement, run: Run, script: Script, dialect: Dialect) -> None:
        try:
            script.execute(run.text or statement.text)
        except StatementError as error:
            if run.may_lack and error.state in _MISSING:
                return
            if run.fallback is not None and error.state == _UNKNOWN_COLLATION:
                self.skipped[_REPLACED_COLLATION] += 1
                fallback = replace(run, text=run.fallback, fallback=None)
                self._run_one(path, statement, fallback, script, dialect)
                return
            if run.may_fail:
                self.skipped[run.may_fail] += 1
                return
            raise _refused(path, statement, run.label, error, dialect) from None

    def _follow(self, command: ClientCommand, dialect: Dialect) -> None:
        """Skip a command that only chooses a database.

        Raises:
            DumpFault: it is another one.
        """
        if command.name in _DATABASE_COMMANDS:
            self._database = command.argument
        elif command.name not in _IGNORED_COMMANDS:
            raise DumpFault.refused_command(command, dialect.program)

    def _note_table(self, statement: Statement) -> None:
        """Make sure that all tables are of one database.

        Raises:
            DumpFault: they are not.
        """
        if self._filled is None:
            self._filled = self._database
        elif self._filled != self._database:
            raise DumpFault(
                f"The dump has tables of two databases: {self._filled} and {self._database}.",
                statement.line,
                "dump one database, and add it to a dataset of its own.",
            )

    def _report(self, path: Path, file: BinaryIO) -> None:
        try:
            self.on_progress(f"load {path.name}", file.tell(), None, "B")
        except OSError:  # a pipe has no position
            self.on_progress(f"load {path.name}", 0, None, "B")


class _Batch:
    """Statements that write rows, run together because each by itself would wait for the server."""

    def __init__(self, path: Path, script: Script, dialect: Dialect) -> None:
        self._path = path
        self._script = script
        self._dialect = dialect
        self._statements: list[tuple[Statement, Run]] = []
        self._size = 0

    def add(self, statement: Statement, run: Run) -> None:
        self._statements.append((statement, run))
        self._size += len(statement.text)
        if len(self._statements) >= _BATCH_STATEMENTS or self._size >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Run what was added; if the server refuses it, one by one, to find the statement."""
        statements, self._statements, self._size = self._statements, [], 0
        if not statements:
            return
        try:
            self._script.execute_all([statement.text for statement, _ in statements])
            return
        except StatementError:
            pass
        for statement, run in statements:
            _run(
                self._path,
                statement,
                run.label,
                partial(self._script.execute, statement.text),
                self._dialect,
            )


def _run(path: Path, statement: Statement, label: str, action: Callable[[], None], dialect: Dialect) -> None:
    try:
        action()
    except StatementError as error:
        raise _refused(path, statement, label, error, dialect) from None


def _refused(
    path: Path, statement: Statement, label: str, error: StatementError, dialect: Dialect
) -> SourceError | DatabaseError:
    where = f"{path}, line {statement.line}: {label}"
    if error.state in _DISK_FULL:
        return DatabaseError(
            "The disk is full, so that the dump cannot be loaded.",
            where=where,
            remedy="free some space, or name another folder for temporary files in the variable TMPDIR.",
        )
    return SourceError(
        f"The server refuses a statement of the dump: {error.reason.rstrip('.')}.",
        where=where,
        remedy=_remedy(error, dialect),
    )


def _remedy(error: StatementError, dialect: Dialect) -> str:
    own = _OWN_SERVER.format(scheme=dialect.scheme)
    if error.state in _MISSING:
        return f"add the dump of the whole database, or its files together, the schema first; else {own}"
    return own
