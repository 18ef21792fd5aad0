"""Runs the parts of a dump in a database: rows together, what is not part of a dataset left out and counted."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Protocol

from tdmvc.databases.scripts import DumpScript, StatementError
from tdmvc.errors import DatabaseError, SourceError
from tdmvc.model.location import ServerLocation
from tdmvc.model.progress import ProgressCallback
from tdmvc.sources.sql_dump import DumpFile
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
    """Returns what a statement does, for messages, without values."""
    make_extension: Callable[[MakeExtension], str]
    """Makes an extension; returns what to count if there is none, else an empty text."""


class DumpServer(Protocol):
    """A kind of server that dumps are loaded into."""

    def loaded(
        self, dumps: Sequence[DumpFile], loader: "DumpLoader"
    ) -> AbstractContextManager[tuple[ServerLocation, tuple[str, ...]]]:
        """Load dumps into a temporary server, which runs until the end of the block.

        Returns:
            The database, for a user who may do nothing outside of it; and its schemas with tables, if it has schemas.

        Raises:
            DatabaseError: the server cannot be started, the connection is lost, or the disk is full.
            SourceError: a dump is cut off, or the server refuses a statement.
        """


@dataclass(slots=True)
class DumpLoader:
    """Loads one file after the other; what it left out is counted over all."""

    on_progress: ProgressCallback
    skipped: "Counter[str]" = field(default_factory=Counter)
    _filled: str | None = None
    """The database that got the first table."""
    _late: "list[tuple[_FileLoad, Statement, Run]]" = field(default_factory=list)

    def load(
        self, dump: DumpFile, parts: Iterator[DumpPart], file: BinaryIO, script: DumpScript, dialect: Dialect
    ) -> None:
        """Run all parts of a file, except those that would change rows of later ones.

        Raises:
            SourceError: the dump is cut off, or the server refuses a statement.
            DatabaseError: the connection is lost, or the disk is full.
        """
        _FileLoad(self, dump, script, dialect).run(parts, file)

    def finish(self, script: DumpScript) -> None:
        """Run what had to wait until all rows are there.

        Raises:
            SourceError: the server refuses a statement.
            DatabaseError: the connection is lost, or the disk is full.
        """
        for load, statement, run in self._late:
            load.execute(statement, run, script)

    @property
    def has_tables(self) -> bool:
        """Whether a dump made a table, or wrote rows."""
        return self._filled is not None

    def wait(self, load: "_FileLoad", statement: Statement, run: Run) -> None:
        """Keep a statement for the end."""
        self._late.append((load, statement, run))

    def note_table(self, database: str, line: int) -> None:
        """Make sure that all tables are of one database.

        Raises:
            DumpFault: they are not.
        """
        if self._filled is None:
            self._filled = database
        elif self._filled != database:
            raise DumpFault(
                f"The dump has tables of two databases: {self._filled} and {database}.",
                line,
                "dump one database, and add it to a dataset of its own.",
            )


class _FileLoad:
    """One file on its way into the database."""

    def __init__(self, loader: DumpLoader, dump: DumpFile, script: DumpScript, dialect: Dialect) -> None:
        self._loader = loader
        self._dump = dump
        self._script = script
        self._dialect = dialect
        self._rows: list[Statement] = []
        """Statements that write rows, run together because each by itself would wait for the server."""
        self._size = 0
        self._database = ""
        """The database that the dump connects to."""

    def run(self, parts: Iterator[DumpPart], file: BinaryIO) -> None:
        try:
            for part in parts:
                match part:
                    case ClientCommand():
                        self._follow(part)
                    case CopyBlock(statement, chunks):
                        self._flush()
                        self._loader.note_table(self._database, statement.line)
                        self._copy(statement, chunks)
                        self._report(file)
                    case Statement():
                        self._handle(part, file)
            self._flush()
        except DumpFault as fault:
            if self._dump.is_archive:
                raise  # pg_restore may know more
            raise fault.of(self._dump.label) from None

    def execute(self, statement: Statement, run: Run, script: DumpScript) -> None:
        """Run a statement, and do what its decision says if the server refuses it."""
        try:
            script.execute(run.text or statement.text)
        except StatementError as error:
            if run.may_lack and error.state in _MISSING:
                return
            if run.fallback is not None and error.state == _UNKNOWN_COLLATION:
                self._loader.skipped[_REPLACED_COLLATION] += 1
                self.execute(statement, replace(run, text=run.fallback, fallback=None), script)
                return
            if run.may_fail:
                self._loader.skipped[run.may_fail] += 1
                return
            raise self._refused(statement, error) from None

    def _handle(self, statement: Statement, file: BinaryIO) -> None:
        loader = self._loader
        decision = self._dialect.decide(statement.text)
        match decision:
            case Skip(noun):
                loader.skipped[noun] += bool(noun)
            case Refuse(why):
                raise DumpFault(why, statement.line, _OWN_SERVER.format(scheme=self._dialect.scheme))
            case MakeExtension():
                self._flush()
                missing = self._dialect.make_extension(decision)
                loader.skipped[missing] += bool(missing)
            case Run(is_last=True):
                loader.wait(self, statement, decision)
            case Run(is_rows=True):
                loader.note_table(self._database, statement.line)
                self._rows.append(statement)
                self._size += len(statement.text)
                if len(self._rows) >= _BATCH_STATEMENTS or self._size >= _BATCH_BYTES:
                    self._flush()
                    self._report(file)
            case Run():
                self._flush()
                if decision.makes_table:
                    loader.note_table(self._database, statement.line)
                self.execute(statement, decision, self._script)

    def _flush(self) -> None:
        """Write the rows that wait; if the server refuses them, one by one, to find the statement."""
        statements, self._rows, self._size = self._rows, [], 0
        if not statements:
            return
        try:
            self._script.execute_all([statement.text for statement in statements])
            return
        except StatementError:
            pass
        for statement in statements:
            self.execute(statement, Run(), self._script)

    def _copy(self, statement: Statement, chunks: Iterator[bytes]) -> None:
        try:
            self._script.copy(statement.text, chunks)
        except StatementError as error:
            raise self._refused(statement, error) from None

    def _follow(self, command: ClientCommand) -> None:
        """Skip a command that only chooses a database.

        Raises:
            DumpFault: it is another one.
        """
        if command.name in _DATABASE_COMMANDS:
            self._database = command.argument
        elif command.name not in _IGNORED_COMMANDS:
            raise DumpFault.refused_command(command, self._dialect.program)

    def _report(self, file: BinaryIO) -> None:
        done = 0 if self._dump.is_archive else file.tell()
        self._loader.on_progress(f"load {self._dump.path.name}", done, None, "bytes")

    def _refused(self, statement: Statement, error: StatementError) -> SourceError | DatabaseError:
        label = self._dialect.label(statement.text)
        where = f"{self._dump.label}, line {statement.line}: {label}"
        if error.state in _DISK_FULL:
            return DatabaseError(
                "The disk is full, so that the dump cannot be loaded.",
                where=where,
                remedy="free some space, or name another folder for temporary files in the variable TMPDIR.",
            )
        return SourceError(
            f"The server refuses a statement of the dump: {error.reason.rstrip('.')}.",
            where=where,
            remedy=self._remedy(error),
        )

    def _remedy(self, error: StatementError) -> str:
        own = _OWN_SERVER.format(scheme=self._dialect.scheme)
        if error.state not in _MISSING:
            return own
        # Extensions are counted by their names.
        extensions = [noun for noun in self._loader.skipped if noun.startswith("extension ")]
        if extensions:
            return f"it may need the {', '.join(extensions)}, which the server of tdmvc does not have: {own}"
        return f"add the dump of the whole database, or its files together, the schema first; else {own}"
